/// The target of a Markdown link or image.
struct MarkdownReference {
    var destination: [UInt8]
    var title: [UInt8]?

    private static let longestLabel = 999
    private static let longestTitle = 1000

    /// Returns a label in normalized form for comparison; nil if it is blank or too long.
    static func label(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count <= longestLabel, !bytes.allSatisfy(\.isBlank) else { return nil }
        return bytes.split(whereSeparator: \.isBlank).map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: " ").lowercased()
    }

    /// Reads `[label]: destination "title"` at the beginning of a text, and returns the index after it.
    static func definition(_ text: ArraySlice<UInt8>) -> (label: String, MarkdownReference, end: Int)? {
        guard text.first == UInt8(ascii: "[") else { return nil }
        let body = text.dropFirst().prefix(longestLabel)
        guard let close = body.firstIndex(where: { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "[") }),
            text[close...].starts(with: "]:".utf8), let label = label(body[..<close])
        else { return nil }
        var place = skipSpace(text, from: close + 2)
        guard let destination = destination(text, &place), !destination.isEmpty else { return nil }
        let end = place
        var lineEnd = endOfLine(text, from: end)
        let titleStart = skipSpace(text, from: end)
        place = titleStart
        var title: [UInt8]?
        if titleStart > end, let found = self.title(text, &place), let titleEnd = endOfLine(text, from: place) {
            (title, lineEnd) = (found, titleEnd)
        }
        return lineEnd.map { (label, MarkdownReference(destination: destination, title: title), $0) }
    }

    /// Reads `(destination "title")`, and returns the index after it.
    static func inline(_ text: ArraySlice<UInt8>) -> (MarkdownReference, end: Int)? {
        guard text.first == UInt8(ascii: "(") else { return nil }
        var place = skipSpace(text, from: text.startIndex + 1)
        guard let destination = destination(text, &place) else { return nil }
        let afterSpace = skipSpace(text, from: place)
        var title: [UInt8]?
        if afterSpace > place {
            place = afterSpace
            title = self.title(text, &place)
            place = skipSpace(text, from: place)
        }
        guard text[place...].first == UInt8(ascii: ")") else { return nil }
        return (MarkdownReference(destination: destination, title: title), place + 1)
    }

    private static func skipSpace(_ text: ArraySlice<UInt8>, from place: Int) -> Int {
        text[place...].firstIndex { !$0.isBlank } ?? text.endIndex
    }

    private static func endOfLine(_ text: ArraySlice<UInt8>, from place: Int) -> Int? {
        let end = text[place...].firstIndex { !$0.isBlank || $0 == 10 } ?? text.endIndex
        return end == text.endIndex ? end : text[end] == 10 ? end + 1 : nil
    }

    private static func destination(_ text: ArraySlice<UInt8>, _ place: inout Int) -> [UInt8]? {
        if text[place...].first == UInt8(ascii: "<") {
            let body = text[(place + 1)...].prefix(2000)
            guard let end = body.firstIndex(where: { $0 == UInt8(ascii: ">") || $0 == 10 || $0 == UInt8(ascii: "<") }),
                body[end] == UInt8(ascii: ">")
            else { return nil }
            place = end + 1
            return unescaped(body[..<end])
        }
        let start = place
        var depth = 0
        while place < text.endIndex, !text[place].isBlank {
            switch text[place] {
            case UInt8(ascii: "\\"): if place + 1 < text.endIndex, text[place + 1].isPunctuation { place += 1 }
            case UInt8(ascii: "("):
                depth += 1
                if depth > 20 { return nil }
            case UInt8(ascii: ")"):
                if depth == 0 { return unescaped(text[start..<place]) }
                depth -= 1
            default: break
            }
            place += 1
        }
        return depth == 0 ? unescaped(text[start..<place]) : nil
    }

    private static func title(_ text: ArraySlice<UInt8>, _ place: inout Int) -> [UInt8]? {
        guard let quote = text[place...].first, "\"'(".utf8.contains(quote) else { return nil }
        let close = quote == UInt8(ascii: "(") ? UInt8(ascii: ")") : quote
        var isEscaped = false
        let body = text[(place + 1)...].prefix(longestTitle)
        for index in body.indices {
            if body[index] == close, !isEscaped {
                place = index + 1
                return unescaped(body[..<index])
            }
            isEscaped = body[index] == UInt8(ascii: "\\") && !isEscaped
        }
        return nil
    }

    /// Returns text with backslash escapes and character references resolved.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        CharacterReference.resolved(bytes, removesBackslashes: true)
    }
}

extension UInt8 {
    /// Whether it is ASCII punctuation, which a backslash can escape.
    var isPunctuation: Bool {
        (33...47).contains(self) || (58...64).contains(self) || (91...96).contains(self) || (123...126).contains(self)
    }
}
