/// The beginning and the end of a text, shortened to fit on a page.
struct Excerpt {
    /// The beginning, or the whole text if it is short enough.
    let head: Substring
    /// The end; nil if nothing is omitted.
    private(set) var tail: Substring?
    /// The number of lines and bytes omitted between them.
    private(set) var omittedLines = 0
    private(set) var omittedBytes = 0

    /// The maximum size of an excerpt.
    struct Limit {
        var bytes = 200_000
        var lines = 5000
    }

    /// Creates an excerpt that ends and begins at line breaks, unless lines are very long.
    init(of text: String, limit: Limit = Limit()) {
        let bytes = text.utf8
        let headEnd = Self.end(of: bytes, limit: limit)
        if headEnd == bytes.endIndex {
            head = text[...]
            return
        }
        let tailStart = max(headEnd, Self.start(of: bytes, limit: limit))
        head = text[..<headEnd]
        tail = text[tailStart...]
        let omitted = bytes[headEnd..<tailStart]
        omittedBytes = omitted.count
        omittedLines = omitted.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        if omitted.isEmpty { tail = nil }
    }

    /// Returns the end of the head: the end of the text if it is short enough.
    private static func end(of bytes: String.UTF8View, limit: Limit) -> String.Index {
        guard bytes.count > limit.bytes else { return shortened(bytes, to: bytes.endIndex, limit: limit) }
        var end = bytes.index(bytes.startIndex, offsetBy: limit.bytes * 3 / 4)
        let reach = bytes.index(end, offsetBy: -min(10_000, limit.bytes / 4))
        if let line = bytes[reach..<end].lastIndex(of: UInt8(ascii: "\n")) {
            end = bytes.index(after: line)
        } else {
            end = whole(bytes, end)
            // The rest of an escape sequence that is cut in two would be visible.
            if let escape = bytes[reach..<end].lastIndex(of: 0x1B), isWithinSequence(bytes[escape...], end) {
                end = escape
            }
        }
        return shortened(bytes, to: end, limit: limit)
    }

    /// Returns the end of the last line within the line limit.
    private static func shortened(_ bytes: String.UTF8View, to end: String.Index, limit: Limit) -> String.Index {
        var lines = 0
        var place = bytes.startIndex
        var room: String.Index?
        while let line = bytes[place..<end].firstIndex(of: UInt8(ascii: "\n")) {
            place = bytes.index(after: line)
            lines += 1
            if lines == limit.lines * 3 / 4 { room = place }
            if lines > limit.lines { return room ?? end }
        }
        return end != bytes.endIndex && lines > limit.lines * 3 / 4 ? room ?? end : end
    }

    /// Returns the start of the tail.
    private static func start(of bytes: String.UTF8View, limit: Limit) -> String.Index {
        var start =
            bytes.index(bytes.endIndex, offsetBy: -limit.bytes / 4, limitedBy: bytes.startIndex)
            ?? bytes.startIndex
        let reach = bytes.index(start, offsetBy: min(10_000, limit.bytes / 4))
        if let line = bytes[start..<reach].firstIndex(of: UInt8(ascii: "\n")) {
            start = bytes.index(after: line)
        } else {
            start = whole(bytes, start)
            let before = bytes.index(start, offsetBy: -64, limitedBy: bytes.startIndex) ?? bytes.startIndex
            if let escape = bytes[before..<start].lastIndex(of: 0x1B), isWithinSequence(bytes[escape...], start),
                let end = bytes[start...].firstIndex(where: { (0x40...0x7E).contains($0) })
            {
                start = bytes.index(after: end)
            }
        }
        var lines = 0
        var place = bytes.endIndex
        while let line = bytes[start..<place].lastIndex(of: UInt8(ascii: "\n")) {
            lines += 1
            if lines > limit.lines / 4 { return bytes.index(after: line) }
            place = line
        }
        return start
    }

    /// Whether an index is inside the escape sequence at the beginning of `bytes`.
    private static func isWithinSequence(_ bytes: Substring.UTF8View, _ index: String.Index) -> Bool {
        let body = bytes.dropFirst()
        guard body.first == UInt8(ascii: "[") else { return body.first == UInt8(ascii: "]") }
        return bytes[..<index].dropFirst(2).allSatisfy { (0x20...0x3F).contains($0) }
    }

    /// Returns the start of the character that contains an index.
    private static func whole(_ bytes: String.UTF8View, _ index: String.Index) -> String.Index {
        var index = index
        while index > bytes.startIndex, index < bytes.endIndex, bytes[index] & 0xC0 == 0x80 {
            index = bytes.index(before: index)
        }
        return index
    }
}

extension Excerpt {
    /// Renders the head and the tail with `render`, and a note about the omitted part between them.
    func html(_ render: (String) -> HTML) -> HTML {
        guard let tail else { return render(String(head)) }
        var html = render(String(head))
        html += "<span class=\"nb-omission\">\(omission)</span>"
        html += render(String(tail))
        return html
    }

    private var omission: String {
        let size = ByteSize(omittedBytes).description
        let what = omittedLines > 1 ? "\(omittedLines) lines (\(size))" : size
        return "… \(what) left out here, kept in the notebook …"
    }
}

/// A number of bytes in readable form, such as "12 kB".
struct ByteSize: CustomStringConvertible {
    let bytes: Int
    init(_ bytes: Int) { self.bytes = bytes }

    var description: String {
        if bytes < 1000 { return "\(bytes) bytes" }
        if bytes < 1_000_000 { return "\(bytes / 1000) kB" }
        return "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
    }
}
