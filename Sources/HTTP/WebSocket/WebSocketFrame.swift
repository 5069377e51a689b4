/// The header of a WebSocket frame (RFC 6455, section 5.2).
struct WebSocketFrame: Hashable, Sendable {
    /// The kinds of frames.
    enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { rawValue >= 8 }
    }

    var opcode: Opcode
    /// Whether the frame ends its message.
    var isFinal = true
    /// The number of bytes after the header.
    var count: Int

    /// The largest payload of a control frame.
    static let largestControlPayload = 125

    /// The number of bytes of the header, of which the second says it. A mask is not counted: servers send none.
    private var headerCount = 2

    /// Checks the first two bytes of a header from a server, and takes what they say.
    private init(first: UInt8, second: UInt8) throws(WebSocketViolation) {
        guard first & 0x70 == 0 else {
            throw .protocolError("a frame has reserved bits, although no extension was agreed on")
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw .protocolError("a frame has the unknown opcode \(first & 0x0F)")
        }
        guard second & 0x80 == 0 else { throw .protocolError("a frame is masked, which only a client may do") }
        (self.opcode, isFinal, count) = (opcode, first & 0x80 != 0, Int(second))
        guard !opcode.isControl || isFinal else { throw .protocolError("a control frame is fragmented") }
        guard !opcode.isControl || count <= Self.largestControlPayload else {
            throw .protocolError("a control frame has more than \(Self.largestControlPayload) bytes")
        }
        headerCount = second == 126 ? 4 : second == 127 ? 10 : 2
    }

    /// Decodes the header of a frame from a server; returns nil while its bytes are not complete.
    ///
    /// - Throws: The violation in these bytes, even if further bytes are missing.
    init?(decoding header: [UInt8]) throws(WebSocketViolation) {
        guard header.count >= 2 else { return nil }
        try self.init(first: header[0], second: header[1])
        guard header.count >= headerCount else { return nil }
        guard headerCount > 2 else { return }
        let long = header.dropFirst(2).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard long > (headerCount == 4 ? 125 : 0xFFFF) else {
            throw .protocolError("the length of a frame is not in its shortest form")
        }
        guard let exact = Int(exactly: long) else { throw .protocolError("the length of a frame is negative") }
        count = exact
    }

    /// Returns a whole, masked frame of a client.
    ///
    /// - Parameter key: The mask, which must be random and new for each frame.
    static func encode(_ opcode: Opcode, _ payload: some Collection<UInt8>, key: UInt32) -> [UInt8] {
        var frame: [UInt8] = []
        let count = payload.count
        frame.reserveCapacity(14 + count)
        frame.append(0x80 | opcode.rawValue)
        switch count {
        case ...125: frame.append(0x80 | UInt8(count))
        case ...0xFFFF: frame += [0x80 | 126] + bigEndianBytes(of: UInt16(count))
        default: frame += [0x80 | 127] + bigEndianBytes(of: UInt64(count))
        }
        frame += bigEndianBytes(of: key)
        let start = frame.count
        frame += payload
        mask(&frame, from: start, key: key)
        return frame
    }

    /// Combines bytes with a mask by XOR.
    private static func mask(_ bytes: inout [UInt8], from start: Int, key: UInt32) {
        let block = SIMD8<UInt32>(repeating: key.bigEndian)
        // Safe because all offsets are within the buffer.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var at = start
            while at + 32 <= buffer.count {
                let masked = unsafe buffer.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt32>.self) ^ block
                unsafe buffer.storeBytes(of: masked, toByteOffset: at, as: SIMD8<UInt32>.self)
                at += 32
            }
            while at < buffer.count {
                unsafe buffer[at] ^= UInt8(truncatingIfNeeded: key >> (24 - UInt32((at - start) % 4) * 8))
                at += 1
            }
        }
    }
}

/// A reason to end a connection because of the bytes that the server sent.
struct WebSocketViolation: Error, Hashable, Sendable {
    /// The code of the close frame that says so to the server.
    var code: Int
    var reason: String

    static func protocolError(_ reason: String) -> WebSocketViolation { WebSocketViolation(code: 1002, reason: reason) }

    static let notUTF8 = WebSocketViolation(code: 1007, reason: "a text is not UTF-8")

    static let tooLarge = WebSocketViolation(code: 1009, reason: "a message is too large")
}
