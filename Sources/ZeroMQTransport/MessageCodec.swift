package import GalleyJSON
import GalleyJupyterProtocol

/// Turns messages into signed frames and back.
///
/// What comes in is looked at in this order: its shape, its signature, whether it has been here before, and only
/// then what it says. Nobody who does not have the key gets to talk to the parser.
struct MessageCodec {
    private let key: SigningKey
    private var seen = SignatureHistory(capacity: 65_536)

    /// More has no message, however many buffers its widgets send with it.
    static let frameLimit = 65_536
    private static let delimiter = Array("<IDS|MSG>".utf8)

    init(key: SigningKey) { self.key = key }

    func frames(of message: Message) -> [[UInt8]] {
        let parts = [
            message.header.json.text, (message.parent?.json ?? [:]).text, message.metadata.text, message.content.text,
        ]
        return [Self.delimiter, key.signature(of: parts[...])] + parts + message.buffers
    }

    /// Reads the frames of one message.
    ///
    /// Frames before the delimiter are for routing, frames behind the content are buffers; there may be any number of
    /// either.
    mutating func message(of frames: [[UInt8]], on channel: Channel) throws(MessageDecodingError) -> Message {
        guard frames.count <= Self.frameLimit else { throw .tooLarge }
        guard let start = frames.firstIndex(of: Self.delimiter) else { throw .noDelimiter(frames: frames.count) }
        let count = frames.count - start - 1
        guard count >= 5 else { throw .tooShort(frames: count) }
        let parts = frames[(start + 2)..<(start + 6)]
        let signature = frames[start + 1]
        // Without a key, nothing tells who has sent a message, or when.
        if !key.isEmpty {
            guard SigningKey.equal(signature, key.signature(of: parts)) else { throw .wrongSignature }
            guard seen.insert(signature) else { throw .repeated }
        }
        let values = try ["header", "parent_header", "metadata", "content"].enumerated()
            .map { index, name throws(MessageDecodingError) in try Self.object(parts[parts.startIndex + index], name) }
        guard let header = Header(json: values[0]) else { throw .incompleteHeader }
        return Message(
            channel: channel, header: header, parent: Header(parent: values[1]), metadata: values[2],
            content: values[3], buffers: Array(frames[(start + 6)...]))
    }

    private static func parsed(_ bytes: [UInt8]) throws(ParseError) -> Value {
        // What is said can become part of a notebook, which has the usual limit.
        try Document(parsing: bytes, depthLimit: Document.depthLimit - 100).root
    }

    private static func object(_ bytes: [UInt8], _ name: String) throws(MessageDecodingError) -> Value {
        let value: Value
        do throws(ParseError) {
            value = try parsed(bytes)
        } catch {
            // Python's kernels send a byte that is no character as it is, when a program prints the name of a file.
            guard case .invalidUTF8 = error.problem,
                let mended = try? parsed(Array(String(decoding: bytes, as: UTF8.self).utf8))
            else { throw .notJSON(part: name, error) }
            value = mended
        }
        // Some kernels send null where there is nothing to say.
        if value.isNull { return [:] }
        guard value.kind == .object else { throw .notAnObject(part: name, value.kind) }
        return value
    }
}

/// What was wrong with something that came from a kernel, or from somebody who would be one.
package enum MessageDecodingError: Error, Hashable, Sendable {
    /// The frame that separates routing from content is missing.
    case noDelimiter(frames: Int)
    /// There are more bytes, or more frames, than any message needs.
    case tooLarge
    /// There are fewer frames than a message has.
    case tooShort(frames: Int)
    /// The signature is not one that was made with the key.
    case wrongSignature
    /// The same message has been here before.
    case repeated
    /// A part is not JSON.
    case notJSON(part: String, ParseError)
    /// A part is JSON and not an object.
    case notAnObject(part: String, Value.Kind)
    /// The header does not say what message it is.
    case incompleteHeader
}

extension MessageDecodingError: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .noDelimiter(let frames): "a message of \(frames) frames has no <IDS|MSG> among them"
        case .tooLarge:
            "a message is too large, or does not end: it may have \(OversizedMessageDetector.limit) bytes in \(MessageCodec.frameLimit) frames"
        case .tooShort(let frames): "a message has \(frames) frames behind <IDS|MSG>; it needs at least 5"
        case .wrongSignature: "a message is not signed with this connection's key"
        case .repeated: "a message has come twice"
        case .notJSON(let part, let error): "the \(part) of a message is not JSON: \(error)"
        case .notAnObject(let part, let kind):
            "the \(part) of a message is not an object but a value of the kind '\(kind)'"
        case .incompleteHeader: "the header of a message does not say what message it is"
        }
    }
}

/// The signatures that were seen lately.
private struct SignatureHistory {
    private var known: Set<[UInt8]> = []
    private var order: [[UInt8]] = []
    private var oldest = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Notes a signature; returns whether it is new.
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

extension Value {
    /// The value as it is sent: on one line.
    fileprivate var text: [UInt8] {
        var style = JSONStyle.canonical
        style.indentation = nil
        style.keySeparator = ":"
        style.lineEnd = ""
        return Document(self, style: style).text.bytes
    }
}
