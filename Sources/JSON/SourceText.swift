/// A validated text, which is shared by all values that refer to it.
final class SourceText: Sendable {
    let bytes: [UInt8]
    let outline: Outline
    private let contentStart: Int

    init(_ bytes: [UInt8], depthLimit: Int) throws(ParseError) {
        var parser = Parser(depthLimit: depthLimit)
        do throws(Parser.OffsetError) {
            try parser.parse(bytes.span)
        } catch {
            throw ParseError(position: Position(offset: error.offset, in: bytes.span), problem: error.problem)
        }
        self.bytes = bytes
        outline = parser.outline
        contentStart = bytes.span.contentStart
    }

    /// The root value.
    var root: Fragment {
        let start = bytes.skippingSpace(from: contentStart)
        switch bytes[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return Fragment(source: self, start: start, extent: 0)
        case UInt8(ascii: "\""): return Fragment(source: self, start: start, extent: bytes.endOfString(at: start))
        default: return Fragment(source: self, start: start, extent: bytes.endOfLiteral(at: start))
        }
    }
}

/// Navigation in a text that is valid JSON.
extension [UInt8] {
    func skippingSpace(from start: Int) -> Int { span.skippingSpace(from: start) }

    /// Returns the offset after the string that begins at `start`.
    func endOfString(at start: Int) -> Int {
        let text = span
        var at = start + 1
        while true {
            at = text.skippingPlainText(from: at)
            switch text[at] {
            case UInt8(ascii: "\""): return at + 1
            case UInt8(ascii: "\\"): at += 2
            default: at += 1
            }
        }
    }

    /// Returns the offset after the number or literal that begins at `start`.
    fileprivate func endOfLiteral(at start: Int) -> Int {
        let text = span
        var at = start
        while true {
            switch text.byte(at) {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x0A, 0x0D, 0x09, 0: return at
            default: at += 1
            }
        }
    }
}

/// An unchanged value in a source text.
struct Fragment: Sendable {
    let source: SourceText
    private let startOffset: UInt32
    /// For an array or object, its index in the outline; otherwise the offset after the value.
    fileprivate let extent: UInt32

    init(source: SourceText, start: Int, extent: Int) {
        self.source = source
        startOffset = UInt32(start)
        self.extent = UInt32(extent)
    }

    var start: Int { Int(startOffset) }
    var end: Int { isContainer ? Int(source.outline.entries[Int(extent)].end) : Int(extent) }
    var range: Range<Int> { start..<end }
    var first: UInt8 { source.bytes[start] }
    var isObject: Bool { first == UInt8(ascii: "{") }
    var isContainer: Bool { isObject || first == UInt8(ascii: "[") }
}

/// The offsets of an item of an array or object.
struct ItemOffsets: Sendable {
    /// The offset after the opening bracket or the comma before the item.
    let lead: UInt32
    let valueStart: UInt32
    let valueEnd: UInt32
    /// The offset of the comma or closing bracket after the item.
    let end: UInt32
}

/// Iterates over the elements of an array or the members of an object in a source text.
struct ItemIterator: Sequence, IteratorProtocol {
    private let source: SourceText
    private let text: [UInt8]
    private let isObject: Bool
    private var at: Int
    private var nested: Int
    private var isFinished: Bool

    /// Begins after the opening bracket of `fragment`, which must be an array or an object.
    init(_ fragment: Fragment) {
        source = fragment.source
        text = source.bytes
        isObject = fragment.isObject
        at = fragment.start + 1
        nested = Int(fragment.extent) + 1
        let first = text[text.skippingSpace(from: at)]
        isFinished = first == UInt8(ascii: "]") || first == UInt8(ascii: "}")
    }

    /// Returns the next item and moves past the comma after it.
    mutating func next() -> (place: ItemOffsets, value: Fragment)? {
        nextPlace().map { ($0.place, Fragment(source: source, start: Int($0.place.valueStart), extent: $0.extent)) }
    }

    /// Returns the offsets and extent of the next item, without creating a fragment.
    mutating func nextPlace() -> (place: ItemOffsets, extent: Int)? {
        guard !isFinished else { return nil }
        let lead = at
        var start = text.skippingSpace(from: at)
        if isObject {
            let colon = text.skippingSpace(from: text.endOfString(at: start))
            start = text.skippingSpace(from: colon + 1)
        }
        let valueEnd: Int
        var extent = nested
        switch text[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            valueEnd = Int(source.outline.entries[nested].end)
            nested = Int(source.outline.entries[nested].next)
        case UInt8(ascii: "\""):
            valueEnd = text.endOfString(at: start)
            extent = valueEnd
        default:
            valueEnd = text.endOfLiteral(at: start)
            extent = valueEnd
        }
        let end = text.skippingSpace(from: valueEnd)
        at = end + 1
        isFinished = text[end] != UInt8(ascii: ",")
        let place = ItemOffsets(
            lead: UInt32(lead), valueStart: UInt32(start), valueEnd: UInt32(valueEnd), end: UInt32(end))
        return (place, extent)
    }
}

extension SourceText {
    /// Returns the range of the key of the member at `place`, including quotes.
    func key(at place: ItemOffsets) -> Range<Int> {
        let start = bytes.skippingSpace(from: Int(place.lead))
        return start..<bytes.endOfString(at: start)
    }
}
