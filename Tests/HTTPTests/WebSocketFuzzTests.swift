import Foundation
import GalleyTestSupport
import Testing

@testable import GalleyHTTP

@Suite struct `Mutated WebSocket frames` {
    /// The number of mutated sequences: a million with `GALLEY_FUZZ=full`.
    private static let count = ProcessInfo.processInfo.environment["GALLEY_FUZZ"] == "full" ? 1_000_000 : 100_000

    private static let seeds: [[UInt8]] =
        FrameCase.all.map(\.bytes).filter { $0.count < 300 }
        + [
            frame(0x01, "κόσ") + frame(0x89, "ping") + frame(0x00, "με") + frame(0x80, "😀") + frame(0x88, [3, 0xE8]),
            frame(0x82, FrameCase.bytes(200)) + frame(0x81, "text") + frame(0x8A),
        ]

    /// Changes some bytes of a sequence, or its length.
    private static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0..<3, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[at] = .random(in: 0...255, using: &generator)
            case 2: bytes.remove(at: at)
            case 3: bytes.insert(.random(in: 0...255, using: &generator), at: at)
            case 4: bytes.removeLast(bytes.count - at)
            default: bytes += seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            }
        }
        return bytes
    }

    @Test(.timeLimit(.minutes(30))) func `Mutated frames neither crash nor grow, and mean the same in any parts`() {
        var generator = SeededGenerator(seed: 6455)
        var (events, violations) = (0, 0)
        for number in 0..<Self.count {
            let seed = Self.seeds[number % Self.seeds.count]
            let bytes = Self.mutate(seed, &generator)
            let whole = Decoded(bytes, largestMessage: 1000)
            let middle = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &generator)
            let parts = number % 16 == 0 ? bytes.singly : [bytes[..<middle], bytes[middle...]]
            guard Decoded(parts, largestMessage: 1000) == whole else {
                Issue.record("\(bytes) means something else in parts")
                return
            }
            var size = 0
            for event in whole.events {
                switch event {
                case .message(let message): size += message.bytes.count
                case .ping(let payload), .pong(let payload): size += payload.count
                case .close(_, let reason): size += reason.utf8.count
                }
            }
            guard size <= bytes.count else {
                Issue.record("\(bytes) made more bytes than it has")
                return
            }
            events += whole.events.count
            violations += whole.code == nil ? 0 : 1
        }
        // Both kinds are frequent, or the mutations test nothing.
        #expect(events > Self.count / 10)
        #expect(violations > Self.count / 10)
    }

    @Test(.timeLimit(.minutes(30))) func `A session survives mutated frames, and sends whole frames of its own`() {
        var generator = SeededGenerator(seed: 1)
        for number in 0..<Self.count / 10 {
            var run = SessionRun()
            for _ in 0..<3 {
                run.receive(Self.mutate(Self.seeds[number % Self.seeds.count], &generator))
                run.send("x")
                run.waitAndFlush(.seconds(7))
            }
            run.close()
            run.wait(.seconds(5))
            guard run.session.ending != nil, run.sent.count < 20 else {
                Issue.record("sequence \(number) does not end: \(run.sent)")
                return
            }
        }
    }

    @Test(.timeLimit(.minutes(30))) func `A handshake survives mutated answers`() throws {
        var generator = SeededGenerator(seed: 2)
        let answers = AnswerCase.all.map { Array($0.answer.utf8) }.filter { $0.count < 1000 }
        let url = try HTTPURL(parsing: "http://host:8888/")
        for number in 0..<Self.count / 20 {
            let bytes = Self.mutate(answers[number % answers.count], &generator)
            var handshake = WebSocketHandshake(url: url, subprotocols: ["one"])
            // A mutated answer has not the Sec-WebSocket-Accept of a random key.
            #expect((try? handshake.receive(bytes[...])) ?? nil == nil)
        }
    }
}
