/// An HTML tag, comment or declaration inside a line of Markdown.
enum InlineHTML {
    private static let longestDeclaration = 2000

    /// Returns the length in bytes of the HTML at the beginning of a text; nil if the `<` is plain text.
    static func length(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.first == UInt8(ascii: "<"), let second = text.dropFirst().first else { return nil }
        let body = text.dropFirst(2)
        let end: Int?
        switch second {
        case UInt8(ascii: "!") where body.starts(with: "--".utf8):
            end = body.prefix(longestDeclaration).firstIndex(of: Array("-->".utf8)).map { $0 + 3 }
        case UInt8(ascii: "!"), UInt8(ascii: "?"):
            end = body.prefix(longestDeclaration).firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 }
        case UInt8(ascii: "/"): end = closingTag(body)
        case _ where second.isLetter: end = openingTag(text.dropFirst())
        default: end = nil
        }
        return end.map { $0 - text.startIndex }
    }

    private static func nameEnd(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.first?.isLetter == true else { return nil }
        return text.firstIndex { !$0.isLetter && !$0.isDigit && $0 != UInt8(ascii: "-") } ?? text.endIndex
    }

    private static func skipSpace(_ text: ArraySlice<UInt8>, _ place: Int) -> Int {
        text[place...].firstIndex { !$0.isBlank } ?? text.endIndex
    }

    private static func closingTag(_ text: ArraySlice<UInt8>) -> Int? {
        guard let end = nameEnd(text).map({ skipSpace(text, $0) }) else { return nil }
        return text[end...].first == UInt8(ascii: ">") ? end + 1 : nil
    }

    private static func openingTag(_ text: ArraySlice<UInt8>) -> Int? {
        guard var place = nameEnd(text) else { return nil }
        while true {
            let next = skipSpace(text, place)
            guard next < text.endIndex else { return nil }
            if text[next] == UInt8(ascii: ">") { return next + 1 }
            if text[next] == UInt8(ascii: "/") {
                return text[(next + 1)...].first == UInt8(ascii: ">") ? next + 2 : nil
            }
            guard next > place, let end = attribute(text, next) else { return nil }
            place = end
        }
    }

    /// Returns the index after an attribute and its value.
    private static func attribute(_ text: ArraySlice<UInt8>, _ start: Int) -> Int? {
        guard text[start].isLetter || "_:".utf8.contains(text[start]) else { return nil }
        let nameEnd =
            text[start...].firstIndex { !$0.isName && !":.-".utf8.contains($0) || $0 >= 0x80 } ?? text.endIndex
        let equals = skipSpace(text, nameEnd)
        guard equals < text.endIndex, text[equals] == UInt8(ascii: "=") else { return nameEnd }
        let place = skipSpace(text, equals + 1)
        guard place < text.endIndex else { return nil }
        let quote = text[place]
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            return text[(place + 1)...].firstIndex(of: quote).map { $0 + 1 }
        }
        let end = text[place...].firstIndex { $0.isBlank || "\"'=<>`".utf8.contains($0) } ?? text.endIndex
        return end > place ? end : nil
    }
}
