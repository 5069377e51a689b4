import GalleyJupyterProtocol

/// The reason why a frame from a server's WebSocket is not a message.
enum ServerFrameError: Error, Hashable, Sendable {
    /// The frame is shorter than its table of offsets.
    case tooShort(bytes: Int)
    /// The frame has fewer parts than a message has.
    case tooFewParts(Int)
    /// The frame has more parts than the limit.
    case tooManyParts
    /// An offset points outside of the frame, or before the previous one.
    case wrongOffset(part: Int)
    /// The channel is missing, or the protocol does not define it.
    case unknownChannel
    /// A part is not a JSON object.
    case invalidPart(MessagePartError)
    /// The header has no message ID or no message type.
    case incompleteHeader
}

extension ServerFrameError: CustomStringConvertible {
    /// The reason as one sentence. It contains no bytes of the frame.
    var description: String {
        switch self {
        case .tooShort(let bytes): "a frame of \(bytes) bytes is shorter than its table of offsets"
        case .tooFewParts(let count): "a frame has only \(count) parts"
        case .tooManyParts: "a frame has more than \(ServerWireFormat.partLimit) parts"
        case .wrongOffset(let part): "the offset of part \(part) of a frame is wrong"
        case .unknownChannel: "a frame names no channel of the protocol"
        case .invalidPart(let error): "\(error)"
        case .incompleteHeader: "the header of a message has no ID or no type"
        }
    }
}
