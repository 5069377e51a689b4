/// Splits source code into tokens for syntax coloring.
struct Lexer {
    let bytes: [UInt8]
    private let language: Language
    private var place = 0
    private var isAtLineStart = true

    enum Kind: String {
        case keyword, builtin, string, number, comment, decorator, magic, variable
    }

    init(_ source: String, _ language: Language) {
        bytes = Array(source.utf8)
        self.language = language
    }

    /// Returns the next token's range and kind; the kind is nil for text without color.
    mutating func next() -> (Range<Int>, Kind?)? {
        guard place < bytes.count else { return nil }
        let start = place
        let kind = advance()
        let piece = bytes[start..<place]
        if let last = piece.last(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) {
            isAtLineStart = last == UInt8(ascii: "\n")
        }
        return (start..<place, kind)
    }

    private mutating func advance() -> Kind? {
        let byte = bytes[place]
        if language.hasMagics, isAtLineStart, let kind = magic() { return kind }
        if isComment { return .comment }
        if isBlockComment() { return .comment }
        if language.quotes.contains(byte), string() { return .string }
        if byte == UInt8(ascii: "@"), language.hasDecorators, follows(1, \.isNameStart) {
            if bytes[..<place].last?.isName == true || !isAtLineStart && language.hasMagics { return skip(1) }
            place += 1
            takeName(alsoDots: true)
            return .decorator
        }
        if byte == UInt8(ascii: "$"), language.hasVariables { return variable() }
        if byte.isDigit || byte == UInt8(ascii: ".") && follows(1, \.isDigit) { return number() }
        if byte.isNameStart { return word() }
        return skip(1)
    }

    private mutating func skip(_ count: Int) -> Kind? {
        place += count
        return nil
    }

    private func follows(_ distance: Int, _ condition: (UInt8) -> Bool) -> Bool {
        place + distance < bytes.count && condition(bytes[place + distance])
    }

    private func starts(_ pattern: [UInt8], at index: Int) -> Bool {
        index + pattern.count <= bytes.count && bytes[index..<index + pattern.count].elementsEqual(pattern)
    }

    private mutating func takeLine() {
        while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
    }

    private mutating func takeName(alsoDots: Bool = false) {
        while place < bytes.count, bytes[place].isName || alsoDots && bytes[place] == UInt8(ascii: ".") { place += 1 }
    }
}

// MARK: - Words and numbers

extension Lexer {
    private mutating func word() -> Kind? {
        let start = place
        takeName()
        var name = String(decoding: bytes[start..<place], as: UTF8.self)
        if place < bytes.count, language.quotes.contains(bytes[place]), language.stringPrefixes.contains(name),
            string()
        {
            return .string
        }
        if bytes[..<start].last == UInt8(ascii: ".") { return nil }
        if language.ignoresCase { name = name.lowercased() }
        if language.keywords.contains(name) { return .keyword }
        return language.builtins.contains(name) ? .builtin : nil
    }

    private mutating func number() -> Kind {
        let isRadix = bytes[place] == UInt8(ascii: "0") && follows(1) { "xXbBoO".utf8.contains($0) }
        while place < bytes.count {
            let byte = bytes[place]
            let isExponent = !isRadix && (byte | 0x20) == UInt8(ascii: "e")
            place += 1
            if isExponent, follows(0, { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }) { place += 1 }
            if !follows(0, { $0.isName || $0 == UInt8(ascii: ".") }) { break }
            // Two dots form a range.
            if follows(0, { $0 == UInt8(ascii: ".") }), !follows(1, \.isDigit) {
                if !follows(1, { $0 == UInt8(ascii: ".") || $0.isNameStart }) { place += 1 }
                break
            }
        }
        return .number
    }

    private mutating func variable() -> Kind? {
        guard place + 1 < bytes.count else { return skip(1) }
        let next = bytes[place + 1]
        if next == UInt8(ascii: "{") {
            let end = bytes[place...].prefix(200).firstIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "\n") }
            place = end.map { $0 + 1 } ?? place + 2
            return .variable
        }
        if next.isNameStart {
            place += 1
            takeName()
            return .variable
        }
        guard next.isDigit || "@*#?!$-".utf8.contains(next) else { return skip(1) }
        place += 2
        return .variable
    }

    /// Consumes IPython syntax: `%time f()`, `!ls`, or `%%bash` with all lines below it.
    private mutating func magic() -> Kind? {
        switch bytes[place] {
        case UInt8(ascii: "%") where starts(Array("%%".utf8), at: place) && bytes[..<place].allSatisfy(\.isBlank):
            let first = place
            takeLine()
            let name = String(decoding: bytes[first + 2..<place].prefix { $0.isName }, as: UTF8.self)
            // The cell below these magics is still Python.
            if !["time", "timeit", "capture", "prun", "memit", "mprun"].contains(name) { place = bytes.count }
        case UInt8(ascii: "%") where follows(1, \.isNameStart), UInt8(ascii: "!"): takeLine()
        case UInt8(ascii: "?") where follows(1) { $0.isNameStart || $0 == UInt8(ascii: "?") }: takeLine()
        default: return nil
        }
        return .magic
    }
}

// MARK: - Comments and strings

extension Lexer {
    private var isComment: Bool {
        mutating get {
            guard language.lineComments.contains(where: { starts($0, at: place) }) else { return false }
            if language.commentsNeedSpace, let before = bytes[..<place].last, !before.isBlank,
                !";|&(".utf8.contains(before)
            {
                return false
            }
            // Julia's block comments begin with its line comment character.
            if let block = language.blockComment, starts(block.start, at: place) { return false }
            takeLine()
            return true
        }
    }

    private mutating func isBlockComment() -> Bool {
        guard let block = language.blockComment, starts(block.start, at: place) else { return false }
        place += block.start.count
        while place < bytes.count, !starts(block.end, at: place) { place += 1 }
        place = min(bytes.count, place + block.end.count)
        return true
    }

    /// Consumes the string at the current position; returns false if the quote is not a delimiter.
    private mutating func string() -> Bool {
        let quote = bytes[place]
        let isTriple =
            language.hasTripleQuotes && quote != UInt8(ascii: "`") && starts([quote, quote, quote], at: place)
        if quote == UInt8(ascii: "'"), language.hasCharacters, !isCharacter { return false }
        let end = isTriple ? [quote, quote, quote] : [quote]
        let isLong = isTriple || language.longQuotes.contains(quote)
        place += end.count
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "\\") {
                place += 2
                continue
            }
            if starts(end, at: place) {
                place += end.count
                break
            }
            if bytes[place] == UInt8(ascii: "\n"), !isLong { break }
            place += 1
        }
        place = min(place, bytes.count)
        return true
    }

    /// Whether the quote here begins a character literal, not a lifetime or a transposed matrix.
    private var isCharacter: Bool {
        if bytes[..<place].last?.isName == true { return false }
        guard place + 1 < bytes.count else { return false }
        let first = bytes[place + 1]
        if first == UInt8(ascii: "\\") { return true }
        let length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        return follows(1 + length) { $0 == UInt8(ascii: "'") }
    }
}

extension UInt8 {
    /// Whether it is an ASCII digit.
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    /// Whether it is an ASCII letter.
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
    /// Whether a name may begin with it; bytes beyond ASCII count as letters.
    var isNameStart: Bool { isLetter || self == UInt8(ascii: "_") || self >= 0x80 }
    /// Whether a name may contain it.
    var isName: Bool { isNameStart || isDigit }
    /// Whether it is white space or a line break.
    var isBlank: Bool { self == 32 || (9...13).contains(self) }
}
