import GalleyJSON
import GalleyJupyterProtocol

/// Converts messages to frames of a server's WebSocket and back.
///
/// There are two framings. Version 1 is binary: the number of offsets, the offsets, the channel, the four JSON parts of
/// the message and its buffers. Numbers have eight bytes, the lowest first. The legacy framing is one JSON text or, for
/// a message with buffers, a table of four-byte offsets, the highest byte first, with the JSON and the buffers.
///
/// A server uses version 1 if the client offers its subprotocol. A received frame tells its framing itself.
struct ServerWireFormat: Sendable {
    /// The framings.
    enum Framing: Hashable, Sendable {
        case version1
        case legacy
    }

    /// A frame and its kind.
    enum Frame: Hashable, Sendable {
        case text([UInt8])
        case binary([UInt8])

        var bytes: [UInt8] {
            switch self {
            case .text(let bytes), .binary(let bytes): bytes
            }
        }
    }

    /// The WebSocket subprotocol of version 1.
    static let subprotocol = "v1.kernel.websocket.jupyter.org"
    /// The maximum number of parts of a frame, including the buffers of widgets.
    static let partLimit = 65_536
    private static let jsonParts = ["header", "parent_header", "metadata", "content"]

    /// The framing of the messages to send.
    let framing: Framing

    /// Creates a format from the subprotocol that the server chose; nil if it chose none.
    init(subprotocol: String?) { framing = subprotocol == Self.subprotocol ? .version1 : .legacy }

    // MARK: - Encoding

    /// Returns the frame of a message.
    func frame(of message: Message) -> Frame {
        switch framing {
        case .version1: .binary(Self.version1(message))
        case .legacy where message.buffers.isEmpty: .text(Self.json(of: message).messageText)
        case .legacy: .binary(Self.legacy(message))
        }
    }

    private static func version1(_ message: Message) -> [UInt8] {
        let json = [message.header.json, message.parent?.json ?? [:], message.metadata, message.content]
        let parts = [Array(message.channel.rawValue.utf8)] + json.map(\.messageText) + message.buffers
        // There is one offset for each part, and one for the end.
        var bytes = littleEndian(parts.count + 1)
        var offset = 8 * (parts.count + 2)
        bytes.reserveCapacity(offset + parts.reduce(0) { $0 + $1.count })
        for part in parts {
            bytes += littleEndian(offset)
            offset += part.count
        }
        bytes += littleEndian(offset)
        for part in parts { bytes += part }
        return bytes
    }

    private static func legacy(_ message: Message) -> [UInt8] {
        let parts = [json(of: message).messageText] + message.buffers
        var bytes = bigEndian(parts.count)
        var offset = 4 * (parts.count + 1)
        for part in parts {
            bytes += bigEndian(offset)
            offset += part.count
        }
        for part in parts { bytes += part }
        return bytes
    }

    private static func json(of message: Message) -> Value {
        [
            "channel": .string(message.channel.rawValue), "content": message.content, "header": message.header.json,
            "metadata": message.metadata, "parent_header": message.parent?.json ?? [:],
        ]
    }

    private static func littleEndian(_ number: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    // MARK: - Decoding

    /// Decodes a frame of either framing.
    static func message(of frame: Frame) throws(ServerFrameError) -> Message {
        switch frame {
        case .text(let bytes): return try message(json: bytes, buffers: [])
        case .binary(let bytes):
            guard bytes.count >= 8 else { throw .tooShort(bytes: bytes.count) }
            // These are the upper bytes of the count in version 1, and in the legacy framing the offset of the JSON.
            return bytes[4..<8].allSatisfy { $0 == 0 } ? try version1(bytes) : try legacy(bytes)
        }
    }

    private static func version1(_ bytes: [UInt8]) throws(ServerFrameError) -> Message {
        let count = number(in: bytes[..<8].reversed())
        let offsets = try offsets(in: bytes, count: count, minimum: 6) { index in
            number(in: bytes[(8 * (index + 1))..<(8 * (index + 2))].reversed())
        } start: {
            8 * ($0 + 1)
        }
        func part(_ index: Int) -> [UInt8] { Array(bytes[offsets[index]..<offsets[index + 1]]) }
        guard let channel = Channel(rawValue: String(decoding: part(0).prefix(100), as: UTF8.self)) else {
            throw .unknownChannel
        }
        var values: [Value] = []
        for (index, name) in jsonParts.enumerated() { values.append(try json(part(index + 1), name)) }
        return try message(values, on: channel, buffers: (5..<(count - 1)).map(part))
    }

    private static func legacy(_ bytes: [UInt8]) throws(ServerFrameError) -> Message {
        let count = number(in: bytes[..<4])
        let offsets =
            try offsets(in: bytes, count: count, minimum: 1) { index in
                number(in: bytes[(4 * (index + 1))..<(4 * (index + 2))])
            } start: {
                4 * ($0 + 1)
            } + [bytes.count]
        let parts = (0..<count).map { Array(bytes[offsets[$0]..<offsets[$0 + 1]]) }
        return try message(json: parts[0], buffers: Array(parts[1...]))
    }

    /// Reads a table of offsets, and checks that they lie in the frame and do not decrease.
    ///
    /// - Parameters:
    ///   - count: The number of offsets in the table.
    ///   - minimum: The least number of offsets of a message.
    ///   - offset: Returns an offset of the table.
    ///   - start: Returns the size of a table with this number of offsets.
    private static func offsets(
        in bytes: [UInt8], count: Int, minimum: Int, _ offset: (Int) -> Int, start: (Int) -> Int
    ) throws(ServerFrameError) -> [Int] {
        guard count >= minimum else { throw .tooFewParts(max(0, count)) }
        guard count <= partLimit else { throw .tooManyParts }
        guard bytes.count >= start(count) else { throw .tooShort(bytes: bytes.count) }
        var offsets: [Int] = []
        offsets.reserveCapacity(count + 1)
        var least = start(count)
        for index in 0..<count {
            let offset = offset(index)
            guard offset >= least, offset <= bytes.count else { throw .wrongOffset(part: index) }
            offsets.append(offset)
            least = offset
        }
        return offsets
    }

    /// Returns the number whose highest byte comes first; the largest one if it does not fit.
    private static func number(in bytes: some Sequence<UInt8>) -> Int {
        let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: number) ?? .max
    }

    private static func message(json bytes: [UInt8], buffers: [[UInt8]]) throws(ServerFrameError) -> Message {
        let json = try json(bytes, "JSON")
        guard let channel = json["channel"]?.string.flatMap({ Channel(rawValue: $0) }) else { throw .unknownChannel }
        var values: [Value] = []
        for name in jsonParts {
            let value = json[name] ?? [:]
            guard value.isNull || value.kind == .object else {
                throw .invalidPart(.notAnObject(part: name, value.kind))
            }
            values.append(value.isNull ? [:] : value)
        }
        return try message(values, on: channel, buffers: buffers)
    }

    private static func json(_ bytes: [UInt8], _ name: String) throws(ServerFrameError) -> Value {
        do throws(MessagePartError) {
            return try Value(messagePart: bytes, named: name)
        } catch {
            throw .invalidPart(error)
        }
    }

    private static func message(
        _ values: [Value], on channel: Channel, buffers: [[UInt8]]
    ) throws(ServerFrameError) -> Message {
        guard let header = Header(json: values[0]) else { throw .incompleteHeader }
        return Message(
            channel: channel, header: header, parent: Header(parent: values[1]), metadata: values[2],
            content: values[3], buffers: buffers)
    }
}
