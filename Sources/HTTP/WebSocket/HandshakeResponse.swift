import GalleyJSON

/// The answer to a handshake, from bytes that arrive in any parts.
struct HandshakeResponse: Sendable {
    /// The largest header, and the largest body of a refusal that is read.
    static let limit = 64 << 10

    /// The status; nil until the header has arrived. An interim status, such as 100, is skipped.
    private(set) var status: Int?
    /// The header; nil until it has arrived.
    private(set) var headers: HTTPHeaders?
    /// The bytes after the header.
    private(set) var rest: [UInt8] = []
    private var head: [UInt8] = []
    private var interimBytes = 0

    /// Takes further bytes.
    mutating func receive(_ bytes: ArraySlice<UInt8>) throws(WebSocketError) {
        if headers != nil {
            // Of a longer body only this much is kept. It has no message then.
            rest += bytes.prefix(max(0, Self.limit + 1 - rest.count))
            return
        }
        var remaining = bytes
        while headers == nil {
            guard try takeHead(&remaining) else { return }
            let (status, headers) = try Self.parse(head)
            if 100..<200 ~= status, status != 101 {
                interimBytes += head.count
                head = []
                continue
            }
            (self.status, self.headers, rest) = (status, headers, Array(remaining))
        }
    }

    /// Moves bytes to `head` up to the empty line that ends it; returns whether it is complete.
    private mutating func takeHead(_ bytes: inout ArraySlice<UInt8>) throws(WebSocketError) -> Bool {
        while let byte = bytes.popFirst() {
            head.append(byte)
            guard head.count + interimBytes <= Self.limit else {
                throw .badHandshake(reason: "the header of its answer has more than \(Self.limit) bytes")
            }
            if byte == UInt8(ascii: "\n"), head.suffix(4).elementsEqual("\r\n\r\n".utf8) { return true }
        }
        return false
    }

    private static func parse(_ head: [UInt8]) throws(WebSocketError) -> (Int, HTTPHeaders) {
        let bad = WebSocketError.badHandshake(reason: "its answer is not HTTP/1.1")
        let lines = head.dropLast(4).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
        guard let first = lines.first, let match = first.wholeMatch(of: /HTTP\/1\.1 ([1-9][0-9][0-9])(?: .*)?/),
            let status = Int(match.1)
        else { throw bad }
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), let start = line.utf8.first,
                HTTPHeaders.isTokenCharacter(start)
            else { throw bad }
            let value = line.utf8[line.utf8.index(after: colon)...].drop { $0 == 0x20 || $0 == 0x09 }
            let end = value.lastIndex { $0 != 0x20 && $0 != 0x09 }.map(value.index(after:)) ?? value.startIndex
            headers.add(String(line[..<colon]), String(line[value.startIndex..<end]))
        }
        return (status, headers)
    }

    // MARK: - The body of a refusal

    /// Whether no more bytes can change ``message(hiding:)``.
    var isComplete: Bool {
        guard isJSON, let headers, rest.count <= Self.limit else { return true }
        if isChunked { return Self.joinChunks(rest[...]).isComplete }
        // Without a length, the body ends with the connection.
        return headers["Content-Length"].flatMap { Int($0) }.map { rest.count >= $0 } ?? false
    }

    /// Returns the text that a JSON body has as `message`, in one line and without secrets; nil if there is none, or if
    /// it contains HTML.
    func message(hiding secrets: [String]) -> String? {
        guard isJSON, rest.count <= Self.limit else { return nil }
        let length = headers?["Content-Length"].flatMap { Int($0) } ?? rest.count
        let body = isChunked ? Self.joinChunks(rest[...]).body : Array(rest.prefix(max(0, length)))
        guard let text = try? Document(parsing: body).root["message"]?.string, !text.isEmpty, !text.contains("<")
        else { return nil }
        // Part of a secret would be left if the text were cut first.
        let line = SecretText.hiding(secrets, in: text).unicodeScalars.prefix(500)
        return String(
            String.UnicodeScalarView(line.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    private var isJSON: Bool {
        let type = headers?["Content-Type"]?.prefix { $0 != ";" && $0 != " " }.lowercased() ?? ""
        return type == "application/json" || type.hasSuffix("+json")
    }

    private var isChunked: Bool { headers?["Transfer-Encoding"]?.lowercased().hasSuffix("chunked") ?? false }

    /// Joins the chunks of a body, and returns whether the last one is among them, or one is invalid.
    private static func joinChunks(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], isComplete: Bool) {
        var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let digits = String(decoding: rest[..<end], as: UTF8.self).prefix(while: \.isHexDigit)
            guard let count = Int(digits, radix: 16), count > 0, count <= limit else { return (body, true) }
            rest = rest[(end + 1)...]
            guard rest.count >= count + 2 else { return (body, false) }
            body += rest.prefix(count)
            rest = rest.dropFirst(count + 2)
        }
        return (body, false)
    }
}
