/// Splits HTML into tags and text as browsers do, even if it is malformed.
struct HTMLTokenizer {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    enum Token {
        /// Text with its character references resolved.
        case text([UInt8])
        case open(Tag)
        case close(String)
    }

    struct Tag {
        var name: String
        /// The attributes by lowercase name. Of duplicates, the first counts, as in browsers.
        var attributes: [String: [UInt8]] = [:]
        /// The raw content of an element whose content is not parsed.
        var content: ArraySlice<UInt8> = []
    }

    /// Elements whose content is raw text up to their end tag.
    private static let unparsed: Set = [
        "script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title", "plaintext",
    ]

    /// Returns the next token; nil at the end.
    mutating func next() -> Token? {
        while place < bytes.count {
            if bytes[place] != UInt8(ascii: "<") { return .text(text()) }
            switch at(1) {
            case let byte? where byte.isLetter:
                guard var tag = tag(from: place + 1) else { return nil }
                if Self.unparsed.contains(tag.name) { tag.content = content(of: tag.name) }
                return .open(tag)
            case UInt8(ascii: "/"):
                if at(2)?.isLetter == true { return tag(from: place + 2).map { .close($0.name) } }
                skipPastBracket()
            case UInt8(ascii: "!"): skipDeclaration()
            case UInt8(ascii: "?"): skipPastBracket()
            default: return .text(text())
            }
        }
        return nil
    }

    private func at(_ distance: Int) -> UInt8? {
        place + distance < bytes.count ? bytes[place + distance] : nil
    }

    private mutating func text() -> [UInt8] {
        let start = place
        // The first byte is text even if it is `<`.
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "<") { place += 1 }
        return CharacterReference.resolved(bytes[start..<place])
    }

    private mutating func skipPastBracket() {
        place = bytes[place...].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? bytes.count
    }

    private mutating func skipDeclaration() {
        guard bytes[place...].starts(with: "<!--".utf8) else { return skipPastBracket() }
        place += 4
        if bytes[place...].starts(with: ">".utf8) || bytes[place...].starts(with: "->".utf8) {
            return skipPastBracket()
        }
        while let end = bytes[place...].firstIndex(of: UInt8(ascii: ">")) {
            let comment = bytes[place..<end]
            place = end + 1
            if comment.suffix(2).elementsEqual("--".utf8) || comment.suffix(3).elementsEqual("--!".utf8) { return }
        }
        place = bytes.count
    }

    /// Consumes the raw content of an element, but not its end tag.
    private mutating func content(of name: String) -> ArraySlice<UInt8> {
        let start = place
        while let bracket = bytes[place...].firstIndex(of: UInt8(ascii: "<")) {
            place = bracket
            let end = bracket + 2 + name.utf8.count
            if at(1) == UInt8(ascii: "/"), end < bytes.count,
                Self.lowercased(bytes[bracket + 2..<end]).elementsEqual(name.utf8),
                bytes[end].isBlank || bytes[end] == UInt8(ascii: "/") || bytes[end] == UInt8(ascii: ">")
            {
                return bytes[start..<bracket]
            }
            place = bracket + 1
        }
        place = bytes.count
        return bytes[start...]
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}

// MARK: - Tags

extension HTMLTokenizer {
    private static let mostAttributes = 64

    /// Reads a tag; returns nil and consumes the rest of the input if the tag is not terminated.
    private mutating func tag(from start: Int) -> Tag? {
        place = start
        var tag = Tag(name: name(until: { $0.isBlank || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ">") }))
        while true {
            while let byte = at(0), byte.isBlank || byte == UInt8(ascii: "/") { place += 1 }
            guard let byte = at(0) else { return nil }
            if byte == UInt8(ascii: ">") {
                place += 1
                return tag
            }
            let name = attributeName()
            guard let value = attributeValue() else { return nil }
            if tag.attributes.count < Self.mostAttributes, tag.attributes[name] == nil {
                tag.attributes[name] = CharacterReference.resolved(value, isAttribute: true)
            }
        }
    }

    private mutating func name(until isEnd: (UInt8) -> Bool) -> String {
        let start = place
        while let byte = at(0), !isEnd(byte) { place += 1 }
        return String(decoding: Self.lowercased(bytes[start..<place]), as: UTF8.self)
    }

    private mutating func attributeName() -> String {
        // A leading equals sign belongs to the name.
        let first = bytes[place] == UInt8(ascii: "=")
        if first { place += 1 }
        let ends = "/>=".utf8
        return (first ? "=" : "") + name(until: { $0.isBlank || ends.contains($0) })
    }

    private mutating func attributeValue() -> ArraySlice<UInt8>? {
        var ahead = place
        while ahead < bytes.count, bytes[ahead].isBlank { ahead += 1 }
        guard ahead < bytes.count, bytes[ahead] == UInt8(ascii: "=") else { return [] }
        place = ahead + 1
        while let byte = at(0), byte.isBlank { place += 1 }
        guard let quote = at(0) else { return nil }
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            guard let end = bytes[(place + 1)...].firstIndex(of: quote) else {
                place = bytes.count
                return nil
            }
            defer { place = end + 1 }
            return bytes[(place + 1)..<end]
        }
        let start = place
        while let byte = at(0), !byte.isBlank, byte != UInt8(ascii: ">") { place += 1 }
        return bytes[start..<place]
    }
}
