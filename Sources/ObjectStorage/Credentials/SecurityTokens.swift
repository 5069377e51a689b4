import GalleyHTTP

/// The security token service (STS), which gives the keys of roles.
struct SecurityTokens: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections

    /// A role, and how its keys are to be.
    struct Role: Sendable {
        var arn: String
        /// The name of the session in the logs of the account; nil for one of this program.
        var session: String?
        var externalID: String?
        /// The lifetime of the keys in seconds.
        var duration: Int?
    }

    /// Returns the keys of a role that other keys may assume.
    ///
    /// - Throws: ``CredentialError`` if the service gives none.
    func assume(_ role: Role, with keys: AWSCredentials) async throws(CredentialError) -> AWSCredentials {
        try await obtain(
            form("AssumeRole", role) + [("ExternalId", role.externalID)], signedWith: keys,
            hiding: [keys.secretAccessKey, keys.sessionToken ?? ""])
    }

    /// Returns the keys of a role that the owner of a token of another service may assume.
    ///
    /// - Throws: ``CredentialError`` if the service gives none.
    func assume(_ role: Role, withWebIdentity token: String) async throws(CredentialError) -> AWSCredentials {
        try await obtain(
            form("AssumeRoleWithWebIdentity", role) + [("WebIdentityToken", token)], signedWith: nil, hiding: [token])
    }

    private func form(_ action: String, _ role: Role) -> [(String, String?)] {
        [
            ("Action", action), ("Version", "2011-06-15"), ("RoleArn", role.arn),
            ("RoleSessionName", role.session ?? "galley-\(connections.time.date())"),
            ("DurationSeconds", role.duration.map(String.init)),
        ]
    }

    private func obtain(
        _ form: [(String, String?)], signedWith keys: AWSCredentials?, hiding secrets: [String]
    ) async throws(CredentialError) -> AWSCredentials {
        let url = try url()
        let items = form.compactMap { name, value in
            value.map { "\(URLEncoding.component(name))=\(URLEncoding.component($0))" }
        }
        let body = Array(items.joined(separator: "&").utf8)
        var headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"]
        if let keys {
            headers.set("Host", String("\(url.origin)".drop { $0 != "/" }.dropFirst(2)))
            var signed = SignatureV4.Request(
                method: "POST", path: url.path, headers: headers, payloadHash: SHA256.digest(of: body).hexadecimal)
            SignatureV4(region: configuration.region ?? "us-east-1", service: "sts")
                .sign(&signed, with: keys, date: connections.time.date(), hashField: false)
            headers = signed.headers
            headers.remove("Host")
        }
        let response = try await connections.send(
            HTTPRequest("POST", url, headers: headers, body: body), to: .securityTokens)
        let document: XMLElement
        do throws(XMLReader.Failure) { document = try XMLReader.read(response.body) } catch {
            guard response.isSuccess else {
                throw .refused(.securityTokens, status: response.status, message: nil)
            }
            throw .invalidAnswer(.securityTokens, reason: error.reason)
        }
        guard response.isSuccess else {
            let texts = [document.first("Code")?.text, document.first("Message")?.text].compactMap { $0 }
            let message = AnswerText.line(texts.joined(separator: ": "), hiding: secrets)
            throw .refused(.securityTokens, status: response.status, message: message)
        }
        return try Self.credentials(in: document)
    }

    private static func credentials(in document: XMLElement) throws(CredentialError) -> AWSCredentials {
        guard let keys = document.first("Credentials"), let id = keys["AccessKeyId"]?.text, !id.isEmpty,
            let secret = keys["SecretAccessKey"]?.text, !secret.isEmpty, let token = keys["SessionToken"]?.text,
            let expiration = keys["Expiration"].flatMap({ AWSTimestamp.seconds($0.text) })
        else { throw .invalidAnswer(.securityTokens, reason: "it has no complete keys") }
        return AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token, expiration: expiration)
    }

    private func url() throws(CredentialError) -> HTTPURL {
        let standard =
            configuration.region.map { "https://sts.\($0).\(AWSConfiguration.domain(ofRegion: $0))" }
            ?? "https://sts.amazonaws.com"
        let text = try configuration.endpoint(of: "STS") ?? standard
        do throws(HTTPError) { return try HTTPURL(parsing: text) } catch {
            throw .setting(name: "AWS_ENDPOINT_URL_STS", reason: "\(error)")
        }
    }
}
