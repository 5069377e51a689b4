import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

/// Compares verdicts and canonical texts with those of Python's json.
@Suite struct `Compared with Python` {
    @Test func `A hundred thousand mutated documents get the same verdict as Python's, without loss or crash`() throws {
        let seed =
            ProcessInfo.processInfo.environment["GALLEY_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
        print("mutations: GALLEY_SEED=\(seed) repeats them")
        var random = SeededGenerator(seed: seed)
        let inputs = (0..<100_000).map { _ in Mutation.document(using: &random) }
        let verdicts = try Python.canonicalTexts(of: inputs)
        var accepted = 0
        for (index, (input, verdict)) in zip(inputs, verdicts).enumerated() {
            let note: Comment = "seed \(seed), input \(index): \(String(decoding: input, as: UTF8.self))"
            do {
                let document = try Document(parsing: input)
                accepted += 1
                try #require(verdict != nil, "accepted here, refused by Python; \(note)")
                try #require(document.text.bytes == input, note)
                var prepared = document
                prepared.root.prepareEverything()
                try #require(prepared.text.bytes == input, note)
                try #require(document.root.canonicalText.bytes == verdict, note)
            } catch let error as ParseError {
                try #require(verdict == nil, "refused here (\(error)), accepted by Python; \(note)")
                try #require(
                    error.position.line >= 1 && error.position.column >= 1 && error.position.offset <= input.count, note
                )
            }
        }
        print("mutations: \(accepted) of \(inputs.count) were still JSON")
        // Mutations that break all documents, or none, would test nothing.
        #expect(10_000...90_000 ~= accepted)
    }

    @Test func `Galley's numbers are spelled as Python spells them`() throws {
        var random = SeededGenerator(seed: 1)
        var doubles = [
            0, -0.0, 1, 1e15, 1e16, 9_007_199_254_740_992, 1e22, 1e-4, 1e-5, 0.1, .leastNonzeroMagnitude,
            1.7976931348623157e308, 123456.789,
        ]
        for _ in 0..<20_000 {
            doubles.append(Double(bitPattern: random.next()))
            doubles.append(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 1000)
            doubles.append(Double.random(in: 1e14...1e17, using: &random).rounded())
        }
        doubles += [.nan, .infinity, -.infinity]
        let texts = doubles.map { Value.number($0).canonicalText.bytes }
        for (text, judged) in zip(texts, try Python.canonicalTexts(of: texts)) {
            try #require(text == judged)
        }
        #expect(Value.number(Int.min).canonicalText.string == "\(Int.min)\n")
        #expect(Number(1e16).description == "1e+16")
    }
}

/// Makes documents that are valid or nearly valid JSON.
enum Mutation {
    private static let seeds = JSONTexts.accepted + Edit.table.map(\.before) + Edit.table.map(\.after)
    private static let pieces: [[UInt8]] =
        [
            "\"", "\\", "\\u", "\\ud83d", "\\u00e9", "{", "}", "[", "]", ",", ":", " ", "\n", "\r\n", "0", "1", "-",
            ".", "e", "E+",
            "null", "true", "false", "NaN", "Infinity", "-Infinity", "\"a\":", "[]", "{}", "[1, 2]", "é", "日", "😀",
            "\u{FEFF}",
            "\u{0}", "\t", "/", "'", "// x", "1e308", "0.1",
        ].map { Array($0.utf8) } + [[0x80], [0xC3], [0xED, 0xA0, 0x80], [0xFF]]

    static func document(using random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(seeds.randomElement(using: &random)!.utf8)
        for _ in 0..<[1, 1, 1, 2, 4].randomElement(using: &random)! {
            let start = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 0...4, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(start..<end)
            case 1: bytes.insert(contentsOf: bytes[start..<end], at: start)
            case 2 where start < bytes.count: bytes[start] = UInt8.random(in: 0...255, using: &random)
            case 3:
                let other = Array(seeds.randomElement(using: &random)!.utf8)
                bytes.replaceSubrange(start..<end, with: other)
            default: bytes.insert(contentsOf: pieces.randomElement(using: &random)!, at: start)
            }
        }
        return bytes
    }
}

enum Python {
    /// Returns Python's canonical text of each text; nil for a text that Python refuses.
    static func canonicalTexts(of texts: [[UInt8]]) throws -> [[UInt8]?] {
        let folder = try TemporaryFolder()
        let (input, output) = (folder("in"), folder("out"))
        try Data(frames(texts)).write(to: URL(fileURLWithPath: input))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Repository.fixture("judges/canonical_json.py"), input, output]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try unframed(Array(Data(contentsOf: URL(fileURLWithPath: output))))
    }

    private static func frames(_ texts: [[UInt8]]) -> [UInt8] {
        texts.reduce(into: []) { all, text in
            all += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: text.count >> $0) }
            all += text
        }
    }

    private static func unframed(_ bytes: [UInt8]) -> [[UInt8]?] {
        var texts: [[UInt8]?] = []
        var at = 0
        while at < bytes.count {
            let length = (0..<4).reduce(Int32(0)) { $0 | Int32(bytes[at + $1]) << Int32(8 * $1) }
            at += 4
            texts.append(length < 0 ? nil : Array(bytes[at..<at + Int(length)]))
            at += max(0, Int(length))
        }
        return texts
    }
}
