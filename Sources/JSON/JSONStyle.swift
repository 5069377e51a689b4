/// How a document is laid out: what a new value has to look like to go unnoticed in it.
package struct JSONStyle: Hashable, Sendable {
    /// What each level is indented by; nil where everything stands on one line.
    package var indentation: String?
    /// How lines end.
    package var lineEnd: String
    /// What stands between a comma and the next item or, where that is on a line of its own, the end of the line.
    package var spaceAfterComma: String
    /// What stands between a key and its value.
    package var keySeparator: String
    /// Whether everything beyond ASCII is written as an escape.
    package var escapesNonASCII: Bool
    /// Whether the members of objects are sorted by key.
    package var sortsKeys: Bool

    /// The form in which nbformat writes notebooks: keys sorted, one space per level, characters as they are.
    package static let canonical = JSONStyle(
        indentation: " ", lineEnd: "\n", spaceAfterComma: "", keySeparator: ": ", escapesNonASCII: false,
        sortsKeys: true)
}

extension JSONStyle {
    /// Finds out how a text is laid out by looking at its beginning and at some hundred of its objects.
    init(of source: SourceText) {
        self = .canonical
        escapesNonASCII = source.outline.hasEscapedNonASCII && !source.outline.hasNonASCII
        let root = source.root
        guard root.isContainer else { return }
        var walk = ItemIterator(root)
        if let first = walk.next() {
            let lead = source.space(from: Int(first.place.lead))
            if let line = lead.lastIndex(where: { $0 == "\n" || $0 == "\r\n" }) {
                indentation = String(lead[lead.index(after: line)...])
                lineEnd = lead[line] == "\r\n" ? "\r\n" : "\n"
            } else {
                indentation = nil
                spaceAfterComma = " "
            }
            if let second = walk.next() {
                let lead = source.space(from: Int(second.place.lead))
                spaceAfterComma = String(lead.prefix { $0 != "\n" && $0 != "\r\n" })
            }
            if root.isObject {
                let range = source.key(at: first.place).upperBound..<Int(first.place.valueStart)
                keySeparator = String(decoding: source.bytes[range], as: UTF8.self)
            }
        }
        sortsKeys = source.sample.allSatisfy(source.hasSortedKeys)
    }
}

extension SourceText {
    fileprivate func space(from start: Int) -> String {
        String(decoding: bytes[start..<bytes.skippingSpace(from: start)], as: UTF8.self)
    }

    /// The outermost object and the short ones among the first few hundred: long ones hold images, which take time to
    /// walk over.
    fileprivate var sample: some Sequence<Fragment> {
        outline.entries.prefix(400).indices.lazy
            .map { Fragment(source: self, start: Int(self.outline.entries[$0].start), extent: $0) }
            .filter { $0.isObject && ($0.start == self.root.start || $0.range.count < 10_000) }
    }

    /// Whether the members of an object stand in the order of their keys' code points.
    func hasSortedKeys(_ object: Fragment) -> Bool {
        var previous: [UInt8] = []
        for (place, _) in ItemIterator(object) {
            let key = StringCoding.decode(bytes, key(at: place))
            if key.lexicographicallyPrecedes(previous) { return false }
            previous = key
        }
        return true
    }
}
