import GalleyParameters
import Testing

@Suite struct YAMLTests {
    @Test(
        arguments: [
            ("a: 1", ["a": 1]), ("a: 1.5", ["a": 1.5]), ("a: 1e3", ["a": 1000.0]), ("a: -1.5e-3", ["a": -0.0015]),
            ("a: 1_000", ["a": 1000]), ("a: 0x1F", ["a": 31]), ("a: 010", ["a": 8]), ("a: 0b11", ["a": 3]),
            ("a: 123456789012345678901234567890", ["a": .integer(ParameterInteger("123456789012345678901234567890")!)]),
            ("a: yes\nb: Off\nc: true", ["a": true, "b": false, "c": true]), ("a: y", ["a": "y"]),
            ("a:\nb: ~\nc: null", ["a": nil, "b": nil, "c": nil]),
            ("a: .inf\nb: -.INF", ["a": .double(.infinity), "b": .double(-.infinity)]),
            ("[0, -0, +1, 0_, 1_, -0x_f, 0b1_0, -07]", [0, 0, 1, 0, 1, -15, 2, -7]),
            ("[1., -.5, 1_0.2_5, +1.e-2, 1E+2, .5e1]", [1.0, -0.5, 10.25, 0.01, 100.0, 5.0]),
            (
                "[_1, 1__x, 08, 0x, 0b2, 1e, 1.2.3, '+', -, ., ._5, -.nan, .InF, e5, 1.5e+, ١]",
                [
                    "_1", "1__x", "08", "0x", "0b2", "1e", "1.2.3", "+", "-", ".", "._5", "-.nan", ".InF", "e5",
                    "1.5e+", "١",
                ]
            ),
            (
                "a: 2024-01-31\nb: 2024-01-31T10:00:00Z\nc: 12:30",
                ["a": "2024-01-31", "b": "2024-01-31T10:00:00Z", "c": "12:30"]
            ),
            ("a: '1'\nb: \"\\u00e9\\n\"", ["a": "1", "b": "é\n"]), ("a: |\n  x\n  y\n", ["a": "x\ny\n"]),
            ("a: >\n  x\n  y\n", ["a": "x y\n"]), ("a: [1, [2, b], {c: d}]", ["a": [1, [2, "b"], ["c": "d"]]]),
            ("a:\n- 1\n- 2\n", ["a": [1, 2]]), ("1: a\ntrue: b", ["1": "a", "true": "b"]),
            ("a: &x [1]\nb: *x", ["a": [1], "b": [1]]),
            (
                "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3",
                [
                    "a": ["p": 1, "q": 2], "b": ["p": 1, "q": 3],
                ]
            ),
            ("a: !!str 1\nb: !!float 1\nc: !!int '7'", ["a": "1", "b": 1.0, "c": 7]),
            ("{\"a\": \"\\ud83d\\ude00\", \"b\": 1E3}", ["a": "😀", "b": 1000.0]), ("# only a comment\n", nil),
            ("", nil),
            ("\u{FEFF}a: 1\r\nb: 2\r\n", ["a": 1, "b": 2]), ("a: 日本 $x `y`", ["a": "日本 $x `y`"]),
        ] as [(String, ParameterValue)])
    func `YAML has the values that papermill reads, with dates as text`(text: String, value: ParameterValue) throws {
        #expect(try ParameterValue(yaml: text) == value)
    }

    @Test(arguments: [
        ("a: [1, 2\nb: 3\n", 2, 2), ("a: b: c", 1, 5), ("a: 1\na: 2", 2, 1), ("a: *x", 1, 4), ("a: &x [*x]", 1, 8),
        ("a: !python/object x", 1, 4), ("a: !!int x", 1, 4), ("a: 1\n---\nb: 2", 2, 1), ("[a]: 1", 1, 1),
        ("a: 1\n<<: 3", 2, 1), ("a: \"x", 1, 6), ("a: 1\n\tb: 2", 2, 1), ("a: !!set {x}", 1, 4),
    ])
    func `A text that is not YAML is refused at a line and a column`(text: String, line: Int, column: Int) {
        let error = #expect(throws: ParameterError.self) { try ParameterValue(yaml: text) }
        guard case .invalidText(line, column, _)? = error else {
            Issue.record("\(text): \(error.map { "\($0)" } ?? "")")
            return
        }
    }

    @Test func `Aliases that repeat values without end are refused`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(throws: ParameterError.self) { try ParameterValue(yaml: text) }
    }

    @Test func `Aliases that nest values without end are refused`() {
        var text = "a0: &a0 [x]\n"
        for level in 1...1000 { text += "a\(level): &a\(level) [[[[*a\(level - 1)]]]]\n" }
        #expect(throws: ParameterError.self) { try ParameterValue(yaml: text) }
    }

    @Test func `A map can have many names, and a member that only settings give a meaning`() throws {
        let text = (1...20_000).map { "name\($0): \($0)\n" }.joined()
        guard case .map(let map) = try ParameterValue(yaml: text) else { return #expect(Bool(false)) }
        #expect(map.members.count == 20_000 && map["name20000"] == 20_000)
        #expect(try ParameterValue(yaml: #"{"a": {"$number": "5"}}"#) == ["a": ["$number": "5"]])
    }

    @Test func `Values that are nested without end are refused`() {
        let text = "a: " + String(repeating: "[", count: 100_000)
        #expect(throws: ParameterError.self) { try ParameterValue(yaml: text) }
    }
}
