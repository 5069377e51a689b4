import GalleyExecution

/// The lines that show how two texts differ: `-` for old lines, `+` for new lines, with some lines of context.
struct TextDifference {
    private(set) var lines: [String] = []
    private let old: [ArraySlice<UInt8>]
    private let new: [ArraySlice<UInt8>]
    /// Whether only one of the texts ends with a line break.
    private let endsDiffer: Bool

    /// The number of equal lines shown around a difference.
    static let context = 3
    /// The maximum number of lines shown.
    static let mostLines = 60
    /// The maximum number of characters shown per line.
    static let longestLine = 160

    /// Compares an old text with a new one.
    init(from old: String, to new: String) {
        self.old = Self.split(old)
        self.new = Self.split(new)
        endsDiffer = old.utf8.last == 0x0A ? new.utf8.last != 0x0A : new.utf8.last == 0x0A
        if let script = EditScript(from: self.old, to: self.new) {
            show(script.changes)
        } else {
            showBeginning()
        }
    }

    /// Returns the first lines of a text, each after `mark`.
    static func beginning(of text: String, mark: String, atMost count: Int = 10) -> [String] {
        let lines = split(text)
        return lines.prefix(count).map { mark + shortened(shown($0)) } + more(lines.count - count)
    }

    /// Returns the lines of a text with their line breaks. Lines are bytes, because Swift considers canonically
    /// equivalent strings equal.
    private static func split(_ text: String) -> [ArraySlice<UInt8>] {
        let bytes = Array(text.utf8)
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == 0x0A {
            lines.append(bytes[start...index])
            start = index + 1
        }
        if start < bytes.count { lines.append(bytes[start...]) }
        return lines
    }

    private static func more(_ count: Int) -> [String] {
        count > 0 ? ["… \(count) more line\(count == 1 ? "" : "s")"] : []
    }

    // MARK: - All changes

    private mutating func show(_ changes: [EditScript.Change]) {
        var rest = changes[...]
        while let first = rest.first, lines.count < Self.mostLines {
            // Nearby changes share their context lines.
            var count = 1
            while count < rest.count {
                let gap =
                    rest[rest.startIndex + count].old.lowerBound - rest[rest.startIndex + count - 1].old.upperBound
                if gap > 2 * Self.context { break }
                count += 1
            }
            let hunk = rest.prefix(count)
            rest = rest.dropFirst(count)
            show(hunk, from: first)
        }
        if lines.count > Self.mostLines { lines.removeSubrange(Self.mostLines...) }
        let left = rest.reduce(0) { $0 + max($1.old.count, $1.new.count) }
        if left > 0 {
            lines.append("… \(left) more line\(left == 1 ? " differs" : "s differ")")
        } else if lines.count == Self.mostLines {
            lines.append("…")
        }
    }

    private mutating func show(_ hunk: ArraySlice<EditScript.Change>, from first: EditScript.Change) {
        guard let last = hunk.last else { return }
        let before = min(Self.context, first.old.lowerBound)
        let after = min(Self.context, old.count - last.old.upperBound)
        let range = first.old.lowerBound - before..<last.old.upperBound + after
        let others = first.new.lowerBound - before..<last.new.upperBound + after
        if range != old.indices || others != new.indices {
            lines.append("@@ -\(Self.place(range)) +\(Self.place(others)) @@")
        }
        var at = range.lowerBound
        for change in hunk {
            for index in at..<change.old.lowerBound { lines.append("  " + Self.shortened(Self.shown(old[index]))) }
            show(change)
            at = change.old.upperBound
            // Further lines would be cut off.
            if lines.count > Self.mostLines { return }
        }
        for index in at..<range.upperBound { lines.append("  " + Self.shortened(Self.shown(old[index]))) }
    }

    private static func place(_ range: Range<Int>) -> String {
        "\(range.lowerBound + (range.isEmpty ? 0 : 1)),\(range.count)"
    }

    private mutating func show(_ change: EditScript.Change) {
        let removed = old[change.old].prefix(Self.mostLines)
        let added = new[change.new].prefix(Self.mostLines)
        var texts = (removed.map(Self.shown), added.map(Self.shown))
        // If the lines look the same, colors, spaces and similar characters are written as escapes.
        if texts.0 == texts.1 { texts = (removed.map(Self.spelled), added.map(Self.spelled)) }
        if let one = texts.0.first, let other = texts.1.first, texts.0.count == 1, texts.1.count == 1 {
            let pair = LinePair(one, other, longest: Self.longestLine)
            lines.append("- " + pair.old)
            noteEnd(removed.last)
            lines.append("+ " + pair.new)
            noteEnd(added.last)
            if let marks = pair.marks { lines.append("? " + marks) }
        } else {
            lines += texts.0.map { "- " + Self.shortened($0) }
            noteEnd(removed.last)
            lines += texts.1.map { "+ " + Self.shortened($0) }
            noteEnd(added.last)
        }
    }

    private mutating func noteEnd(_ line: ArraySlice<UInt8>?) {
        if endsDiffer, let line, line.last != 0x0A { lines.append("\\ no line break at the end") }
    }

    // MARK: - Too many changes

    private mutating func showBeginning() {
        let head = zip(old, new).prefix { $0 == $1 }.count
        lines.append(
            "\(old.count) lines and \(new.count) lines differ in too many places; the first is line \(head + 1):")
        let count = 10
        lines += old[head...].prefix(count).map { "- " + Self.shortened(Self.shown($0)) }
        lines += new[head...].prefix(count).map { "+ " + Self.shortened(Self.shown($0)) }
        lines.append("…")
    }

    // MARK: - Lines

    /// Returns a line without escape sequences; control and bidirectional formatting characters are written as escapes.
    private static func shown(_ line: ArraySlice<UInt8>) -> String {
        spell(String(decoding: withoutEnd(line), as: UTF8.self).withoutEscapes) { scalar in
            if (0x20...0x7E).contains(scalar.value) || scalar == "\t" { return false }
            return switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: true
            default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            }
        }
    }

    /// Returns a line in which all characters except printable ASCII are written as escapes.
    private static func spelled(_ line: ArraySlice<UInt8>) -> String {
        spell(String(decoding: withoutEnd(line), as: UTF8.self)) { !(0x20...0x7E).contains($0.value) }
    }

    private static func withoutEnd(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.last == 0x0A ? line.dropLast() : line
    }

    private static func spell(_ text: String, where isSpelled: (Unicode.Scalar) -> Bool) -> String {
        var spelled = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isSpelled(scalar) {
                // One at a time, because appending several characters copies the whole string.
                for part in scalar.escaped(asASCII: true).unicodeScalars { spelled.append(part) }
            } else {
                spelled.append(scalar)
            }
        }
        return String(spelled)
    }

    private static func shortened(_ line: String) -> String {
        let scalars = line.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: longestLine, limitedBy: scalars.endIndex),
            end != scalars.endIndex
        else { return line }
        return String(scalars[..<end]) + "…"
    }
}

/// An old line and the new line that replaces it.
private struct LinePair {
    let old: String
    let new: String
    /// A line of `^` below the characters that differ; nil if all of them differ, or none.
    let marks: String?

    init(_ one: String, _ other: String, longest: Int) {
        let (old, new) = (Array(one.unicodeScalars), Array(other.unicodeScalars))
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = min(
            zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.count, min(old.count, new.count) - head)
        // If the lines are long, show the part that differs.
        let start = max(old.count, new.count) > longest ? max(0, head - longest / 3) : 0
        let lead = start > 0 ? "…" : ""
        let show = { (line: [Unicode.Scalar]) in
            let end = min(line.count, start + longest)
            let text = String(String.UnicodeScalarView(line[min(start, end)..<end]))
            return lead + text + (end < line.count ? "…" : "")
        }
        (self.old, self.new) = (show(old), show(new))
        if head + tail == 0 || old == new {
            marks = nil
        } else {
            let count = max(old.count, new.count) - head - tail
            let room = max(1, start + longest - head)
            let before = old[start..<head].map { $0 == "\t" ? $0 : " " }
            marks =
                String(repeating: " ", count: lead.count) + String(String.UnicodeScalarView(before))
                + String(repeating: "^", count: min(max(count, 1), room))
        }
    }
}
