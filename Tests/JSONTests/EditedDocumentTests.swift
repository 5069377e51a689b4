import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@Suite struct `An edited document` {
    private static let styles: [(String, JSONStyle)] = [
        ("canonical", .canonical),
        ("four spaces, unsorted", JSONStyle(indentation: "    ", sortsKeys: false)),
        ("a space at the end of lines", JSONStyle(indentation: "  ", spaceAfterComma: " ")),
        (
            "tabs and CRLF, ASCII",
            JSONStyle(indentation: "\t", lineEnd: "\r\n", keySeparator: " : ", escapesNonASCII: true)
        ),
        ("one line", JSONStyle(indentation: nil, spaceAfterComma: " ", sortsKeys: false)),
        (
            "one line without space",
            JSONStyle(indentation: nil, keySeparator: ":", escapesNonASCII: true)
        ),
    ]

    @Test(arguments: styles)
    func `An edited document looks as if it had been written from scratch`(name: String, style: JSONStyle) throws {
        let seed =
            ProcessInfo.processInfo.environment["GALLEY_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
        print("edits, \(name): GALLEY_SEED=\(seed) repeats them")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<400 {
            // The outermost object shows the style: it has two members, one of them beyond ASCII, sorted or not.
            var members = [("a", Value.string("é")), ("zz", RandomValue.make(depth: 3, using: &random))]
            for key in RandomValue.keys where Bool.random(using: &random) {
                members.insert((key, RandomValue.make(depth: 3, using: &random)), at: 1)
            }
            if !style.sortsKeys { members.reverse() }
            let written = Document(.object(members), style: style).text.bytes
            var document = try Document(parsing: written)
            try #require(document.style == style, "\(String(decoding: written, as: UTF8.self))")
            for _ in 0..<4 {
                RandomValue.edit(&document.root["zz"]!, using: &random)
                RandomValue.edit(&document.root, using: &random, keeping: ["a", "zz"])
            }
            let edited = document.text.string
            // Rebuilding the value drops all bytes that were read.
            let anew = Document(document.root.rebuilt, style: style).text.string
            try #require(edited == anew, "seed \(seed)")
            try #require(try Document(parsing: Array(edited.utf8)).text.string == edited)
        }
    }
}

extension JSONStyle {
    /// Returns a style that differs from the canonical one in the given properties.
    fileprivate init(
        indentation: String?, lineEnd: String = "\n", spaceAfterComma: String = "", keySeparator: String = ": ",
        escapesNonASCII: Bool = false, sortsKeys: Bool = true
    ) {
        self = .canonical
        self.indentation = indentation
        self.lineEnd = lineEnd
        self.spaceAfterComma = spaceAfterComma
        self.keySeparator = keySeparator
        self.escapesNonASCII = escapesNonASCII
        self.sortsKeys = sortsKeys
    }
}

private enum RandomValue {
    static let keys = ["b", "c\"", "k\n", "x", "é", "日"]

    static func make(depth: Int, using random: inout SeededGenerator) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .number(Int.random(in: -1000...1000, using: &random))
        case 3: return .number(Double.random(in: -1...1, using: &random))
        case 4: return ["", "plain", "é\u{7F}😀", "\"\\/\u{1}\r\n\t", "\u{2028}"].randomElement(using: &random)!
        case 5: return Bool.random(using: &random) ? [] : [:]
        case 6:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in make(depth: depth - 1, using: &random) })
        default:
            var members: [(String, Value)] = []
            for key in keys where Bool.random(using: &random) {
                members.append((key, make(depth: depth - 1, using: &random)))
            }
            return .object(members)
        }
    }

    /// Changes a part of a value, at any depth; members whose keys are in `kept` are neither removed nor
    /// replaced.
    static func edit(_ value: inout Value, using random: inout SeededGenerator, keeping kept: [String] = []) {
        let made = make(depth: 2, using: &random)
        switch value.kind {
        case .array where value.count > 0 && Bool.random(using: &random):
            edit(&value[Int.random(in: 0..<value.count, using: &random)], using: &random)
        case .array:
            let start = Int.random(in: 0...value.count, using: &random)
            let end = Int.random(in: start...value.count, using: &random)
            value.replaceElements(start..<end, with: Bool.random(using: &random) ? [made] : [])
        case .object:
            let key = (keys + value.members.map(\.key)).randomElement(using: &random)!
            if kept.contains(key) { return }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: value[key] = made
            case 1: value[key] = nil
            default: if value[key] != nil { edit(&value[key]!, using: &random) }
            }
        default: value = made
        }
    }
}

extension Value {
    /// Returns an equal value that was not read from a document.
    fileprivate var rebuilt: Value {
        switch kind {
        case .null: .null
        case .bool: .bool(bool!)
        case .number: .number(number!)
        case .string: .string(string!)
        case .array: .array(elements.map(\.rebuilt))
        case .object: .object(members.map { ($0.key, $0.value.rebuilt) })
        }
    }
}
