/// The formatting of a document, so that new values look like the rest.
package struct JSONStyle: Hashable, Sendable {
    /// The indentation per level; nil if the document is on one line.
    package var indentation: String?
    /// The line end.
    package var lineEnd: String
    /// The white space between a comma and the next item, or the end of the line.
    package var spaceAfterComma: String
    /// The text between a key and its value.
    package var keySeparator: String
    /// Whether all characters beyond ASCII are escaped.
    package var escapesNonASCII: Bool
    /// Whether the members of objects are sorted by key.
    package var sortsKeys: Bool

    /// The style in which nbformat writes notebooks: sorted keys, one space per level, no escapes for non-ASCII
    /// characters.
    package static let canonical = JSONStyle(
        indentation: " ", lineEnd: "\n", spaceAfterComma: "", keySeparator: ": ", escapesNonASCII: false,
        sortsKeys: true)

    /// Everything on one line without spaces, with sorted keys.
    package static let oneLine: JSONStyle = {
        var style = JSONStyle.canonical
        style.indentation = nil
        style.keySeparator = ":"
        return style
    }()
}

extension JSONStyle {
    /// Detects the style of a text from its first items and a sample of its objects.
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

    /// The root object and the short objects among the first few hundred entries. Long ones contain images and take
    /// time to walk over.
    fileprivate var sample: some Sequence<Fragment> {
        outline.entries.prefix(400).indices.lazy
            .map { Fragment(source: self, start: Int(self.outline.entries[$0].start), extent: $0) }
            .filter { $0.isObject && ($0.start == self.root.start || $0.range.count < 10_000) }
    }

    /// Whether the members of an object are sorted by their keys' code points.
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
