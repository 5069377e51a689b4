import GalleyHTTP
import GalleyJSON

/// The connections through which sources ask services for keys.
struct CredentialConnections: Sendable {
    /// Through the proxies of the environment.
    let client: HTTPClient
    /// To addresses that only this machine reaches, which a proxy would take for its own.
    let direct: HTTPClient
    let time: HTTPTime

    /// The limit of an exchange with its repetitions.
    static let timeout = Duration.seconds(20)
    /// The greatest number of bytes of an answer.
    private static let limit = 1 << 17

    /// Prepares connections. Opens nothing.
    init(_ configuration: AWSConfiguration, time: HTTPTime) {
        var settings = configuration.connections
        settings.retries.attempts = configuration.maximumAttempts
        client = HTTPClient(settings, time: time)
        settings.proxies = ProxySettings()
        settings.retries = .never
        direct = HTTPClient(settings, time: time)
        self.time = time
    }

    /// Sends a request to a service, and returns its response, also one with the status of an error.
    ///
    /// - Throws: ``CredentialError/unreachable(_:_:)``, or ``CredentialError/canceled``.
    func send(
        _ request: HTTPRequest, to service: CredentialService, timeout: Duration = Self.timeout, isDirect: Bool = false
    ) async throws(CredentialError) -> HTTPResponse {
        var request = request
        request.timeout = timeout
        request.connectTimeout = min(timeout, .seconds(5))
        request.isRepeatable = true
        // The secrets in the request are for this service alone.
        request.followsRedirects = false
        request.maximumBody = Self.limit
        do throws(HTTPError) {
            return try await (isDirect ? direct : client).send(request)
        } catch .canceled {
            throw .canceled
        } catch {
            throw .unreachable(service, error)
        }
    }

    /// Checks that a token can be a field of a request.
    static func check(token: String, from name: String) throws(CredentialError) {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .setting(name: name, reason: "it is empty, or contains more than one line of plain characters")
        }
    }
}

/// The documents in which services and programs give temporary keys.
struct KeyDocument: Sendable {
    let json: Value

    /// Reads a document; nil if the text is no JSON object.
    init?(_ bytes: [UInt8]) {
        guard let json = try? Document(parsing: bytes, depthLimit: 20).root, json.kind == .object else { return nil }
        self.json = json
    }

    /// A text of the document; nil if there is none, or an empty one.
    subscript(name: String) -> String? { json[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// A whole number of the document.
    func number(_ name: String) -> Int? { json[name]?.int }

    /// An object in the document.
    func object(_ name: String) -> KeyDocument? {
        json[name].flatMap { $0.kind == .object ? KeyDocument(json: $0) : nil }
    }

    private init(json: Value) { self.json = json }

    /// The reason why a document has no keys.
    struct Failure: Error { let reason: String }

    /// Returns the keys of the names that AWS uses in most documents.
    ///
    /// - Parameter token: The name of the token.
    func credentials(token: String) throws(Failure) -> AWSCredentials {
        guard let id = self["AccessKeyId"], let secret = self["SecretAccessKey"] else {
            throw Failure(reason: "it has no AccessKeyId or no SecretAccessKey")
        }
        var expiration: Int?
        if let text = self["Expiration"] {
            guard let seconds = AWSTimestamp.seconds(text) else {
                throw Failure(reason: "its Expiration is no date")
            }
            expiration = seconds
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: self[token], expiration: expiration)
    }
}

// The document contains secrets.
extension KeyDocument: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the members.
    var description: String { json.members.map(\.key).joined(separator: ", ") }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
