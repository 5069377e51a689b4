import GalleyHTTP

/// The keys of the role of an instance, from its metadata service. Only its version 2 is used, which needs a token.
struct InstanceCredentials: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections

    /// The limit of one attempt. The service is in the same machine, or nowhere.
    private var timeout: Duration { .seconds(number("AWS_METADATA_SERVICE_TIMEOUT", 1...600) ?? 1) }
    private var attempts: Int { number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1...20) ?? 3 }
    private static let lifetime = "21600"

    /// Why there are no keys, when that is no error.
    enum Absence: Error, Sendable {
        case disabled
        /// The service does not respond: the machine is probably no instance.
        case unreachable(HTTPError)
        /// The instance has no role, or the service is turned off.
        case noRole
    }

    /// Returns the keys, or why there are none.
    ///
    /// - Throws: ``CredentialError`` if the service responds with an error.
    func credentials() async throws(CredentialError) -> Result<AWSCredentials, Absence> {
        if configuration.environment.isTrue("AWS_EC2_METADATA_DISABLED") { return .failure(.disabled) }
        let base = try base()
        var request = HTTPRequest("PUT", base.appending("latest", "api", "token"), body: [])
        request.headers.set("X-aws-ec2-metadata-token-ttl-seconds", Self.lifetime)
        let response: HTTPResponse
        do throws(CredentialError) {
            response = try await send(request)
        } catch .unreachable(_, let error) {
            return .failure(.unreachable(error))
        }
        if [403, 404, 405].contains(response.status) { return .failure(.noRole) }
        let token = try text(of: response)
        try CredentialConnections.check(token: token, from: "The token of \(CredentialService.instance)")
        let path = base.appending("latest", "meta-data", "iam", "security-credentials").path + "/"
        let roles = try await get(base, path, token)
        if roles.status == 404 { return .failure(.noRole) }
        let role = try text(of: roles).split(separator: "\n").first.map(String.init) ?? ""
        guard !role.isEmpty else { return .failure(.noRole) }
        var named = base
        named.path = path
        let answer = try await get(base, named.appending(role).path, token)
        guard answer.isSuccess, let document = KeyDocument(answer.body) else { throw Self.error(answer) }
        if let code = document["Code"], code != "Success" {
            let message = document["Message"].flatMap { AnswerText.line($0) } ?? AnswerText.line(code)
            throw .refused(.instance, status: answer.status, message: message)
        }
        do throws(KeyDocument.Failure) {
            return .success(extended(try document.credentials(token: "Token")))
        } catch {
            throw .invalidAnswer(.instance, reason: error.reason)
        }
    }

    /// Returns keys that count as valid for some minutes if they are expired, or soon are.
    ///
    /// The service goes on giving the last keys while it cannot obtain new ones, and stores accept them meanwhile: they
    /// decide, not the date. The time until the next attempt differs from machine to machine.
    private func extended(_ keys: AWSCredentials) -> AWSCredentials {
        let now = connections.time.date()
        guard let expiration = keys.expiration, expiration < now + CredentialChain.requiredRenewal else { return keys }
        let pause = 300 + Int(300 * min(max(connections.time.random(), 0), 1))
        return AWSCredentials(
            accessKeyID: keys.accessKeyID, secretAccessKey: keys.secretAccessKey, sessionToken: keys.sessionToken,
            expiration: now + CredentialChain.advisedRenewal + pause)
    }

    private func get(_ base: HTTPURL, _ path: String, _ token: String) async throws(CredentialError) -> HTTPResponse {
        var url = base
        url.path = path
        return try await send(HTTPRequest(url, headers: ["X-aws-ec2-metadata-token": token]))
    }

    /// Sends a request, a few times if there is no response or the service fails.
    private func send(_ request: HTTPRequest) async throws(CredentialError) -> HTTPResponse {
        let (timeout, attempts) = (timeout, attempts)
        var attempt = 1
        while true {
            do throws(CredentialError) {
                let response = try await connections.send(
                    request, to: .instance, timeout: timeout, isDirect: true)
                if response.status < 500 && response.status != 429 || attempt == attempts { return response }
            } catch {
                guard error.isTransient, attempt < attempts else { throw error }
            }
            do { try await connections.time.sleep(.milliseconds(100 << attempt)) } catch { throw .canceled }
            attempt += 1
        }
    }

    /// The number in a variable; nil if there is none in the range.
    private func number(_ variable: String, _ range: ClosedRange<Int>) -> Int? {
        configuration.environment[variable].flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
    }

    private func text(of response: HTTPResponse) throws(CredentialError) -> String {
        guard response.isSuccess else { throw Self.error(response) }
        let text = Substring(String(decoding: response.body, as: UTF8.self)).trimmedASCII
        return String(text)
    }

    private static func error(_ response: HTTPResponse) -> CredentialError {
        response.isSuccess
            ? .invalidAnswer(.instance, reason: "it is no JSON object")
            : .refused(.instance, status: response.status, message: nil)
    }

    /// The address of the service.
    private func base() throws(CredentialError) -> HTTPURL {
        let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        let mode =
            configuration.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]
            ?? configuration.profile["ec2_metadata_service_endpoint_mode"]
        let standard = mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        let text =
            configuration.environment[name] ?? configuration.profile["ec2_metadata_service_endpoint"] ?? standard
        do throws(HTTPError) { return try HTTPURL(parsing: text) } catch {
            throw .setting(name: name, reason: "\(error)")
        }
    }
}
