/// Parses inline Markdown: emphasis, links, code, formulas.
struct MarkdownInline {
    private let bytes: [UInt8]
    private let references: [String: MarkdownReference]
    private var place = 0
    private var pieces: [Piece] = []
    private var delimiters = DelimiterStack()
    private var brackets: [Bracket] = []
    /// The last index of a backtick run (by its length), of a dollar sign and of `>`. An opener after it is text.
    private var lastBackticks: [Int: Int] = [:]
    private var lastDollars = -1
    private var lastBracket = -1

    /// A part of the text.
    enum Piece {
        case text([UInt8])
        /// Untrusted HTML.
        case html([UInt8])
        case image(html: [UInt8], description: [UInt8])
        /// A delimiter run, with the emphasis tags that it was matched to.
        case signs(DelimiterRun)
        /// Safe HTML, with its plain text.
        case made(HTML, text: [UInt8])
    }

    struct DelimiterRun {
        let sign: UInt8
        var count: Int
        var opening: [UInt8] = []
        var closing: [UInt8] = []
    }

    private struct Bracket {
        let piece: Int
        /// The index of the text after the bracket.
        let start: Int
        let isImage: Bool
        var isActive = true
        /// The number of delimiter runs before the bracket.
        let bottom: Int
    }

    private static let mostBrackets = 500
    private static let longestFormula = 1500

    init(_ bytes: [UInt8], references: [String: MarkdownReference]) {
        (self.bytes, self.references) = (bytes, references)
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "`"):
                let length = bytes[index...].prefix { $0 == UInt8(ascii: "`") }.count
                lastBackticks[length] = index
                index += length
                continue
            case UInt8(ascii: "$"): lastDollars = index
            case UInt8(ascii: ">"): lastBracket = index
            default: break
            }
            index += 1
        }
    }

    /// Returns the parts of the whole text.
    mutating func read() -> [Piece] {
        while place < bytes.count { readNext() }
        delimiters.match(from: 0, in: &pieces)
        return pieces
    }

    private func at(_ distance: Int) -> UInt8? {
        let index = place + distance
        return bytes.indices.contains(index) ? bytes[index] : nil
    }

    private mutating func readNext() {
        switch bytes[place] {
        case UInt8(ascii: "\\"): backslash()
        case UInt8(ascii: "`"): code()
        case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"): signs()
        case UInt8(ascii: "$"): math()
        case UInt8(ascii: "["): openBracket(isImage: false)
        case UInt8(ascii: "!") where at(1) == UInt8(ascii: "["): openBracket(isImage: true)
        case UInt8(ascii: "]"): closeBracket()
        case UInt8(ascii: "<"): html()
        case UInt8(ascii: "&"):
            if let (character, end) = CharacterReference.read(bytes[place...]) {
                add(character.utf8, end)
            } else {
                addText(1)
            }
        case UInt8(ascii: "\n"): lineEnd()
        case UInt8(ascii: "h") where !(at(-1)?.isName ?? false): address()
        default: addText(1)
        }
    }

    /// Adds `count` bytes as text, with all following bytes that are not special.
    private mutating func addText(_ count: Int) {
        var end = place + count
        while end < bytes.count, !Self.special.contains(bytes[end]) { end += 1 }
        add(bytes[place..<end], end)
    }

    private static let special = Set("\\`*_~$[]!<&\nh".utf8)

    private mutating func add(_ text: some Sequence<UInt8>, _ end: Int) {
        if case .text(var last)? = pieces.last, brackets.last?.piece != pieces.count - 1 {
            pieces.removeLast()
            last += text
            pieces.append(.text(last))
        } else {
            pieces.append(.text(Array(text)))
        }
        place = end
    }

    private mutating func add(_ piece: Piece, _ end: Int) {
        pieces.append(piece)
        place = end
    }
}

// MARK: - Plain parts

extension MarkdownInline {
    private mutating func backslash() {
        guard let next = at(1) else { return addText(1) }
        if let end = bracketedFormulaEnd() { return addFormula(end) }
        if next == 10 { return add(.html(Array("<br>".utf8)), place + 2) }
        if next.isPunctuation { return add(CollectionOfOne(next), place + 2) }
        addText(1)
    }

    private mutating func lineEnd() {
        let spaces = bytes[..<place].reversed().prefix { $0 == 32 }.count
        if case .text(var text)? = pieces.last, spaces > 0 {
            pieces.removeLast()
            while text.last == 32 { text.removeLast() }
            pieces.append(.text(text))
        }
        if spaces >= 2 {
            add(.html(Array("<br>\n".utf8)), place + 1)
        } else {
            add(CollectionOfOne(10), place + 1)
        }
    }

    private mutating func code() {
        let length = bytes[place...].prefix { $0 == UInt8(ascii: "`") }.count
        var index = place + length
        guard let last = lastBackticks[length], last >= index else { return add(bytes[place..<index], index) }
        while index <= last {
            guard bytes[index] == UInt8(ascii: "`") else {
                index += 1
                continue
            }
            let count = bytes[index...].prefix { $0 == UInt8(ascii: "`") }.count
            if count == length { break }
            index += count
        }
        var body = bytes[(place + length)..<index].map { $0 == 10 ? 32 : $0 }
        if body.count > 2, body.first == 32, body.last == 32, !body.allSatisfy({ $0 == 32 }) {
            body = Array(body.dropFirst().dropLast())
        }
        var html: HTML = "<code>"
        html.append(escaping: body)
        html += "</code>"
        add(.made(html, text: body), index + length)
    }

    private mutating func math() {
        let isDisplayed = at(1) == UInt8(ascii: "$")
        let length = isDisplayed ? 2 : 1
        let start = place + length
        guard lastDollars >= start, let end = formulaEnd(from: start, isDisplayed: isDisplayed) else {
            return add(bytes[place..<start], start)
        }
        addFormula(end + length)
    }

    private mutating func addFormula(_ end: Int) {
        let body = bytes[place..<end]
        add(.made(.formula(String(decoding: body, as: UTF8.self), isBlock: false), text: Array(body)), end)
    }

    /// Returns the end of a formula between `\\(` and `\\)`, or between `\\[` and `\\]`; nil at other text.
    private func bracketedFormulaEnd() -> Int? {
        let opening = bytes[place...].prefix(3)
        let isDisplayed = opening.elementsEqual("\\\\[".utf8)
        guard isDisplayed || opening.elementsEqual("\\\\(".utf8) else { return nil }
        let body = bytes[(place + 3)...].prefix(Self.longestFormula)
        return body.firstIndex(of: Array((isDisplayed ? "\\\\]" : "\\\\)").utf8)).map { $0 + 3 }
    }

    private func formulaEnd(from start: Int, isDisplayed: Bool) -> Int? {
        guard let first = bytes[start...].first, isDisplayed || !first.isBlank else { return nil }
        var isEscaped = false
        for index in bytes[start...].prefix(Self.longestFormula).indices {
            defer { isEscaped = bytes[index] == UInt8(ascii: "\\") && !isEscaped }
            guard bytes[index] == UInt8(ascii: "$"), !isEscaped, index > start else { continue }
            let next = index + 1 < bytes.count ? bytes[index + 1] : nil
            if isDisplayed ? next == UInt8(ascii: "$") : !bytes[index - 1].isBlank && next?.isDigit != true {
                return index
            }
        }
        return nil
    }

    private mutating func html() {
        if let end = autolinkEnd() {
            let address = bytes[(place + 1)..<end]
            let isMail = !address.contains(UInt8(ascii: ":"))
            return addLink(isMail ? Array("mailto:".utf8) + address : Array(address), text: address, end + 1)
        }
        guard lastBracket > place, let length = InlineHTML.length(bytes[place...]) else { return addText(1) }
        add(.html(Array(bytes[place..<(place + length)])), place + length)
    }

    private func autolinkEnd() -> Int? {
        let body = bytes[(place + 1)...].prefix(2000)
        guard let end = body.firstIndex(where: { $0.isBlank || $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }),
            body[end] == UInt8(ascii: ">")
        else { return nil }
        let address = body[..<end]
        guard let colon = address.firstIndex(of: UInt8(ascii: ":")) else {
            let parts = address.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            let isMail =
                parts.count == 2
                && parts.allSatisfy { part in
                    !part.isEmpty && part.allSatisfy { $0.isName || ".+-".utf8.contains($0) }
                }
            return isMail ? end : nil
        }
        let scheme = address[..<colon]
        return (2...32).contains(scheme.count) && scheme.allSatisfy({ $0.isLetter || $0.isDigit }) ? end : nil
    }

    /// Adds a link for a bare address in the text.
    private mutating func address() {
        let rest = bytes[place...]
        guard rest.starts(with: "http://".utf8) || rest.starts(with: "https://".utf8) else { return addText(1) }
        var address = rest.prefix { !$0.isBlank && !"<>`|\"".utf8.contains($0) }
        let isWithinLink = brackets.contains { !$0.isImage && $0.isActive }
        while let last = address.last, "?!.,:*_~'])".utf8.contains(last) { address = address.dropLast() }
        guard address.count > 8, !isWithinLink else { return addText(4) }
        addLink(Array(address), text: address, address.endIndex)
    }

    private mutating func addLink(_ address: [UInt8], text: ArraySlice<UInt8>, _ end: Int) {
        pieces.append(.html(Self.linkTag(MarkdownReference(destination: address))))
        pieces.append(.text(Array(text)))
        add(.html(Array("</a>".utf8)), end)
    }
}

// MARK: - Emphasis and links

extension MarkdownInline {
    private mutating func signs() {
        let sign = bytes[place]
        let count = bytes[place...].prefix { $0 == sign }.count
        let run = DelimiterStack.Run(
            piece: pieces.count, sign: sign, length: count, before: bytes[..<place], after: bytes[(place + count)...])
        // Longer runs are drawings, not emphasis.
        if count <= (sign == UInt8(ascii: "~") ? 2 : 60) { delimiters.push(run) }
        add(.signs(DelimiterRun(sign: sign, count: count)), place + count)
    }

    private mutating func openBracket(isImage: Bool) {
        let length = isImage ? 2 : 1
        guard brackets.count < Self.mostBrackets else { return add(bytes[place..<place + length], place + length) }
        brackets.append(
            Bracket(piece: pieces.count, start: place + length, isImage: isImage, bottom: delimiters.count))
        add(.text(Array(bytes[place..<place + length])), place + length)
    }

    private mutating func closeBracket() {
        guard let bracket = brackets.popLast() else { return addText(1) }
        guard bracket.isActive, let (reference, end) = reference(of: bracket) else { return addText(1) }
        if bracket.isImage {
            delimiters.match(from: bracket.bottom, in: &pieces)
            let description = Array(pieces[(bracket.piece + 1)...].map(\.plainText).joined())
            pieces.removeSubrange(bracket.piece...)
            return add(.image(html: Self.imageTag(reference, description), description: description), end)
        }
        delimiters.match(from: bracket.bottom, in: &pieces)
        pieces[bracket.piece] = .html(Self.linkTag(reference))
        add(.html(Array("</a>".utf8)), end)
        // A link cannot contain another link.
        for index in brackets.indices where !brackets[index].isImage { brackets[index].isActive = false }
    }

    /// Returns the target of the link or image whose text ends at the current position.
    private func reference(of bracket: Bracket) -> (MarkdownReference, end: Int)? {
        if let found = MarkdownReference.inline(bytes[(place + 1)...]) { return found }
        if references.isEmpty { return nil }
        var end = place + 1
        var label = bytes[bracket.start..<place]
        if at(1) == UInt8(ascii: "["),
            let close = bytes[(place + 2)...].prefix(1000).firstIndex(of: UInt8(ascii: "]"))
        {
            if close > place + 2 { label = bytes[(place + 2)..<close] }
            end = close + 1
        }
        return MarkdownReference.label(label).flatMap { references[$0] }.map { ($0, end) }
    }

    private static func linkTag(_ reference: MarkdownReference) -> [UInt8] {
        var html: HTML = "<a href=\""
        html.append(escaping: reference.destination)
        html += "\""
        if let title = reference.title {
            html += " title=\""
            html.append(escaping: title)
            html += "\""
        }
        html += ">"
        return html.bytes
    }

    private static func imageTag(_ reference: MarkdownReference, _ description: [UInt8]) -> [UInt8] {
        var html: HTML = "<img src=\""
        html.append(escaping: reference.destination)
        html += "\" alt=\""
        html.append(escaping: description)
        html += "\" title=\""
        html.append(escaping: reference.title ?? [])
        html += "\">"
        return html.bytes
    }
}

extension MarkdownInline.Piece {
    /// The text without markup.
    var plainText: [UInt8] {
        switch self {
        case .text(let text), .image(_, let text), .made(_, let text): text
        case .html: []
        case .signs(let signs): Array(repeating: signs.sign, count: signs.count)
        }
    }
}
