/// Decodes the frames that a server sends, from bytes that arrive in any parts.
///
/// The decoder uses memory only for bytes that have arrived, not for the lengths that the server announces.
struct WebSocketDecoder: Sendable {
    /// What the server sent.
    enum Event: Hashable, Sendable {
        case message(WebSocket.Message)
        case ping([UInt8])
        case pong([UInt8])
        /// The last event: the decoder ignores all bytes after it.
        case close(code: Int?, reason: String)
    }

    private let largestMessage: Int
    /// The bytes of a header that has not arrived completely.
    private var header: [UInt8] = []
    /// The current frame, of which `missing` bytes have not arrived.
    private var frame: WebSocketFrame?
    private var missing = 0
    private var control: [UInt8] = []
    private var message: [UInt8] = []
    /// The kind of the message that is not complete yet.
    private var kind: WebSocketFrame.Opcode?
    private var text = UTF8Validator()
    private var isOver = false

    /// Creates a decoder that refuses messages of more bytes than `largestMessage`.
    init(largestMessage: Int) { self.largestMessage = largestMessage }

    /// Decodes further bytes, and passes each event to `handle` as soon as it is complete.
    ///
    /// - Throws: The violation of the protocol in these bytes, after all events before it. Later bytes are ignored.
    mutating func decode(_ bytes: ArraySlice<UInt8>, _ handle: (Event) -> Void) throws(WebSocketViolation) {
        var rest = bytes
        do throws(WebSocketViolation) {
            while !isOver {
                if let frame {
                    let part = rest.prefix(missing)
                    rest = rest.dropFirst(part.count)
                    missing -= part.count
                    try append(part, of: frame)
                    guard missing == 0 else { return }
                    self.frame = nil
                    if let event = try finish(frame) { handle(event) }
                } else {
                    guard let byte = rest.popFirst() else { return }
                    header.append(byte)
                    guard let frame = try WebSocketFrame(decoding: header) else { continue }
                    header.removeAll(keepingCapacity: true)
                    try begin(frame)
                }
            }
        } catch {
            end()
            throw error
        }
    }

    private mutating func end() {
        isOver = true
        (header, control, message, frame, kind) = ([], [], [], nil, nil)
    }

    private mutating func begin(_ frame: WebSocketFrame) throws(WebSocketViolation) {
        switch frame.opcode {
        case .continuation:
            guard kind != nil else { throw .protocolError("a continuation frame continues no message") }
        case .text, .binary:
            guard kind == nil else { throw .protocolError("a message begins before the previous one is complete") }
            kind = frame.opcode
        case .close, .ping, .pong: break
        }
        if !frame.opcode.isControl {
            guard frame.count <= largestMessage - message.count else { throw .tooLarge }
        }
        self.frame = frame
        missing = frame.count
    }

    private mutating func append(_ part: ArraySlice<UInt8>, of frame: WebSocketFrame) throws(WebSocketViolation) {
        guard !frame.opcode.isControl else {
            control += part
            return
        }
        message += part
        if kind == .text, !text.accept(part) { throw .notUTF8 }
    }

    private mutating func finish(_ frame: WebSocketFrame) throws(WebSocketViolation) -> Event? {
        if frame.opcode.isControl {
            defer { control.removeAll(keepingCapacity: true) }
            switch frame.opcode {
            case .ping: return .ping(control)
            case .pong: return .pong(control)
            default:
                let close = try WebSocketClose(decoding: control)
                end()
                return .close(code: close.code, reason: close.reason)
            }
        }
        guard frame.isFinal else { return nil }
        guard text.isComplete else { throw .notUTF8 }
        // The array is moved out, so that a large message is not copied.
        var complete: [UInt8] = []
        swap(&complete, &message)
        defer { kind = nil }
        return .message(kind == .text ? .text(complete) : .binary(complete))
    }
}
