import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyComparison

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

    @Test(arguments: [
        ("a(b", "a '(' is not closed", 1), ("ab)", "a ')' has no matching '('", 2), ("a[b", "a '[' is not closed", 1),
        ("*", "there is nothing to repeat", 0), ("a**", "a repetition cannot be repeated", 2),
        (#"a\q"#, #"'\q' is not a valid escape"#, 1), ("(?<=a+)b", "a look-behind needs a fixed width", 0),
        (#"\2"#, "there is no group 2", 0), ("(?P=x)", "there is no group named 'x'", 0),
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

    private func replace(_ expression: String, with replacement: String, in text: String) throws -> String {
        let pattern = try PythonRegex(expression)
        return pattern.replacing(in: text, with: try PythonRegexReplacement(replacement, for: pattern))
    }

    private func string(_ value: Value) throws -> String { try #require(value.string) }

    @Test(.slow) func `A regular expression gives up on a text that takes exponential time`() throws {
        let sanitizers = try TextSanitizers(parsing: "[slow]\nregex: (a+)+$\nreplace: x\n")
        let text = String(repeating: "a", count: 5000) + "b"
        #expect(sanitizers.sanitized(text) == text)
    }
}
