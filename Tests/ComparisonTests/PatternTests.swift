import Foundation
import GalleyJSON
import Testing

@testable import GalleyComparison

@Suite struct `A regular expression` {
    @Test func `does to text what Python does, and refuses what Python refuses`() throws {
        let path = ProcessInfo.processInfo.environment["GALLEY_PATTERN_CASES"]
        for line in try Fixture.json("sanitizing/cases.json", or: path).elements {
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
    func `says what is wrong with it, and where`(expression: String, problem: String, place: Int) {
        #expect(throws: PythonRegexError(problem: problem, place: place)) { try PythonRegex(expression) }
    }

    @Test func `takes any depth and any length`() throws {
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

    @Test func `gives up on a text that would take for ever`() throws {
        let sanitizers = try TextSanitizers(parsing: "[slow]\nregex: (a+)+$\nreplace: x\n")
        let text = String(repeating: "a", count: 5000) + "b"
        #expect(sanitizers.sanitized(text) == text)
    }
}
