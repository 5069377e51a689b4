import GalleyJSON
import Testing

@Suite struct `A JSON value` {
    @Test func `A value has one kind, and converts to that kind alone`() throws {
        let document = try Document(parsing: Array(#"[null, true, false, 12, -1.5e3, "a\nb", [], {}]"#.utf8))
        let read = document.root.elements
        let made: [Value] = [nil, true, false, 12, .number(-1500.0), "a\nb", [], [:]]
        for values in [read, made] {
            #expect(values.map(\.kind) == [.null, .bool, .bool, .number, .number, .string, .array, .object])
            #expect(values.map(\.bool) == [nil, true, false, nil, nil, nil, nil, nil])
            #expect(values.map(\.int) == [nil, nil, nil, 12, nil, nil, nil, nil])
            #expect(values.map(\.number?.double) == [nil, nil, nil, 12, -1500, nil, nil, nil])
            #expect(values.map(\.string) == [nil, nil, nil, nil, nil, "a\nb", nil, nil])
            #expect(values.map(\.isNull) == [true, false, false, false, false, false, false, false])
        }
    }

    @Test(arguments: [
        (#""plain""#, "plain"), (#""\u00e9\/\"""#, "é/\""), (#""\ud83d\ude00""#, "😀"), (#""\ud83d x""#, "\u{FFFD} x"),
        (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\\u0041""#, "\\u0041"), ("\"日本\"", "日本"),
    ])
    func `A value reads the characters of a string`(text: String, characters: String) throws {
        // A lone surrogate is three bytes that are no scalar; the number of U+FFFD for them is not specified.
        func folded(_ string: String?) -> String? {
            string.map {
                String(
                    String.UnicodeScalarView(
                        $0.unicodeScalars.reduce(into: []) { all, scalar in
                            if scalar != "\u{FFFD}" || all.last != scalar { all.append(scalar) }
                        }))
            }
        }
        let document = try Document(parsing: Array(text.utf8))
        #expect(folded(document.root.string) == folded(characters))
    }

    @Test func `A value finds members by key, the last of repeated ones`() throws {
        let root = try Document(parsing: Array(#"{"a": 1, "\u0061": 2, "b": {"c": [3]}}"#.utf8)).root
        #expect(root["a"]?.int == 2)
        #expect(root["b"]?["c"]?[0].int == 3)
        #expect(root["x"] == nil)
        #expect(root["b"]?["c"]?["d"] == nil)
        #expect(root.members.map(\.key) == ["a", "a", "b"])
        #expect(root.count == 3)
        #expect(root.elements.isEmpty)
    }

    @Test(arguments: ["1", "-0", "1.50", "1e5", "NaN", "-Infinity", "123456789012345678901234567890"])
    func `A value keeps the spelling of a number`(spelling: String) throws {
        #expect(try #require(Number(spelling)).description == spelling)
    }

    @Test(arguments: ["", "+1", ".5", "1.", "0x1", "1 ", "null", "true", "--1", "nan", "٣"])
    func `A value refuses a number that is none`(spelling: String) {
        #expect(Number(spelling) == nil)
    }

    @Test func `A value makes its numbers readable for Python, and is unchanged if they are`() throws {
        let long = String(repeating: "1", count: 4300)
        func value(_ text: String) throws -> Value { try Document(parsing: Array(text.utf8)).root }
        for text in ["[\(long), -\(long)]", "[\"\(long)1\", 1.5, null]", "{}", "true"] {
            #expect(try !value(text).holdsUnreadableNumber)
            #expect(try value(text).withReadableNumbers.canonicalText.bytes == value(text).canonicalText.bytes)
        }
        let mended = try value("{\"a\": [-\(long)1, 2], \"b\": {\"c\": \(long)1}}").withReadableNumbers
        #expect(mended["a"]?[0].string == "-\(long)1")
        #expect(mended["a"]?[1].int == 2)
        #expect(mended["b"]?["c"]?.string == long + "1")
        #expect(!mended.holdsUnreadableNumber)
    }

    @Test func `A value is equal and in the same order after it is compacted`() throws {
        let text = #"{"b": [1.50, "\u00e9\ud800", null], "a": {"z": true, "y": [], "x": {}}}"#
        let read = try Document(parsing: Array(text.utf8)).root
        let made: Value = ["c": read, "b": [.number(1.5), "é\n"], "a": 7]
        for value in [read, made, [], 3, "x"] {
            #expect(value.compacted.canonicalText.bytes == value.canonicalText.bytes)
            #expect(value.compacted.members.map(\.key) == value.members.map(\.key))
        }
    }
}
