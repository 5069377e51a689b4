import GalleyHTTP

/// The keys of the role of a container or pod, from the service that its variables name.
struct ContainerCredentials: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections
    /// The server of relative addresses.
    var server = "http://169.254.170.2"

    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    /// The hosts besides this machine that may be asked without encryption: only the machine itself reaches them.
    private static let plainHosts: Set<String> = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]
    private static let attempts = 3

    /// Returns the keys; nil if no variable names a service.
    ///
    /// - Throws: ``CredentialError`` if the service gives none, or the variables are not valid.
    func credentials() async throws(CredentialError) -> AWSCredentials? {
        guard let url = try url() else { return nil }
        var request = HTTPRequest(url)
        request.headers.set("Accept", "application/json")
        let token = try authorization()
        if let token { request.headers.set("Authorization", token) }
        let response = try await send(request)
        let document = KeyDocument(response.body)
        guard response.isSuccess else {
            let message = (document?["message"] ?? document?["Message"])
                .flatMap { AnswerText.line($0, hiding: [token ?? ""]) }
            throw .refused(.container, status: response.status, message: message)
        }
        guard let document else { throw .invalidAnswer(.container, reason: "it is no JSON object") }
        do throws(KeyDocument.Failure) {
            return try document.credentials(token: "Token")
        } catch {
            throw .invalidAnswer(.container, reason: error.reason)
        }
    }

    private func send(_ request: HTTPRequest) async throws(CredentialError) -> HTTPResponse {
        var attempt = 1
        while true {
            do throws(CredentialError) {
                let response = try await connections.send(request, to: .container, isDirect: true)
                if response.status < 500 && response.status != 429 || attempt == Self.attempts { return response }
            } catch {
                guard error.isTransient, attempt < Self.attempts else { throw error }
            }
            do { try await connections.time.sleep(.milliseconds(100 << attempt)) } catch { throw .canceled }
            attempt += 1
        }
    }

    /// Returns the address of the keys; nil if no variable names one.
    private func url() throws(CredentialError) -> HTTPURL? {
        if let path = configuration.environment[Self.relative] {
            guard path.utf8.first == UInt8(ascii: "/"), let url = try? HTTPURL(parsing: server + path) else {
                throw .setting(name: Self.relative, reason: "it is no path that begins with /")
            }
            return url
        }
        guard let text = configuration.environment[Self.full] else { return nil }
        let url: HTTPURL
        do throws(HTTPError) { url = try HTTPURL(parsing: text) } catch {
            throw .setting(name: Self.full, reason: "\(error)")
        }
        // Another machine would get the token without encryption, and could answer with keys of its own.
        guard url.scheme == .https || url.isLoopback || Self.plainHosts.contains(url.host) else {
            throw .setting(
                name: Self.full,
                reason: "the host \(url.host) is not of this machine. Use https, or a loopback address")
        }
        return url
    }

    /// Returns the value of the field for authorization; nil if there is none.
    private func authorization() throws(CredentialError) -> String? {
        if let path = configuration.environment[Self.tokenFile] {
            let token = try TokenFile.token(configuration.environment.path(path), variable: Self.tokenFile)
            try CredentialConnections.check(token: token, from: "The token in \(path)")
            return token
        }
        guard let token = configuration.environment[Self.token] else { return nil }
        try CredentialConnections.check(token: token, from: Self.token)
        return token
    }
}

/// The files in which tokens for services are kept.
enum TokenFile {
    /// The greatest number of bytes of a token.
    private static let limit = 1 << 16

    /// Returns the token in a file, without white space at its ends.
    static func token(_ path: String, variable: String) throws(CredentialError) -> String {
        switch SettingsFile.read(path, limit: limit) {
        case .success(let bytes): return String(Substring(String(decoding: bytes, as: UTF8.self)).trimmedASCII)
        case .failure(let refusal):
            throw .file(
                path: path, line: nil, reason: "the token that \(variable) names cannot be read: \(refusal.reason)")
        }
    }
}
