package final class WebSocket: Sendable {
    /// A whole message.
    package enum Message: Hashable, Sendable {
        /// Text, which is valid UTF-8.
        case text([UInt8])
        case binary([UInt8])

        package var bytes: [UInt8] {
            switch self {
            case .text(let bytes), .binary(let bytes): bytes
            }
        }
    }

    /// The way in which a connection ended.
    package enum Ending: Hashable, Sendable {
        /// Both sides, or this one, closed it. The code is that of the server; nil if it sent none.
        case closed(code: Int?, reason: String)
        case failed(WebSocketError)
    }
}
