import GalleyHTTP
import GalleyJSON
import GalleyStorage

/// The token of `aws sso login`, in the file where the AWS tools keep it.
///
/// A token of a session lasts about an hour. The tools renew it without the user as long as the session lasts, and so
/// does this.
struct LoginToken: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections
    /// The profile that needs the token.
    let profile: String
    /// The region of the service.
    let region: String
    /// The name of the session, or the address at which the user logs in.
    let name: String
    /// Whether the token is that of a session, which can be renewed.
    let isSession: Bool

    /// The seconds before the end of a token in which it is renewed, if that is possible.
    private static let advisedRenewal = 900

    /// Returns a token that is valid.
    ///
    /// - Throws: ``CredentialError``, above all ``CredentialError/login(profile:reason:)``.
    func token() async throws(CredentialError) -> String {
        var isOfAnotherUser = false
        let document = try cached(&isOfAnotherUser)
        guard let token = document["accessToken"],
            let expiration = document["expiresAt"].flatMap({ AWSTimestamp.seconds($0) })
        else { throw .login(profile: profile, reason: "The token in \(path) is not valid") }
        try CredentialConnections.check(token: token, from: "The token in \(path)")
        let rest = expiration.subtractingReportingOverflow(connections.time.date()).partialValue
        if rest > Self.advisedRenewal { return token }
        do throws(CredentialError) {
            // A renewed token replaces the old one, which its user needs.
            if isSession, !isOfAnotherUser, let renewed = try await renewed(document) { return renewed }
        } catch {
            if rest <= 0 || error == .canceled { throw error }
        }
        guard rest > 0 else {
            throw .login(profile: profile, reason: "The login for the profile '\(profile)' is expired")
        }
        return token
    }

    /// The path of the file.
    private var path: String {
        let digits = Array("0123456789abcdef".utf8)
        let hash = SHA1.digest(of: Array(name.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return configuration.environment.path("~/.aws/sso/cache/\(String(decoding: hash, as: UTF8.self)).json")
    }

    private func cached(_ isOfAnotherUser: inout Bool) throws(CredentialError) -> KeyDocument {
        switch SettingsFile.read(path, limit: 1 << 16, isOfAnotherUser: &isOfAnotherUser) {
        case .success(let bytes):
            guard let document = KeyDocument(bytes) else {
                throw .login(profile: profile, reason: "The token in \(path) is not valid")
            }
            return document
        case .failure(let refusal):
            guard refusal.isMissing else { throw .file(path: path, line: nil, reason: refusal.reason) }
            throw .login(profile: profile, reason: "No login for the profile '\(profile)' is on record")
        }
    }

    /// Renews a token, and keeps the new one in the file for all tools; nil if the file does not say how.
    private func renewed(_ document: KeyDocument) async throws(CredentialError) -> String? {
        guard let client = document["clientId"], let secret = document["clientSecret"],
            let refresh = document["refreshToken"]
        else { return nil }
        let standard = "https://oidc.\(region).\(AWSConfiguration.domain(ofRegion: region))"
        let text = try configuration.endpoint(of: "SSO_OIDC") ?? standard
        let body: Value = [
            "clientId": .string(client), "clientSecret": .string(secret), "grantType": "refresh_token",
            "refreshToken": .string(refresh),
        ]
        let request: HTTPRequest
        do throws(HTTPError) {
            request = HTTPRequest(
                "POST", try HTTPURL(parsing: text).appending("token"), headers: ["Content-Type": "application/json"],
                body: Document(body).text.bytes)
        } catch {
            throw .setting(name: "AWS_ENDPOINT_URL_SSO_OIDC", reason: "\(error)")
        }
        let now = connections.time.date()
        let response = try await connections.send(request, to: .singleSignOn)
        guard response.isSuccess, let answer = KeyDocument(response.body), let token = answer["accessToken"],
            let lifetime = answer.number("expiresIn"), 1...(1 << 31) ~= lifetime
        else {
            // A session that is over gives no token.
            if (400...499).contains(response.status) {
                throw .login(profile: profile, reason: "The login for the profile '\(profile)' is expired")
            }
            throw .refused(.singleSignOn, status: response.status, message: nil)
        }
        try CredentialConnections.check(token: token, from: "The token of \(CredentialService.singleSignOn)")
        var kept = document.json
        kept["accessToken"] = .string(token)
        kept["expiresAt"] = .string(Self.text(of: now + lifetime))
        if let next = answer["refreshToken"] { kept["refreshToken"] = .string(next) }
        // Where the file cannot be written, the token serves this run alone.
        try? LocalFile.replaceSmallFile(Document(kept).text.bytes, at: path, mode: 0o600)
        return token
    }

    /// Returns a date as the AWS tools write it.
    private static func text(of seconds: Int) -> String {
        // Such as 20150830T123600Z.
        let digits = Array(SignatureDate(seconds).text.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
    }
}
