import GalleyParameters

/// Values that languages spell in different ways, or cannot hold.
enum LanguageValues {
    static let table: KeyValuePairs<String, ParameterValue> = [
        "null_value": nil, "yes": true, "no": false,
        "zero": 0, "seven": 7, "negative": -3, "int_max": 2_147_483_647, "int_min": -2_147_483_648,
        "past_int": 2_147_483_648, "exact": 9_007_199_254_740_992, "inexact": 9_007_199_254_740_993,
        "long_max": 9_223_372_036_854_775_807, "long_min": .integer(ParameterInteger(.min)),
        "past_long": digits("9223372036854775808"), "huge": digits("-1234567890123456789012345678901234567890"),
        "half": 0.5, "whole": 1.0, "tenth": 0.1, "minus_zero": -0.0, "small": 1e-7, "large": 1e300, "sixteen": 1e16,
        "tiniest": .double(.leastNonzeroMagnitude), "largest": 1.797_693_134_862_315_7e308,
        "not_a_number": .double(.nan),
        "infinite": .double(.infinity), "minus_infinite": .double(-.infinity),
        "empty": "", "word": "eu-west", "spaces": "  two  words ", "single_quote": "it's", "double_quote": "say \"hi\"",
        "triple_quotes": "'''\"\"\"'''", "backslash": #"C:\new\temp\"#, "backslash_u": #"\u0041\\x\n"#,
        "newlines": "one\ntwo\n", "carriage": "a\r\nb\rc", "tab": "a\tb",
        "controls": "\u{1}\u{7}\u{8}\u{C}\u{1B}1\u{7F}9",
        "null_character": "a\u{0}1", "line_ends": "a\u{2028}b\u{2029}c\u{85}d", "bidi": "a\u{202E}b\u{2066}c\u{200F}",
        "accents": "é ü ß – “quoted” ‘typed’ „low”", "wide": "日本語 한국어 ไทย", "emoji": "😀 👩‍👩‍👧 🇪🇺", "combining": "e\u{301}",
        "private_use": "\u{E000}\u{FEFF}\u{F0000}", "dollar": "$HOME ${HOME} $(pwd) `pwd` $x",
        "percent": "%d %s %%time {x} {{y}}",
        "comment": "*/ // # -- ; % <!-- --> |#", "questions": "what??/ who??? ?", "looks_like_number": "007",
        "looks_like_null": "NULL", "tilde": "~/data", "bang": "a!b !ls",
        "no_values": [], "integers": [1, 2, 3], "mixed_numbers": [1, 2.5], "wide_numbers": [1, 5_000_000_000],
        "inexact_numbers": [9_007_199_254_740_993, 0.5], "huge_numbers": [1, digits("-12345678901234567890")],
        "texts": ["a", "b c", ""], "truths": [true, false], "truth_and_number": [true, 1],
        "mixed": [1, "a", 2.5, false], "with_null": [1, nil, 3], "texts_with_null": ["a", nil], "only_null": [nil],
        "nested": [[1, 2], [3]], "nested_empty": [[1], []], "empty_in_list": [[]], "one_in_one": [["a"]],
        "deep": [[[["x"]]], []], "nested_mixed": [[1], ["a"], nil], "line_end_texts": ["a\nb", "c\u{0}d", "$e"],
        "no_members": [:], "numbers_by_name": ["a": 1, "b": 2], "texts_by_name": ["a": "x", "b": "y"],
        "mixed_by_name": ["path": "data", "rows": 100, "rate": 0.1, "drop": true, "limit": nil],
        "odd_names": [
            "a b": 1, "it's": 2, "\"q\"": 3, "$x": 4, "é": 5, "new\nline": 6, "back\\slash": 7, "__proto__": 8,
            "NULL": 9,
        ],
        "empty_name": ["": 1, "a": 2], "null_name": ["a\u{0}b": 1], "cases": ["a": 1, "A": 2],
        "maps": [["a": 1], ["a": 2]], "map_of_lists": ["x": [1, 2], "y": [], "z": [[]]],
        "map_of_maps": ["train": ["rate": 0.1, "layers": [64, 32]], "test": [:]],
        "configuration": ["name": "run", "steps": [["kind": "load"], ["kind": "fit", "n": 5]], "notes": nil],
    ]

    private static func digits(_ text: String) -> ParameterValue { ParameterInteger(text).map { .integer($0) } ?? nil }

    /// Returns the JSON of a value as Python's `json` reads it, with `NaN` and `Infinity`.
    static func json(_ value: ParameterValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): value.description
        case .double(let value) where value.isNaN: "NaN"
        case .double(let value) where value.isInfinite: value > 0 ? "Infinity" : "-Infinity"
        case .double(let value): "\(value)"
        case .string(let text): quoted(text)
        case .list(let values): "[" + values.map(json).joined(separator: ", ") + "]"
        case .map(let map):
            "{" + map.members.map { "\(quoted($0.name)): \(json($0.value))" }.joined(separator: ", ") + "}"
        @unknown default: fatalError()
        }
    }

    /// Returns a string of ASCII.
    static func quoted(_ text: String) -> String {
        "\""
            + text.utf16.map { unit in
                0x20..<0x7F ~= unit && unit != 0x22 && unit != 0x5C
                    ? String(UnicodeScalar(UInt8(unit)))
                    : "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            }.joined() + "\""
    }
}
