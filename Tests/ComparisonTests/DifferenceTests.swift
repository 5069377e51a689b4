import GalleyTestSupport
import Testing

@testable import GalleyComparison

@Suite struct `An edit script` {
    @Test func `An edit script turns one list into the other, and keeps all common elements`() throws {
        var random = RandomIntegers(state: 5)
        for _ in 0..<3000 {
            let letters = random.next(1...6)
            let old = (0..<random.next(0...12)).map { _ in random.next(0...letters) }
            let new = (0..<random.next(0...12)).map { _ in random.next(0...letters) }
            let script = try #require(EditScript(from: old, to: new))
            #expect(apply(script, to: old, new) == new)
            let touched = script.changes.reduce(0) { $0 + $1.old.count + $1.new.count }
            #expect(touched == old.count + new.count - 2 * common(old, new))
            for (one, other) in zip(script.changes, script.changes.dropFirst()) {
                #expect(one.old.upperBound < other.old.lowerBound || one.new.upperBound < other.new.lowerBound)
            }
        }
    }

    @Test func `An edit script finds a few changes in long lists, and gives up if everything differs`() throws {
        let old = Array(0..<200_000)
        var new = old
        for index in stride(from: 1000, to: 190_000, by: 30_000) { new[index] = -index }
        new.insert(7, at: 99)
        let script = try #require(EditScript(from: old, to: new))
        #expect(script.changes.count == 8)
        #expect(apply(script, to: old, new) == new)
        #expect(EditScript(from: old, to: old.map { -$0 - 1 }) == nil)
    }

    private func apply(_ script: EditScript, to old: [Int], _ new: [Int]) -> [Int] {
        var result = old
        for change in script.changes.reversed() { result.replaceSubrange(change.old, with: new[change.new]) }
        return result
    }

    /// The length of the longest common subsequence, by dynamic programming.
    private func common(_ old: [Int], _ new: [Int]) -> Int {
        var row = Array(repeating: 0, count: new.count + 1)
        for one in old {
            var corner = 0
            for (index, other) in new.enumerated() {
                let up = row[index + 1]
                row[index + 1] = one == other ? corner + 1 : max(up, row[index])
                corner = up
            }
        }
        return row[new.count]
    }
}

/// A pseudorandom generator, which gives the same numbers for the same seed.
struct RandomIntegers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
    mutating func next(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}

@Suite struct `A text diff` {
    @Test(
        arguments: [
            ("3.14\n", "3.15\n", ["- 3.14", "+ 3.15", "?    ^"]),
            ("abc", "abcde", ["- abc", "+ abcde", "?    ^^"]),
            ("abc", "xyz", ["- abc", "+ xyz"]),
            ("a\tb1", "a\tb2", ["- a\tb1", "+ a\tb2", "?  \t ^"]),
            ("a\u{202E}b", "a\u{2028}b", ["- a\\u{202E}b", "+ a\\u{2028}b", "?        ^"]),
            ("a\nb\nc\n", "a\nc\n", ["  a", "- b", "  c"]),
            ("a\n", "a\nb\nc\n", ["  a", "+ b", "+ c"]),
            ("", "a", ["+ a"]),
            ("a\n", "a", ["- a", "+ a", "\\ no line break at the end"]),
            ("a \n", "a\n", ["- a ", "+ a", "?  ^"]),
            ("a\r\n", "a\n", ["- a\\r", "+ a", "?  ^^"]),
            ("\u{1B}[31mred\u{1B}[0m", "red", ["- \\u{1B}[31mred\\u{1B}[0m", "+ red"]),
            ("\u{1B}[31mred", "\u{1B}[31mrad", ["- red", "+ rad", "?  ^"]),
            ("\u{E9}", "e\u{301}", ["- \\u{00E9}", "+ e\\u{0301}", "? ^^^^^^^^"]),
            ("a\u{7}b", "a\u{0}b", ["- a\\u{07}b", "+ a\\0b", "?   ^^^^^"]),
        ] as [(HostileText, HostileText, [String])])
    func `A text diff shows removed and added lines`(old: HostileText, new: HostileText, lines: [String]) {
        #expect(TextDifference(from: old.text, to: new.text).lines == lines)
    }

    @Test func `A text diff shows a few lines around each change`() {
        let old = (1...40).map { "line \($0)\n" }.joined()
        let new = old.replacing("line 9\n", with: "line nine\n").replacing("line 30\n", with: "")
        #expect(
            TextDifference(from: old, to: new).lines == [
                "@@ -6,7 +6,7 @@", "  line 6", "  line 7", "  line 8", "- line 9", "+ line nine", "?      ^^^^",
                "  line 10", "  line 11", "  line 12",
                "@@ -27,7 +27,6 @@", "  line 27", "  line 28", "  line 29", "- line 30", "  line 31", "  line 32",
                "  line 33",
            ])
    }

    @Test func `A text diff stays short, even for long texts and long lines`() {
        let old = (0..<5000).map { "\($0)\n" }.joined()
        let new = (0..<5000).map { "\($0 % 10 == 0 ? -$0 - 1 : $0)\n" }.joined()
        let lines = TextDifference(from: old, to: new).lines
        #expect(lines.count == 61)
        #expect(lines.last?.hasPrefix("… ") ?? false)
        let other = (0..<5000).map { "\(-$0 - 1)\n" }.joined()
        #expect(TextDifference(from: old, to: other).lines.count == 22)
        let long = String(repeating: "x", count: 100_000)
        let pair = TextDifference(from: long + "1" + long, to: long + "2" + long).lines
        #expect(pair.count == 3)
        #expect(pair.allSatisfy { $0.unicodeScalars.count < 170 })
        #expect(pair[0].contains("1") && pair[1].contains("2"))
        let odd = String(repeating: "\u{1}\u{E9}", count: 300_000)
        #expect(TextDifference(from: odd, to: odd + "x").lines.count == 3)
        let place = pair[2].unicodeScalars.firstIndex(of: "^").map {
            pair[2].unicodeScalars.distance(from: pair[2].startIndex, to: $0)
        }
        #expect(place.map { Array(pair[0].unicodeScalars)[$0] } == "1")
    }
}
