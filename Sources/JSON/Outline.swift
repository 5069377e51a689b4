/// Where the arrays and objects of a text begin and end, in the order of their opening brackets.
///
/// It is all that is remembered of a parse. Strings and numbers were checked where they stand and are found again by
/// walking over the text, which is cheap because whatever is nested can be jumped over: a notebook of many small cells
/// costs a fraction of its own size, one of large images almost nothing.
struct Outline: Sendable {
    /// One array or object.
    struct Entry: Sendable {
        /// The offset of the opening bracket.
        var start: UInt32
        /// The offset behind the closing bracket.
        var end: UInt32
        /// The index of the first entry that opens behind `end`.
        var next: UInt32
    }

    private(set) var entries: [Entry] = []
    /// Whether a byte above 0x7F occurs.
    var hasNonASCII = false
    /// Whether an escape with four hex digits occurs that stands for a character above U+007E.
    var hasEscapedNonASCII = false
    /// How many bytes the longest number has, or the longest word.
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
