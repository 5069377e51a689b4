import GalleyJSON
/// The handshake that turns an HTTP connection into a WebSocket (RFC 6455, section 4).
///
/// A value without input and output: its owner sends ``request``, and passes on the bytes of the answer.
struct WebSocketHandshake: Sendable {
    /// The result of a handshake.
    struct Agreement: Hashable, Sendable {
        /// The subprotocol that the server chose; nil if it chose none.
        var subprotocol: String?
        /// The bytes of the first frames, which arrived with the answer.
        var rest: [UInt8]
    }

    /// The bytes of the request.
    let request: [UInt8]
    private let url: HTTPURL
    private let subprotocols: [String]
    private let expectedAccept: String
    /// The secrets of the request, which the answer may repeat.
    private let secrets: [String]
    private var response = HandshakeResponse()

    /// Creates a handshake.
    ///
    /// - Parameters:
    ///   - headers: Further fields. Those that make the handshake are ignored.
    ///   - cookies: The value of a Cookie field, which is added to one of `headers`.
    ///   - nonce: Sixteen random bytes, new for each handshake.
    init(
        url: HTTPURL, headers: HTTPHeaders = [:], subprotocols: [String] = [], cookies: String? = nil,
        nonce: [UInt8] = (0..<16).map { _ in UInt8.random(in: 0...UInt8.max) }
    ) {
        self.url = url
        self.subprotocols = subprotocols
        let key = Base64.encode(nonce)
        expectedAccept = Base64.encode(SHA1.digest(of: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))

        var fields: HTTPHeaders = ["Host": Self.host(of: url), "Upgrade": "websocket", "Connection": "Upgrade"]
        fields.add("Sec-WebSocket-Key", key)
        fields.add("Sec-WebSocket-Version", "13")
        // An empty list would be a field without a value, which servers refuse.
        if !subprotocols.isEmpty { fields.add("Sec-WebSocket-Protocol", subprotocols.joined(separator: ", ")) }
        let all = headers.all("Cookie") + [cookies].compactMap(\.self).filter { !$0.isEmpty }
        if !all.isEmpty { fields.add("Cookie", all.joined(separator: "; ")) }
        if headers["Authorization"] == nil, url.user != nil || url.password != nil {
            fields.add("Authorization", "Basic " + Base64.encode(Array("\(url.user ?? ""):\(url.password ?? "")".utf8)))
        }
        for field in headers.fields where !Self.isOwn(field.name.lowercased()) { fields.add(field.name, field.value) }

        secrets = SecretText.values(in: fields)
        let lines = ["GET \(url.pathAndQuery) HTTP/1.1"] + fields.fields.map { "\($0.name): \($0.value)" }
        request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static func host(of url: HTTPURL) -> String {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        return url.effectivePort == url.scheme.port ? host : "\(host):\(url.effectivePort)"
    }

    /// Whether the handshake itself sets a field.
    private static func isOwn(_ name: String) -> Bool {
        name.hasPrefix("sec-websocket-")
            || ["host", "upgrade", "connection", "cookie", "content-length", "transfer-encoding"].contains(name)
    }

    /// The header of the answer; nil until it has arrived.
    var responseHeaders: HTTPHeaders? { response.headers }

    /// Takes further bytes of the answer.
    ///
    /// - Returns: The agreement; nil while more bytes are needed.
    /// - Throws: The refusal of the server, or what is wrong with its answer.
    mutating func receive(_ bytes: ArraySlice<UInt8>) throws(WebSocketError) -> Agreement? {
        try response.receive(bytes)
        guard let status = response.status, let headers = response.headers else { return nil }
        guard status == 101 else {
            if 300..<400 ~= status {
                throw .redirected(status: status, to: headers["Location"].flatMap(url.resolving)?.origin)
            }
            guard response.isComplete else { return nil }
            throw .refused(status: status, message: response.message(hiding: secrets))
        }
        return Agreement(subprotocol: try agree(headers), rest: response.rest)
    }

    /// The error of a handshake whose answer does not get complete: the refusal, if its status has arrived.
    var incompleteRefusal: WebSocketError? {
        response.status.map { .refused(status: $0, message: response.message(hiding: secrets)) }
    }

    /// Checks the answer, and returns the subprotocol.
    private func agree(_ headers: HTTPHeaders) throws(WebSocketError) -> String? {
        func tokens(_ name: String) -> [String] {
            headers.all(name).flatMap { $0.split(separator: ",") }
                .map { String($0.filter { $0 != " " && $0 != "\t" }) }.filter { !$0.isEmpty }
        }
        guard tokens("Upgrade").contains(where: { $0.lowercased() == "websocket" }) else {
            throw .badHandshake(reason: "its answer does not upgrade to a WebSocket")
        }
        guard tokens("Connection").contains(where: { $0.lowercased() == "upgrade" }) else {
            throw .badHandshake(reason: "its answer has no Connection: Upgrade")
        }
        guard headers.all("Sec-WebSocket-Accept") == [expectedAccept] else {
            throw .badHandshake(reason: "its answer has not the Sec-WebSocket-Accept of the request")
        }
        guard tokens("Sec-WebSocket-Extensions").isEmpty else {
            throw .badHandshake(reason: "it uses an extension that was not offered")
        }
        let chosen = tokens("Sec-WebSocket-Protocol")
        guard chosen.count <= 1, chosen.allSatisfy(subprotocols.contains) else {
            throw .badHandshake(reason: "it uses a subprotocol that was not offered")
        }
        return chosen.first
    }
}
