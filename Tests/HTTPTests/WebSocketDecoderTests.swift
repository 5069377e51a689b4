import Foundation
import GalleyTestSupport
import Testing

@testable import GalleyHTTP

/// Bytes of a server, and what a decoder makes of them.
struct FrameCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    var events: [WebSocketDecoder.Event] = []
    /// The code of the violation.
    var code: Int?

    init(_ name: String, _ bytes: [UInt8], _ events: [WebSocketDecoder.Event] = [], violates code: Int? = nil) {
        (testDescription, self.bytes, self.events, self.code) = (name, bytes, events, code)
    }

    static func text(_ text: String) -> WebSocketDecoder.Event { .message(.text(Array(text.utf8))) }
    static func binary(_ bytes: [UInt8]) -> WebSocketDecoder.Event { .message(.binary(bytes)) }
    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

    static let framing: [FrameCase] =
        [0, 1, 125, 126, 127, 128, 65_535, 65_536].flatMap { count in
            [
                FrameCase(
                    "a text of \(count)", frame(0x81, .init(repeating: "*", count: count)),
                    [
                        text(.init(repeating: "*", count: count))
                    ]),
                FrameCase("\(count) bytes", frame(0x82, bytes(count)), [binary(bytes(count))]),
            ]
        }
        + [
            FrameCase("two frames", frame(0x81, "a") + frame(0x82, [1]), [text("a"), binary([1])]),
            FrameCase("half a header", [0x81]), FrameCase("half a length", [0x81, 126, 1]),
            FrameCase("half a payload", [0x81, 2, 0x41]),
        ]

    static let lengths: [FrameCase] = [
        FrameCase("125 in 16 bits", frame(0x82, bytes(125), length: [126, 0, 125]), violates: 1002),
        FrameCase("0 in 16 bits", frame(0x82, [], length: [126, 0, 0]), violates: 1002),
        FrameCase("126 in 64 bits", frame(0x82, bytes(126), length: [127, 0, 0, 0, 0, 0, 0, 0, 126]), violates: 1002),
        FrameCase("65535 in 64 bits", frame(0x82, [], length: [127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), violates: 1002),
        FrameCase("the highest bit", frame(0x82, [], length: [127, 0x80] + bytes(7)), violates: 1002),
        FrameCase("all bits", frame(0x82, [], length: [127] + .init(repeating: 0xFF, count: 8)), violates: 1002),
        FrameCase(
            "the largest number", frame(0x82, [], length: [127, 0x7F] + .init(repeating: 0xFF, count: 7)),
            violates: 1009),
        FrameCase("one byte more than the limit", frame(0x82, bytes(1 << 20) + [0]), violates: 1009),
        FrameCase("the limit", frame(0x82, bytes(1 << 20)), [binary(bytes(1 << 20))]),
        FrameCase(
            "fragments beyond the limit", frame(0x02, bytes(1 << 19)) + frame(0x80, bytes(1 << 19) + [0]),
            violates: 1009),
    ]

    static let pings: [FrameCase] =
        [0, 1, 125].map { FrameCase("a ping of \($0)", frame(0x89, bytes($0)), [.ping(bytes($0))]) }
        + [
            FrameCase("a ping of 126", frame(0x89, bytes(126)), violates: 1002),
            FrameCase("a pong of 126", frame(0x8A, bytes(126)), violates: 1002),
            FrameCase("a close of 126", frame(0x88, bytes(126)), violates: 1002),
            FrameCase("a ping with a 64-bit length", frame(0x89, [], length: [127] + bytes(8)), violates: 1002),
            FrameCase("a pong", frame(0x8A, "x"), [.pong([0x78])]),
            FrameCase(
                "ten pings", .init((0..<10).map { frame(0x89, [$0]) }.joined()), (0..<10).map { .ping([$0]) }),
            FrameCase("a fragmented ping", frame(0x09, "x"), violates: 1002),
            FrameCase("a fragmented pong", frame(0x0A, "x"), violates: 1002),
            FrameCase("a fragmented close", frame(0x08), violates: 1002),
        ]

    static let reserved: [FrameCase] =
        (1...7).map { FrameCase("reserved bits \($0)", frame(0x81 | UInt8($0) << 4, "x"), violates: 1002) }
        + [
            FrameCase("after a message", frame(0x81, "a") + frame(0xC1, "b"), [text("a")], violates: 1002),
            FrameCase("in a ping", frame(0xC9), violates: 1002), FrameCase("in a close", frame(0xA8), violates: 1002),
            FrameCase("inside a message", frame(0x01, "a") + frame(0x90, "b"), violates: 1002),
            FrameCase("a mask before the length is complete", [0x81, 0xFF], violates: 1002),
            FrameCase("a long ping before its length is complete", [0x89, 126], violates: 1002),
            FrameCase("a masked text", [0x81, 0x81, 0, 0, 0, 0, 0x41], violates: 1002),
            FrameCase("a masked ping", [0x89, 0x80, 0, 0, 0, 0], violates: 1002),
        ]
        + [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap { opcode in
            [
                FrameCase("opcode \(opcode)", frame(0x80 | opcode), violates: 1002),
                FrameCase(
                    "opcode \(opcode) after a message", frame(0x81, "a") + frame(0x80 | opcode, "x"), [text("a")],
                    violates: 1002),
            ]
        }

    static let fragments: [FrameCase] = [
        FrameCase("two parts", frame(0x01, "a") + frame(0x80, "b"), [text("ab")]),
        FrameCase("three parts", frame(0x02, [1]) + frame(0x00, [2]) + frame(0x80, [3]), [binary([1, 2, 3])]),
        FrameCase("empty parts", frame(0x01) + frame(0x00) + frame(0x80), [text("")]),
        FrameCase("an empty end", frame(0x01, "a") + frame(0x80), [text("a")]),
        FrameCase("no end", frame(0x01, "a") + frame(0x00, "b")),
        FrameCase(
            "a ping in between", frame(0x01, "a") + frame(0x89, "p") + frame(0x80, "b"), [.ping([0x70]), text("ab")]),
        FrameCase(
            "pongs in between", frame(0x02, [1]) + frame(0x8A) + frame(0x00, [2]) + frame(0x8A) + frame(0x80, [3]),
            [.pong([]), .pong([]), binary([1, 2, 3])]),
        FrameCase(
            "a close in between", frame(0x01, "a") + frame(0x88, [3, 0xE8]) + frame(0x80, "b"),
            [.close(code: 1000, reason: "")]),
        FrameCase("an end without a beginning", frame(0x80, "a"), violates: 1002),
        FrameCase("a part without a beginning", frame(0x00, "a"), violates: 1002),
        FrameCase(
            "a part after the end", frame(0x01, "a") + frame(0x80, "b") + frame(0x00, "c"), [text("ab")],
            violates: 1002),
        FrameCase("a text in a text", frame(0x01, "a") + frame(0x81, "b"), violates: 1002),
        FrameCase("bytes in a text", frame(0x01, "a") + frame(0x02, "b"), violates: 1002),
        FrameCase(
            "a thousand parts", frame(0x01, "a") + (0..<1000).flatMap { _ in frame(0x00, "b") } + frame(0x80, "c"),
            [text("a" + .init(repeating: "b", count: 1000) + "c")]),
    ]

    private static func close(_ code: Int, _ reason: [UInt8] = []) -> [UInt8] {
        frame(0x88, [UInt8(code >> 8), UInt8(code & 255)] + reason)
    }

    static let closes: [FrameCase] =
        [
            FrameCase("no code", frame(0x88), [.close(code: nil, reason: "")]),
            FrameCase("half a code", frame(0x88, [3]), violates: 1002),
            FrameCase("a reason", close(1000, Array("går".utf8)), [.close(code: 1000, reason: "går")]),
            FrameCase(
                "the longest reason", close(1000, .init(repeating: 0x2A, count: 123)),
                [.close(code: 1000, reason: .init(repeating: "*", count: 123))]),
            FrameCase("a reason that is not UTF-8", close(1000, [0xCE, 0xBA, 0xFF]), violates: 1007),
            FrameCase("a cut reason", close(1000, [0xCE]), violates: 1007),
            FrameCase("a text after it", close(1001) + frame(0x81, "a"), [.close(code: 1001, reason: "")]),
            FrameCase("a violation after it", close(1001) + [0xFF, 0xFF], [.close(code: 1001, reason: "")]),
            FrameCase("a second close", close(1001) + close(1002), [.close(code: 1001, reason: "")]),
            FrameCase("a text before it", frame(0x81, "a") + close(1000), [text("a"), .close(code: 1000, reason: "")]),
        ]
        + [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
        .map { FrameCase("code \($0)", close($0), [.close(code: $0, reason: "")]) }
        + [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
        .map { FrameCase("code \($0)", close($0), violates: 1002) }

    static let all = framing + lengths + pings + reserved + fragments + closes
}

@Suite struct `The WebSocket decoder` {
    @Test(arguments: FrameCase.all) func `The decoder accepts or refuses`(frames: FrameCase) {
        let decoded = Decoded(frames.bytes)
        #expect(decoded.events == frames.events)
        #expect(decoded.code == frames.code, "\(decoded.reason ?? "")")
    }

    @Test(arguments: FrameCase.all.filter { $0.bytes.count < 70_000 })
    func `The decoder makes the same events of any parts`(frames: FrameCase) {
        let whole = Decoded(frames.bytes)
        #expect(Decoded(frames.bytes.singly) == whole)
        var generator = SeededGenerator(seed: UInt64(frames.bytes.count))
        for _ in 0..<20 { #expect(Decoded(frames.bytes.split(&generator)) == whole) }
    }

    @Test func `The decoder passes an event on as soon as its last byte arrives`() {
        let bytes = frame(0x01, "a") + frame(0x89, "p") + frame(0x80, "b")
        var decoder = WebSocketDecoder(largestMessage: 10)
        var counts: [Int] = []
        for part in bytes.singly {
            var count = 0
            #expect(throws: Never.self) { try decoder.decode(part) { _ in count += 1 } }
            counts.append(count)
        }
        #expect(counts == [0, 0, 0, 0, 0, 1, 0, 0, 1])
    }

    @Test func `The decoder refuses a length before the payload arrives`() {
        let bytes = frame(0x82, [], length: [127, 0, 0, 0, 1, 0, 0, 0, 0])
        #expect(Decoded(bytes).code == 1009)
    }

    @Test func `The decoder ignores all bytes after a violation`() throws {
        var decoder = WebSocketDecoder(largestMessage: 10)
        #expect(throws: WebSocketViolation.self) { try decoder.decode([0x80, 0]) { _ in Issue.record("an event") } }
        try decoder.decode(frame(0x81, "a")[...]) { _ in Issue.record("an event") }
    }

    @Test(.timeLimit(.minutes(5))) func `The decoder copies a large message a bounded number of times`() throws {
        // In parts of 1 kB, twenty thousand copies of a growing message would be 200 GB.
        let payload = [UInt8](repeating: 0x41, count: 20 << 20)
        let bytes = frame(0x81, payload)
        var decoder = WebSocketDecoder(largestMessage: 32 << 20)
        var messages: [WebSocket.Message] = []
        for start in stride(from: 0, to: bytes.count, by: 1024) {
            try decoder.decode(bytes[start..<min(start + 1024, bytes.count)]) { event in
                if case .message(let message) = event { messages.append(message) }
            }
        }
        #expect(messages == [.text(payload)])
    }
}

extension Array<UInt8> {
    /// The bytes in parts of random sizes, empty ones too.
    func split(_ generator: inout some RandomNumberGenerator) -> [ArraySlice<UInt8>] {
        var (parts, rest): ([ArraySlice<UInt8>], ArraySlice<UInt8>) = ([], self[...])
        while !rest.isEmpty {
            let count = Int.random(
                in: 0...Swift.min(rest.count, Int.random(in: 1...2000, using: &generator)), using: &generator)
            parts.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return parts
    }
}
