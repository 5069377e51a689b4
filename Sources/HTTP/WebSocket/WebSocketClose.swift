/// The contents of a close frame.
struct WebSocketClose: Hashable, Sendable {
    /// The code; nil if the frame is empty.
    var code: Int?
    var reason = ""

    /// Decodes the payload of a close frame.
    init(decoding payload: [UInt8]) throws(WebSocketViolation) {
        guard !payload.isEmpty else { return }
        guard payload.count >= 2 else { throw .protocolError("a close frame has half a code") }
        let code = Int(payload[0]) << 8 | Int(payload[1])
        guard Self.isValid(code) else { throw .protocolError("a close frame has the invalid code \(code)") }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .notUTF8 }
        (self.code, self.reason) = (code, reason)
    }

    /// Creates the close frame that a client sends. An invalid code becomes 1000, and a long reason is cut.
    init(code: Int?, reason: String) {
        guard let code else { return }
        self.code = Self.isValid(code) ? code : 1000
        var room = WebSocketFrame.largestControlPayload - 2
        self.reason = String(
            reason.prefix { character in
                room -= character.utf8.count
                return room >= 0
            })
    }

    /// The payload of the close frame.
    var payload: [UInt8] { code.map { bigEndianBytes(of: UInt16($0)) + Array(reason.utf8) } ?? [] }

    /// Whether a close frame may have a code: a defined one, or one of a library or an application.
    private static func isValid(_ code: Int) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
