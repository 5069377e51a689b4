import GalleyJSON

/// Text that a notebook stores as a string or as a list of lines.
enum MultilineText {
    /// Returns the joined text; nil if `value` is neither a string nor a list of strings.
    static func join(_ value: Value) -> String? {
        if value.kind != .array { return value.string }
        var text = ""
        for element in value.elements {
            guard let line = element.string else { return nil }
            text += line
        }
        return text
    }

    /// Returns the list of lines that nbformat writes, including line ends; an empty list for empty text.
    static func split(_ text: String) -> Value { .array(ofStrings: lines(of: text)) }

    /// Splits text after each line end that Python's `splitlines` recognizes: LF, CR, CRLF, VT, FF, FS, GS, RS, NEL, LS
    /// and PS.
    static func lines(of text: String, withEnds: Bool = true) -> [Substring] {
        var lines: [Substring] = []
        let bytes = text.utf8
        var start = bytes.startIndex
        var at = start
        while at != bytes.endIndex {
            let byte = bytes[at]
            var end = bytes.index(after: at)
            switch byte {
            case 0x0A...0x0C, 0x1C...0x1E: break
            case 0x0D: if end != bytes.endIndex, bytes[end] == 0x0A { end = bytes.index(after: end) }
            case 0xC2 where bytes[end] == 0x85: end = bytes.index(after: end)
            case 0xE2 where bytes[end] == 0x80 && bytes[bytes.index(after: end)] & 0xFE == 0xA8:
                end = bytes.index(end, offsetBy: 2)
            default:
                at = end
                continue
            }
            lines.append(text[start..<(withEnds ? end : at)])
            (start, at) = (end, end)
        }
        if start != bytes.endIndex { lines.append(text[start...]) }
        return lines
    }
}
