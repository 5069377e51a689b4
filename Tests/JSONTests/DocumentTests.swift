import GalleyJSON
import Testing

@Suite struct `A JSON document` {
    @Test(arguments: JSONTexts.accepted)
    func `A document is written byte for byte as it was read if nothing was changed`(text: String) throws {
        let document = try Document(parsing: Array(text.utf8))
        #expect(document.text.string == text)
    }

    @Test(arguments: JSONTexts.accepted)
    func `A document is written as it was read after every part was visited`(text: String) throws {
        var document = try Document(parsing: Array(text.utf8))
        document.root.prepareEverything()
        #expect(document.text.string == text)
    }

    @Test func `A document keeps a byte order mark, CRLF and a missing last line end around a change`() throws {
        let edited = try edit("\u{FEFF}{\r\n  \"a\": 1,\r\n  \"b\": [\r\n    1\r\n  ]\r\n}") {
            $0["a"] = ["x": [1, 2]]
            $0["b"]?.append("é")
        }
        #expect(
            edited
                == "\u{FEFF}{\r\n  \"a\": {\r\n    \"x\": [\r\n      1,\r\n      2\r\n    ]\r\n  },\r\n  \"b\": [\r\n    1,\r\n    \"é\"\r\n  ]\r\n}"
        )
    }

    @Test(arguments: Edit.table)
    func `A document changes only where it is edited`(edit: Edit) throws {
        var document = try Document(parsing: Array(edit.before.utf8))
        edit.change(&document.root)
        #expect(document.text.string == edit.after)
    }

    @Test func `A document writes a value of another document in its own style`() throws {
        let other = try Document(parsing: Array(#"{"k": {"b": 1E5, "a": "\u00e9\/", "b": 2}, "n": -0}"#.utf8))
        var document = Document([:])
        document.root["taken"] = other.root["k"]
        document.root["zero"] = other.root["n"]
        #expect(document.text.string == "{\n \"taken\": {\n  \"a\": \"é/\",\n  \"b\": 2\n },\n \"zero\": 0\n}\n")
    }

    @Test func `A document keeps the spelling of a value that moves within it`() throws {
        let edited = try edit(#"{"a": 1E5, "b": "\/", "c": null}"#) {
            $0["c"] = [$0["a"] ?? nil, $0["b"] ?? nil]
            $0["a"] = nil
        }
        #expect(edited == #"{"b": "\/", "c": [1E5, "\/"]}"#)
    }

    @Test func `A document is a value: a change to a copy leaves the original unchanged`() throws {
        let one = try Document(parsing: Array(#"{"a": [1]}"#.utf8))
        var two = one
        two.root["a"]?.append(2)
        var three = two
        three.root["a"]?[0] = 0
        #expect(one.text.string == #"{"a": [1]}"#)
        #expect(two.text.string == #"{"a": [1, 2]}"#)
        #expect(three.text.string == #"{"a": [0, 2]}"#)
    }

    @Test func `A document knows where a value was read`() throws {
        var document = try Document(parsing: Array("{\n \"é\": [1,\n  {\"b\": 2}]\n}".utf8))
        let inner = try #require(document.root["é"]?[1]["b"])
        #expect(document.position(of: inner).map { [$0.line, $0.column] } == [3, 9])
        document.root["é"]?.append(3)
        let array = try #require(document.root["é"])
        #expect(document.position(of: array).map { [$0.line, $0.column] } == [2, 7])
        #expect(document.position(of: 1) == nil)
    }

    @Test func `A document hands over its bytes in few runs, mostly as they were read`() throws {
        var document = try Document(
            parsing: Array("[\(String(repeating: "\"a string of some length\",\n", count: 9999))1]".utf8))
        document.root[5000] = "x"
        document.root[5001] = "y"
        var lengths: [Int] = []
        document.text.forEachRun { lengths.append($0.count) }
        #expect(lengths.count == 3)
        #expect(lengths.reduce(0, +) == document.text.count)
        #expect(document.text.count == document.text.bytes.count)
    }

    @Test func `A document can be nested up to the limit and still be rewritten`() throws {
        let depth = 1000
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let document = try Document(parsing: Array(text.utf8))
        #expect(document.text.string == text)
        #expect(document.root.canonicalText.count > depth * depth)
    }
}

/// A change to a document, with the text before and after.
struct Edit: Sendable, CustomTestStringConvertible {
    let name: String
    let before: String
    let after: String
    let change: @Sendable (inout Value) -> Void
    var testDescription: String { name }

    static let table = [
        Edit("a string for a string", #"{"a" : "x" , "b":1}"#, #"{"a" : "y" , "b":1}"#) { $0["a"] = "y" },
        Edit(
            "numbers beside it keep their spelling", "[1.0, 1e5, 1234567890123456789012345678901234567890, 2]",
            "[1.0, 1e5, 1234567890123456789012345678901234567890, 3]"
        ) { $0[3] = 3 },
        Edit("a member at the end of an unsorted object", #"{"b": 1, "a": 2}"#, #"{"b": 1, "a": 2, "aa": 3}"#) {
            $0["aa"] = 3
        },
        Edit("a member at the sorted place of a sorted one", #"{"a": 1, "c": 2}"#, #"{"a": 1, "b": 3, "c": 2}"#) {
            $0["b"] = 3
        },
        Edit("a member before the first", "{\n \"b\": 1\n}\n", "{\n \"a\": [],\n \"b\": 1\n}\n") { $0["a"] = [] },
        Edit(
            "a sorted place by code points, not by what Unicode holds for equal", #"{"e\u0301": 1, "z": 2}"#,
            #"{"e\u0301": 1, "z": 2, "\u00e9": 3}"#
        ) { $0["\u{E9}"] = 3 },
        Edit("the last of repeated keys", #"{"a": 1, "a": 2}"#, #"{"a": 1, "a": 3}"#) { $0["a"] = 3 },
        Edit("every one of repeated keys away", #"{"a": 1, "b": 0, "a": 2}"#, #"{"b": 0}"#) { $0["a"] = nil },
        Edit("a key that is written with escapes", #"{"\u0061\n": 1}"#, #"{"\u0061\n": 2}"#) { $0["a\n"] = 2 },
        Edit("the first element away", "[\n  1,\n  2,\n  3\n]", "[\n  2,\n  3\n]") {
            $0.replaceElements(0..<1, with: [])
        },
        Edit("the first of a line away", "[1, 2, 3]", "[2, 3]") { $0.replaceElements(0..<1, with: []) },
        Edit("the last element away", "[\n  1,\n  2 ,\n  3\n]", "[\n  1,\n  2\n]") {
            $0.replaceElements(2..<3, with: [])
        },
        Edit("all elements away", "[\n  1,\n  2\n]", "[]") { $0.replaceElements(0..<2, with: []) },
        Edit("an element before the first of a line", "[1, 2]", "[0, 1, 2]") { $0.replaceElements(0..<0, with: [0]) },
        Edit("an element behind the only one of a line", #"{"a":[1],"b":2}"#, #"{"a":[1,9],"b":2}"#) {
            $0["a"]?.append(9)
        },
        Edit(
            "an element into an empty array", "{\n\t\"a\": []\n}", "{\n\t\"a\": [\n\t\t{\n\t\t\t\"k\": 1\n\t\t}\n\t]\n}"
        ) {
            $0["a"]?.append(["k": 1])
        },
        Edit("an element into an empty array with space in it", "[ ]", "[\n 1\n]") { $0.append(1) },
        Edit("an empty array with space in it that is looked into", "{\"a\": [ ], \"b\": 1}", "{\"a\": [ ], \"b\": 2}")
        {
            $0["a"]?.prepareForChanges()
            $0["b"] = 2
        },
        Edit(
            "a value into nested brackets that do not follow the style", "{\n  \"a\": {\"x\": [1,2]},\n  \"b\": 1\n}",
            "{\n  \"a\": {\"x\": [1,2,3]},\n  \"b\": 1\n}"
        ) { $0["a"]?["x"]?.append(3) },
        Edit("an indentation of four", "{\n    \"a\": 1\n}", "{\n    \"a\": 1,\n    \"b\": [\n        1\n    ]\n}") {
            $0["b"] = [1]
        },
        Edit("lines without indentation", "{\n\"a\": 1\n}", "{\n\"a\": 1,\n\"b\": [\n1\n]\n}") { $0["b"] = [1] },
        Edit("ASCII stays ASCII", #"["\u00e9"]"#, #"["\u00e9", "\ud83d\ude00\u007f"]"#) { $0.append("😀\u{7F}") },
        Edit("characters stay characters", #"["é"]"#, "[\"é\", \"😀\u{7F}\"]") { $0.append("😀\u{7F}") },
        Edit("an array for an object", "{\n  \"a\": {\n    \"b\": 1\n  }\n}", "{\n  \"a\": [\n    true\n  ]\n}") {
            $0["a"] = [true]
        },
        Edit("a plain root", " 1 \n", " null \n") { $0 = nil },
        Edit("a value set to itself", "[ 1.50 , {} ]", "[ 1.50 , {} ]") { $0[0] = $0[0] },
    ]

    init(_ name: String, _ before: String, _ after: String, _ change: @escaping @Sendable (inout Value) -> Void) {
        (self.name, self.before, self.after, self.change) = (name, before, after, change)
    }
}

/// Valid JSON texts, each with a property that a careless reader or writer loses.
enum JSONTexts {
    static let accepted = [
        "0", " -0.0e-00 ", "1E400", "\"\"", "null", "true", "false", "NaN", "[NaN, Infinity, -Infinity]",
        "[]", "{}", "[ ]", "{\n}", "[[],[[]],{}]", #"{"a":{"a":{}},"a":[]}"#,
        "{\"b\" :1.0 ,\t\"a\": [ 1e5, 1E+5,12345678901234567890123456789012345678901234567890 ]\r\n}\r\n",
        #"["\ud800", "\udc00\ud800", "\uD83D\uDE00", "\u0000", "\/", "\"\\\b\f\n\r\t"]"#,
        "\u{FEFF}{\"é\": \"日本語 😀 \u{2028}\u{7F}\"}", "[\"\(String(repeating: "x", count: 300))\\n\", 1]",
        "[\"1234567\", \"12345678\", \"123456789\", \"1234567\\n\", \"1234567é\"]",
    ]
}

extension JSONText {
    var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension Value {
    /// Prepares every array and object for changes, as a change deep inside does.
    mutating func prepareEverything() {
        prepareForChanges()
        if kind == .array {
            for index in 0..<count { self[index].prepareEverything() }
        } else if kind == .object {
            for (key, _) in members { self[key]?.prepareEverything() }
        }
    }
}

private func edit(_ text: String, _ change: (inout Value) -> Void) throws -> String {
    var document = try Document(parsing: Array(text.utf8))
    change(&document.root)
    return document.text.string
}
