/// Parses the blocks of Markdown.
struct MarkdownParser {
    /// The link reference definitions, by label.
    private(set) var references: [String: MarkdownReference] = [:]

    /// The maximum nesting depth of quotes and lists.
    private static let deepest = 14

    /// Returns the blocks of a text.
    mutating func blocks(of text: [UInt8]) -> [MarkdownBlock] {
        let lines = text.split(separator: 10, omittingEmptySubsequences: false).map { MarkdownLine($0) }
        return blocks(of: lines[...], depth: 0)
    }

    private mutating func blocks(of lines: ArraySlice<MarkdownLine>, depth: Int) -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        var rest = lines
        while let line = rest.first {
            if line.isBlank {
                rest = rest.dropFirst()
            } else if let block = leaf(&rest) {
                blocks.append(block)
            } else if depth < Self.deepest, let block = container(&rest, depth: depth) {
                blocks.append(block)
            } else if let block = paragraph(&rest, mayBeContainer: depth < Self.deepest) {
                blocks.append(block)
            }
        }
        return blocks
    }

    private mutating func container(_ rest: inout ArraySlice<MarkdownLine>, depth: Int) -> MarkdownBlock? {
        guard let line = rest.first, !line.isIndented else { return nil }
        if line.text.first == UInt8(ascii: ">") { return quote(&rest, depth: depth) }
        if let marker = line.marker { return list(&rest, marker, depth: depth) }
        return nil
    }

    /// Whether a line interrupts an open paragraph.
    private func interrupts(_ line: MarkdownLine) -> Bool {
        if line.isBlank || line.isIndented { return line.isBlank }
        if line.text.first == UInt8(ascii: ">") || line.isRule || line.heading != nil || line.fence != nil {
            return true
        }
        if let marker = line.marker { return !marker.rest.isBlank && marker.number ?? 1 == 1 }
        if line.text.starts(with: "$$".utf8) || line.text.starts(with: "\\begin{".utf8) { return true }
        return HTMLBlock(line)?.mayInterrupt == true
    }
}

// MARK: - Paragraphs

extension MarkdownParser {
    /// Reads a paragraph, an underlined heading or a table; nil if the lines contain only link reference definitions.
    private mutating func paragraph(_ rest: inout ArraySlice<MarkdownLine>, mayBeContainer: Bool) -> MarkdownBlock? {
        var lines: [ArraySlice<UInt8>] = []
        while let line = rest.first, lines.isEmpty || !line.isBlank {
            if !lines.isEmpty {
                if let level = line.underlinedLevel {
                    rest = rest.dropFirst()
                    return .heading(level: level, Array(lines.joined(separator: [10])))
                }
                let isContainer = line.marker != nil || line.text.first == UInt8(ascii: ">")
                if interrupts(line), mayBeContainer || !isContainer { break }
            }
            if MarkdownTable.begins(rest) {
                if lines.isEmpty { return .table(MarkdownTable.read(&rest, until: interrupts)) }
                break
            }
            lines.append(line.text)
            rest = rest.dropFirst()
        }
        var text = Array(lines.joined(separator: [10]))[...]
        while let (label, reference, end) = MarkdownReference.definition(text) {
            if references[label] == nil { references[label] = reference }
            text = text[end...]
        }
        return text.allSatisfy(\.isBlank) ? nil : .paragraph(Array(text))
    }
}

// MARK: - Quotes and lists

extension MarkdownParser {
    private mutating func quote(_ rest: inout ArraySlice<MarkdownLine>, depth: Int) -> MarkdownBlock {
        var lines: [MarkdownLine] = []
        while let line = rest.first {
            if !line.isIndented, line.text.first == UInt8(ascii: ">") {
                var inner = MarkdownLine(line.text.dropFirst(), column: line.indent + 1)
                inner.indent = max(0, inner.indent - 1)
                lines.append(inner)
            } else if isLazy(line, after: lines.last) {
                lines.append(line)
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        return .quote(blocks(of: lines[...], depth: depth + 1))
    }

    /// Whether a line is a lazy continuation of a paragraph in a quote or a list item.
    private func isLazy(_ line: MarkdownLine, after last: MarkdownLine?) -> Bool {
        guard let last, !last.isBlank, !line.isBlank, line.marker == nil, !interrupts(line) else { return false }
        return !last.isRule && last.heading == nil && last.fence == nil && line.underlinedLevel == nil
    }

    private mutating func list(_ rest: inout ArraySlice<MarkdownLine>, _ first: MarkdownLine.Marker, depth: Int)
        -> MarkdownBlock
    {
        var list = MarkdownBlock.List(start: first.number)
        while let marker = rest.first?.marker, marker.sign == first.sign {
            rest = rest.dropFirst()
            var lines = [marker.rest]
            while let line = rest.first {
                if line.isBlank {
                    // An item that begins with an empty line ends at a second empty line.
                    if lines.count == 1, marker.rest.isBlank { break }
                    lines.append(line)
                } else if line.indent >= marker.width {
                    lines.append(line.unindented(by: marker.width))
                } else if isLazy(line, after: lines.last) {
                    lines.append(line)
                } else {
                    break
                }
                rest = rest.dropFirst()
            }
            let count = (lines.lastIndex { !$0.isBlank } ?? 0) + 1
            let isLast = rest.first?.marker?.sign != first.sign
            if count < lines.count, !isLast { list.isLoose = true }
            let isDone = Self.task(&lines[0])
            let blocks = blocks(of: lines[..<count], depth: depth + 1)
            if blocks.count > 1, Self.hasGap(lines[..<count]) { list.isLoose = true }
            list.items.append(MarkdownBlock.Item(blocks: blocks, isDone: isDone))
        }
        return .list(list)
    }

    /// Whether an empty line separates blocks of the item itself, not only blocks nested deeper.
    private static func hasGap(_ lines: ArraySlice<MarkdownLine>) -> Bool {
        zip(lines, lines.dropFirst()).contains { $0.isBlank && !$1.isBlank && $1.indent == 0 && $1.marker == nil }
    }

    /// Removes the checkbox of a task, and returns whether it is checked; nil if there is no checkbox.
    private static func task(_ line: inout MarkdownLine) -> Bool? {
        let box = Array(line.text.prefix(3))
        guard box.count == 3, box.first == UInt8(ascii: "["), box.last == UInt8(ascii: "]"),
            " xX".utf8.contains(box[1]),
            line.text.dropFirst(3).first?.isBlank == true
        else { return nil }
        line = MarkdownLine(line.text.dropFirst(4))
        return box[1] != 32
    }
}
