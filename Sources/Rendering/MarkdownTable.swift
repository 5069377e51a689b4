/// Parses tables made of bars and dashes.
enum MarkdownTable {
    private static let mostColumns = 1000

    /// Whether the lines begin with a table's header row and the row of dashes below it.
    static func begins(_ lines: ArraySlice<MarkdownLine>) -> Bool {
        guard let dashes = lines.dropFirst().first, let header = lines.first, !header.isIndented, !dashes.isIndented,
            dashes.text.contains(UInt8(ascii: "-")), dashes.text.allSatisfy({ "|:- \t".utf8.contains($0) }),
            header.text.contains(UInt8(ascii: "|")), let alignments = alignments(dashes)
        else { return false }
        return alignments.count == cells(header).count
    }

    /// Removes the table at the beginning of `rest`, and returns it.
    static func read(_ rest: inout ArraySlice<MarkdownLine>, until isEnd: (MarkdownLine) -> Bool) -> MarkdownBlock.Table
    {
        var table = MarkdownBlock.Table(alignments: rest.dropFirst().first.flatMap(alignments) ?? [], rows: [])
        if let header = rest.first { table.rows.append(cells(header)) }
        rest = rest.dropFirst(2)
        while let line = rest.first, !line.isBlank, !isEnd(line) {
            let row = cells(line).prefix(table.alignments.count)
            table.rows.append(row + Array(repeating: [], count: table.alignments.count - row.count))
            rest = rest.dropFirst()
        }
        return table
    }

    private static func alignments(_ line: MarkdownLine) -> [String?]? {
        var alignments: [String?] = []
        for cell in cells(line) {
            let dashes = cell.drop { $0 == UInt8(ascii: ":") }
            let isLeft = dashes.count < cell.count
            let isRight = dashes.last == UInt8(ascii: ":")
            let line = isRight ? dashes.dropLast() : dashes
            guard cell.count - dashes.count <= 1, !line.isEmpty, line.allSatisfy({ $0 == UInt8(ascii: "-") }) else {
                return nil
            }
            alignments.append(isLeft && isRight ? "center" : isLeft ? "left" : isRight ? "right" : nil)
        }
        return alignments.count <= mostColumns ? alignments : nil
    }

    private static func cells(_ line: MarkdownLine) -> [[UInt8]] {
        var text = line.trimmed
        if text.first == UInt8(ascii: "|") { text = text.dropFirst() }
        var cells: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text {
            if byte == UInt8(ascii: "|") {
                if isEscaped {
                    cells[cells.count - 1][cells[cells.count - 1].count - 1] = byte
                } else {
                    cells.append([])
                }
            } else {
                cells[cells.count - 1].append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        if cells.count > 1, cells.last?.allSatisfy(\.isBlank) == true { cells.removeLast() }
        return cells.map { Array(MarkdownLine($0[...]).trimmed) }
    }
}
