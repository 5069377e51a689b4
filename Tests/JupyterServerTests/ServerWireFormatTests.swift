import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyTestSupport
import Testing

@testable import GalleyJupyterServer

@Suite struct `Messages on a server's WebSocket` {
    private static let header = Header(id: "a1", type: "stream", session: "s", date: "2026-11-30T20:00:00.123456Z")
    private static let parent = Header(id: "b2", type: "execute_request", session: "t", date: nil)

    private static func message(on channel: Channel = .iopub, buffers: [[UInt8]] = []) -> Message {
        Message(
            channel: channel, header: header, parent: parent, metadata: ["m": 1],
            content: ["name": "stdout", "text": "é\n"], buffers: buffers)
    }

    private static func isSame(_ one: Message, _ other: Message) -> Bool {
        func texts(_ message: Message) -> [[UInt8]] {
            [message.header.json, message.parent?.json ?? [:], message.metadata, message.content].map(\.messageText)
        }
        return one.channel == other.channel && texts(one) == texts(other) && one.buffers == other.buffers
    }

    @Test func `A version 1 frame is the one of the reference to the byte`() throws {
        let header: Value = ["msg_id": "a1", "msg_type": "kernel_info_request", "session": "s"]
        let request = Message(
            channel: .shell,
            header: Header(
                id: "a1", type: "kernel_info_request", session: "s", date: nil, username: "u", version: "5.3"))
        let bytes = ServerWireFormat(subprotocol: ServerWireFormat.subprotocol).frame(of: request).bytes
        let length = request.header.json.messageText.count
        #expect(header["msg_id"]?.string == "a1" && length > 0)
        // The count, and the offsets of: channel, header, parent, metadata, content, end.
        let offsets = [6, 56, 61, 61 + length, 63 + length, 65 + length, 67 + length]
        let table = offsets.flatMap { offset in (0..<8).map { UInt8(offset >> (8 * $0) & 0xFF) } }
        #expect(Array(bytes[..<56]) == table)
        #expect(String(decoding: bytes[56..<61], as: UTF8.self) == "shell")
        #expect(String(decoding: bytes[(61 + length)...], as: UTF8.self) == "{}{}{}")
        #expect(bytes.count == 67 + length)
    }

    @Test func `A legacy frame is JSON, and binary only with buffers`() throws {
        let format = ServerWireFormat(subprotocol: nil)
        guard case .text(let text) = format.frame(of: Self.message()) else { Issue.record("not a text"); return }
        let json = try Document(parsing: text).root
        #expect(json["channel"]?.string == "iopub" && json["content"]?["text"]?.string == "é\n")
        #expect(json["parent_header"]?["msg_id"]?.string == "b2")
        guard case .binary(let bytes) = format.frame(of: Self.message(buffers: [[1, 2], [], [3]])) else {
            Issue.record("not binary")
            return
        }
        let json4 = Int(bytes[8]) << 24 | Int(bytes[9]) << 16 | Int(bytes[10]) << 8 | Int(bytes[11])
        #expect(Array(bytes[..<8]) == [0, 0, 0, 4, 0, 0, 0, 20])
        #expect(Array(bytes[(json4)...]) == [1, 2, 3])
    }

    @Test(arguments: Channel.allCases, [nil, ServerWireFormat.subprotocol])
    func `A message is the same after it is encoded and decoded`(channel: Channel, subprotocol: String?) throws {
        for count in [0, 1, 2, 255, 256, 300] {
            let buffers = (0..<count).map { [UInt8](repeating: UInt8($0 & 0xFF), count: $0 % 7) }
            let format = ServerWireFormat(subprotocol: subprotocol)
            let message = Self.message(on: channel, buffers: buffers)
            #expect(Self.isSame(try ServerWireFormat.message(of: format.frame(of: message)), message), "\(count)")
        }
    }

    @Test func `A missing parent, null parts and dates in other forms are accepted`() throws {
        let json = """
            {"channel": "iopub", "header": {"msg_id": "a", "msg_type": "status", "date": 1764532800}, \
            "parent_header": null, "content": {"execution_state": "idle"}}
            """
        let message = try ServerWireFormat.message(of: .text(Array(json.utf8)))
        #expect(message.parent == nil && message.header.date == nil && message.executionState == .idle)
    }

    private static func numbers(_ numbers: Int...) -> [UInt8] {
        numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    }

    private static let malformed: [(ServerWireFormat.Frame, ServerFrameError)] = [
        (.binary([]), .tooShort(bytes: 0)),
        (.binary([6, 0, 0, 0, 0, 0, 0]), .tooShort(bytes: 7)),
        (.binary(numbers(5)), .tooFewParts(5)),
        (.binary(numbers(0)), .tooFewParts(0)),
        (.binary(numbers(6)), .tooShort(bytes: 8)),
        (.binary(numbers(1 << 20)), .tooManyParts),
        (.binary(numbers(6, 55, 56, 56, 56, 56, 56)), .wrongOffset(part: 0)),
        (.binary(numbers(6, 56, 55, 56, 56, 56, 56)), .wrongOffset(part: 1)),
        (.binary(numbers(6, 56, 56, 56, 56, 56, 57)), .wrongOffset(part: 5)),
        (.binary(numbers(6, 56, 56, 56, 56, 56, -1)), .wrongOffset(part: 5)),
        (.binary(numbers(6, 56, 56, 56, 56, 56, 56)), .unknownChannel),
        (.binary([0, 0, 0, 0, 0, 0, 0, 8]), .tooFewParts(0)),
        (.binary([255, 255, 255, 255, 0, 0, 0, 8]), .tooManyParts),
        (.binary([0, 0, 0, 1, 0, 0, 0, 9]), .wrongOffset(part: 0)),
        (.text(Array("{}".utf8)), .unknownChannel),
        (.text(Array(#"{"channel": "heart"}"#.utf8)), .unknownChannel),
        (.text(Array(#"{"channel": "iopub"}"#.utf8)), .incompleteHeader),
        (.text(Array("[]".utf8)), .invalidPart(.notAnObject(part: "JSON", .array))),
        (
            .text(Array(#"{"channel": "iopub", "header": 5}"#.utf8)),
            .invalidPart(.notAnObject(part: "header", .number))
        ),
    ]

    @Test(arguments: malformed)
    func `A malformed frame is an error with the reason`(
        frame: ServerWireFormat.Frame, error: ServerFrameError
    ) {
        let found = #expect(throws: ServerFrameError.self) { try ServerWireFormat.message(of: frame) }
        #expect(found == error && !"\(error)".isEmpty)
    }

    @Test func `A mutated frame is a message or an error, never a crash`() {
        let isFull = ProcessInfo.processInfo.environment["GALLEY_FUZZ"] == "full"
        var generator = SeededGenerator(seed: 20)
        var counts = (messages: 0, errors: 0)
        let frames = [nil, ServerWireFormat.subprotocol].flatMap { subprotocol in
            [[], [[1, 2, 3]], [[UInt8]](repeating: [7], count: 40)].map {
                ServerWireFormat(subprotocol: subprotocol).frame(of: Self.message(buffers: $0))
            }
        }
        for round in 0..<(isFull ? 1_000_000 : 50_000) {
            let frame = frames[round % frames.count]
            var bytes = frame.bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.removeLast(Int.random(in: 0...min(bytes.count, 60), using: &generator))
                case 1 where !bytes.isEmpty:
                    bytes[Int.random(in: 0..<min(bytes.count, 80), using: &generator)] = .random(
                        in: 0...255, using: &generator)
                case 2 where !bytes.isEmpty:
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                        1 << UInt8.random(in: 0..<8, using: &generator)
                default:
                    bytes.insert(
                        .random(in: 0...255, using: &generator),
                        at: Int.random(in: 0...bytes.count, using: &generator))
                }
            }
            let isText = if case .text = frame { true } else { false }
            do throws(ServerFrameError) {
                let message = try ServerWireFormat.message(of: isText ? .text(bytes) : .binary(bytes))
                #expect(!message.type.isEmpty || message.header.type.isEmpty)
                counts.messages += 1
            } catch {
                if "\(error)".isEmpty { Issue.record("no reason") }
                counts.errors += 1
            }
        }
        #expect(counts.messages > 100 && counts.errors > 100, "\(counts)")
    }
}
