import Foundation
import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

@testable import GalleyComparison

/// A case of `Tests/Fixtures/judges/expressions.py`.
private struct RegexCase: Decodable {
    let expression: String
    let text: String
    /// The spans of the groups of each match; nil if the expression is invalid.
    let matches: [[[Int]]]?
    let replacement: String
    /// The text after the replacement; nil if the replacement is invalid.
    let result: String?

    init(from decoder: any Decoder) throws {
        var parts = try decoder.unkeyedContainer()
        expression = try parts.decode(String.self)
        text = try parts.decode(String.self)
        matches = try parts.decodeIfPresent([[[Int]]].self)
        replacement = try parts.decode(String.self)
        result = try parts.decodeIfPresent(String.self)
    }

    /// Returns the cases of Python on this machine.
    static func all(seed: Int, randomCount: Int) throws -> [RegexCase] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", Repository.fixture("judges/expressions.py"), String(seed), String(randomCount),
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode([RegexCase].self, from: bytes)
    }
}

@Suite struct `A Python regular expression` {
    @Test func `A regular expression substitutes as Python does, and is refused if Python refuses it`() throws {
        let path = ProcessInfo.processInfo.environment["GALLEY_PATTERN_CASES"]
        let file = URL(fileURLWithPath: path ?? Repository.fixture("sanitizing/cases.json"))
        for line in try Document(parsing: Array(Data(contentsOf: file))).root.elements {
            let parts = line.elements
            let (expression, replacement, text) = (try string(parts[0]), try string(parts[1]), try string(parts[2]))
            let result = try? replace(expression, with: replacement, in: text)
            #expect(
                result.map { Array($0.unicodeScalars) } == parts[3].string.map { Array($0.unicodeScalars) },
                "\(expression.debugDescription) -> \(replacement.debugDescription) in \(text.debugDescription)")
        }
    }

    @Test func `Matches, groups and replacements are those of the Python on this machine`() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["GALLEY_SEED"].flatMap { Int($0) } ?? 18
        let count = environment["GALLEY_RANDOM_EXPRESSIONS"].flatMap { Int($0) } ?? 3000
        let cases = try RegexCase.all(seed: seed, randomCount: count)
        #expect(cases.count > 300 + count / 3)
        for one in cases {
            let pattern = try? PythonRegex(one.expression)
            let found = pattern.map { matches(of: $0, in: one.text) }
            let title = "\(one.expression.debugDescription) in \(one.text.debugDescription)"
            #expect(found == one.matches, "\(title)")
            let result = try? replace(one.expression, with: one.replacement, in: one.text)
            #expect(
                result.map { Array($0.unicodeScalars) } == one.result.map { Array($0.unicodeScalars) },
                "\(title), replaced by \(one.replacement.debugDescription)")
        }
    }

    @Test(arguments: [
        ("a(b", "a '(' is not closed", 1), ("ab)", "a ')' has no matching '('", 2), ("a[b", "a '[' is not closed", 1),
        ("*", "there is nothing to repeat", 0), ("a**", "a repetition cannot be repeated", 2),
        (#"a\q"#, #"'\q' is not a valid escape"#, 1), ("(?<=a+)b", "a look-behind needs a fixed width", 0),
        (#"\2"#, "there is no group 2", 0), ("(?P=x)", "there is no group named 'x'", 0),
        (#"[\400]"#, #"an octal escape is greater than \377"#, 1),
        (#"a\400"#, #"an octal escape is greater than \377"#, 1),
        ("a(?i)", "flags for the whole expression must be at its beginning", 1),
    ])
    func `An error in a regular expression names the problem and its position`(
        expression: String, problem: String, place: Int
    ) {
        #expect(throws: PythonRegexError(problem: problem, place: place)) { try PythonRegex(expression) }
    }

    @Test func `A regular expression matches at any depth and length`() throws {
        let text = String(repeating: "ab", count: 100_000)
        #expect(try replace("(?:a|b)*", with: "x", in: text) == "xx")
        #expect(try replace("(?:ab)*?$", with: "x", in: text) == "xx")
        let deep = String(repeating: "(", count: 100_000)
        #expect(throws: PythonRegexError.self) { try PythonRegex(deep) }
    }

    @Test(arguments: [
        (#".*? \d+ ms"#, "epoch 12 took 3 s "), (#"(.*?) (\d+) ms"#, "epoch 12 took 3 s\n"), (#"(?m)^.*x$"#, "abc\n"),
        (#"\d+(\.\d+)? ?(ms|s)\b"#, "1"), (#"a.*b"#, "a"), (#"a.*?b|c"#, "a a c"), (#"(a+)+$"#, "ab"), (#"\s+$"#, " "),
        (#"(?:a|b|ab)*c"#, "ab"), (#"(?:x+x+)+y"#, "x"), (#"(\w+\s?)*\."#, "word "),
        (#"(?:(?:a|ab)(?:c|bc)?)*!"#, "abc"),
    ])
    func `The search takes steps in proportion to the text, also in one long line`(expression: String, part: String)
        throws
    {
        let pattern = try PythonRegex(expression)
        let text = String(repeating: part, count: 10_000 / part.utf8.count)
        var matcher = PythonRegexMatcher(pattern.program, in: text.unicodeScalars.map(\.value))
        var start = 0
        while matcher.find(from: start, mustAdvance: false) { start = matcher.slots[1] }
        let (steps, hasReachedLimit) = (matcher.steps, matcher.hasReachedLimit)
        #expect(!hasReachedLimit)
        #expect(steps < 100 * text.utf8.count)
    }

    @Test func `After a limit for one position, the search goes on at the next`() throws {
        let pattern = try PythonRegex(#"(a*)*\1b|c"#)
        let text = Array("aaaaaaaaaaaaaaaaaaaa c b".utf8.map { UInt32($0) })
        let limits = PythonRegexMatcher.Limits(attempt: 2000, total: 1_000_000)
        var matcher = PythonRegexMatcher(pattern.program, in: text, limits: limits)
        let isFound = matcher.find(from: 0, mustAdvance: false)
        #expect(isFound)
        let (start, hasReachedLimit) = (matcher.slots[0], matcher.hasReachedLimit)
        #expect(start == 21 && hasReachedLimit)
        var bounded = PythonRegexMatcher(
            pattern.program, in: text, limits: PythonRegexMatcher.Limits(attempt: 2000, total: 5000))
        let isFoundWithinTotal = bounded.find(from: 0, mustAdvance: false)
        let (steps, isBounded) = (bounded.steps, bounded.hasReachedLimit)
        #expect(!isFoundWithinTotal && isBounded && steps <= 5001)
    }

    private func replace(_ expression: String, with replacement: String, in text: String) throws -> String {
        let pattern = try PythonRegex(expression)
        return pattern.replacing(in: text, with: try PythonRegexReplacement(replacement, for: pattern)).text
    }

    private func matches(of pattern: PythonRegex, in text: String) -> [[[Int]]] {
        var matcher = PythonRegexMatcher(pattern.program, in: text.unicodeScalars.map(\.value))
        var matches: [[[Int]]] = []
        var start = 0
        var mustAdvance = false
        while matcher.find(from: start, mustAdvance: mustAdvance) {
            let slots = matcher.slots
            matches.append(
                (0..<pattern.groupCount).map { group in
                    let (from, to) = (slots[2 * group], slots[2 * group + 1])
                    return from >= 0 && to >= from ? [from, to] : [-1, -1]
                })
            start = slots[1]
            mustAdvance = slots[0] == slots[1]
        }
        return matches
    }

    private func string(_ value: Value) throws -> String { try #require(value.string) }

    @Test(.slow) func `A comparison names the expression that takes too long for its outputs`() throws {
        let expression = #"^(a*)*\1b"#
        let sanitizers = try TextSanitizers(parsing: "[slow]\nregex: \(expression)\nreplace: x\n")
        let text = String(repeating: "a", count: 50) + "cb"
        let outputs = [Output.stream(.stdout, text)]
        let comparison = OutputComparison(of: outputs, with: outputs, sanitizers: sanitizers)
        #expect(comparison.isSame)
        #expect(comparison.unfinishedExpressions == [expression])
    }
}
