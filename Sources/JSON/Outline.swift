/// The offsets of all arrays and objects in a text, in the order of their opening brackets.
///
/// It is the only result of parsing that is kept. Strings and numbers are validated and later found again by walking
/// over the text. The walk is fast because it skips nested values. The outline of a notebook with many small cells
/// takes a fraction of the notebook's size; with large images, almost nothing.
struct Outline: Sendable {
    /// The offsets of one array or object.
    struct Entry: Sendable {
        /// The offset of the opening bracket.
        var start: UInt32
        /// The offset after the closing bracket.
        var end: UInt32
        /// The index of the first entry that opens after `end`.
        var next: UInt32
    }

    private(set) var entries: [Entry] = []
    /// Whether the text has a byte above 0x7F.
    var hasNonASCII = false
    /// Whether the text has a `\u` escape for a character above U+007E.
    var hasEscapedNonASCII = false
    /// The length in bytes of the longest number or literal such as `null`.
    var longestNumber = 0

    mutating func open(at offset: Int) -> Int {
        entries.append(Entry(start: UInt32(truncatingIfNeeded: offset), end: 0, next: 0))
        return entries.count - 1
    }

    mutating func close(_ index: Int, end: Int) {
        entries[index].end = UInt32(truncatingIfNeeded: end)
        entries[index].next = UInt32(truncatingIfNeeded: entries.count)
    }
}
