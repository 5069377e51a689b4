import GalleyJSON
package import GalleyJupyterProtocol

/// Converts messages to signed frames and back.
///
/// Incoming frames are checked in this order: structure, signature, replay, JSON. Only messages signed with the key
/// reach the parser.
struct MessageCodec {
    private let key: SigningKey
    private var seen = SignatureHistory(capacity: 65_536)

    /// The maximum number of frames in a message, including the buffers of widgets.
    static let frameLimit = 65_536
    private static let delimiter = Array("<IDS|MSG>".utf8)

    init(key: SigningKey) { self.key = key }

    func frames(of message: Message) -> [[UInt8]] {
        let parts = [
            message.header.json.messageText, (message.parent?.json ?? [:]).messageText, message.metadata.messageText,
            message.content.messageText,
        ]
        return [Self.delimiter, key.signature(of: parts[...])] + parts + message.buffers
    }

    /// Decodes the frames of one message.
    ///
    /// Any number of routing frames can come before the delimiter, and any number of buffers after the content.
    mutating func message(of frames: [[UInt8]], on channel: Channel) throws(MessageDecodingError) -> Message {
        guard frames.count <= Self.frameLimit else { throw .tooLarge }
        guard let start = frames.firstIndex(of: Self.delimiter) else { throw .noDelimiter(frames: frames.count) }
        let count = frames.count - start - 1
        guard count >= 5 else { throw .tooShort(frames: count) }
        let parts = frames[(start + 2)..<(start + 6)]
        let signature = frames[start + 1]
        // Without a key, neither the sender nor a replay can be detected.
        if !key.isEmpty {
            guard SigningKey.equal(signature, key.signature(of: parts)) else { throw .wrongSignature }
            guard seen.insert(signature) else { throw .repeated }
        }
        let values = try ["header", "parent_header", "metadata", "content"].enumerated()
            .map { index, name throws(MessageDecodingError) in
                do throws(MessagePartError) {
                    return try Value(messagePart: parts[parts.startIndex + index], named: name)
                } catch {
                    throw .invalidPart(error)
                }
            }
        guard let header = Header(json: values[0]) else { throw .incompleteHeader }
        return Message(
            channel: channel, header: header, parent: Header(parent: values[1]), metadata: values[2],
            content: values[3], buffers: Array(frames[(start + 6)...]))
    }
}

/// The reason why an incoming message is invalid.
package enum MessageDecodingError: Error, Hashable, Sendable {
    /// The delimiter frame is missing.
    case noDelimiter(frames: Int)
    /// The message exceeds the size limit or the frame limit.
    case tooLarge
    /// The message has too few frames.
    case tooShort(frames: Int)
    /// The signature does not match the key.
    case wrongSignature
    /// The same signature arrived before.
    case repeated
    /// A part is not a JSON object.
    case invalidPart(MessagePartError)
    /// The header has no message ID or no message type.
    case incompleteHeader
}

extension MessageDecodingError: CustomStringConvertible {
    /// The reason as one sentence.
    package var description: String {
        switch self {
        case .noDelimiter(let frames): "a message of \(frames) frames has no <IDS|MSG> delimiter"
        case .tooLarge:
            "a message is too large or endless: the limit is \(OversizedMessageDetector.limit) bytes in \(MessageCodec.frameLimit) frames"
        case .tooShort(let frames): "a message has \(frames) frames after <IDS|MSG>; it needs at least 5"
        case .wrongSignature: "a message is not signed with this connection's key"
        case .repeated: "a message arrived twice"
        case .invalidPart(let error): "\(error)"
        case .incompleteHeader: "the header of a message has no ID or no type"
        }
    }
}

/// The most recent signatures.
private struct SignatureHistory {
    private var known: Set<[UInt8]> = []
    private var order: [[UInt8]] = []
    private var oldest = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Adds a signature; returns false if it is already in the history.
    mutating func insert(_ signature: [UInt8]) -> Bool {
        guard known.insert(signature).inserted else { return false }
        if order.count < capacity {
            order.append(signature)
        } else {
            known.remove(order[oldest])
            order[oldest] = signature
            oldest = (oldest + 1) % capacity
        }
        return true
    }
}
