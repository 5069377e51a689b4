/// An estimate of the work for Markdown in which the parser's time is not proportional to the size.
struct MarkdownCost {
    /// Steps for tables: cells that short rows leave out, and lines before a table that could be its header.
    private var emptyCells = 0
    private var tableSteps = 0
    /// Steps for images within each other.
    private var imageSteps = 0
    private var longestRow = 0
    private var deepestLine = 0
    private var addresses = 0
    private var longestAddress = 0

    /// Whether the Markdown can be parsed.
    var isReasonable: Bool { imageSteps <= 200_000_000 && deepestLine <= 500 }

    /// Whether tables can be read; otherwise their text is a paragraph.
    var hasReasonableTables: Bool { emptyCells <= 100_000 && tableSteps <= 200_000_000 && longestRow <= 1000 }

    /// Whether bare addresses can become links.
    var hasReasonableAddresses: Bool { addresses <= 10_000 && longestAddress <= 1000 }

    init(of markdown: [UInt8]) {
        var run = Run()
        for line in markdown.split(separator: 10, omittingEmptySubsequences: false) {
            if line.allSatisfy(\.isBlank) {
                imageSteps += run.images * run.images
                run = Run()
            } else {
                count(line, in: &run)
            }
            countAddresses(line)
        }
        imageSteps += run.images * run.images
    }

    /// Lines without an empty line between them.
    private struct Run {
        var lines = 0
        var bytes = 0
        var images = 0
        /// The number of columns of the widest table.
        var columns = 0
    }

    private mutating func count(_ line: ArraySlice<UInt8>, in run: inout Run) {
        var bars = 0
        var last: UInt8 = 0
        var hasDash = false
        var isDelimiterRow = true
        for byte in line {
            if byte == UInt8(ascii: "|") { bars += 1 }
            if byte == UInt8(ascii: "-") { hasDash = true }
            if byte == UInt8(ascii: "["), last == UInt8(ascii: "!") { run.images += 1 }
            if isDelimiterRow, !" \t\r|:->*+.)0123456789".utf8.contains(byte) { isDelimiterRow = false }
            last = byte
        }
        longestRow = max(longestRow, bars)
        if isDelimiterRow, hasDash {
            tableSteps += run.lines * run.bytes
            run.columns = max(run.columns, bars + 1)
        }
        emptyCells += max(0, run.columns - bars - 1)
        run.lines += 1
        run.bytes += line.count
        deepestLine = max(deepestLine, Self.depth(of: line))
    }

    /// The number of quotes and list items that a line begins.
    private static func depth(of line: ArraySlice<UInt8>) -> Int {
        var depth = 0
        var last: UInt8 = 0
        for byte in line {
            if byte == UInt8(ascii: ">") || byte.isBlank && !last.isBlank && last != UInt8(ascii: ">") { depth += 1 }
            if !byte.isBlank, !">-*+.)0123456789".utf8.contains(byte) { break }
            last = byte
        }
        return depth
    }

    private mutating func countAddresses(_ line: ArraySlice<UInt8>) {
        var length = 0
        var hasAddress = false
        for index in line.indices {
            let byte = line[index]
            if byte.isName || byte >= 0x80 || "-.+@".utf8.contains(byte) {
                length += 1
                if byte == UInt8(ascii: "@") || byte == UInt8(ascii: "w") && line[index...].starts(with: "www.".utf8) {
                    addresses += 1
                    hasAddress = true
                }
                if hasAddress { longestAddress = max(longestAddress, length) }
            } else {
                length = 0
                hasAddress = false
            }
        }
    }
}
