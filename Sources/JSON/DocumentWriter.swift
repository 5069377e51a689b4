/// Writes a value into a document. Original parts keep their text; new parts get the document's style.
struct DocumentWriter {
    private(set) var text = JSONText()
    private let style: JSONStyle
    /// The source text of the document. Values from other texts are treated as new.
    private let home: SourceText?
    private let lineEnd: [UInt8]
    private let indentation: [UInt8]?

    init(style: JSONStyle, home: SourceText?) {
        self.style = style
        self.home = home
        lineEnd = Array(style.lineEnd.utf8)
        indentation = style.indentation.map { Array($0.utf8) }
    }

    mutating func copy(_ range: Range<Int>) {
        if let home { text.append(home, range) }
    }

    mutating func append(_ string: String) { text.append(string.utf8) }

    /// Appends `value`. `margin` is the indentation of its line, and `standing` the offset of the value that it
    /// replaces in the document, which may be itself.
    mutating func write(_ value: Value, margin: [UInt8] = [], standing: Int? = nil) {
        switch value.form {
        case .null: append("null")
        case .bool(let bool): append(bool ? "true" : "false")
        case .number(let number): append(number.description)
        case .string(let string): write(string)
        case .text(let fragment):
            if fits(fragment, margin: margin, standing: standing) {
                copy(fragment.range)
            } else {
                layOut(fragment, margin: margin)
            }
        case .container(let container):
            if let origin = container.origin, fits(origin.text, margin: margin, standing: standing) {
                update(container, origin, margin: margin)
            } else {
                layOut(container, margin: margin)
            }
        }
    }

    /// Whether the text of a parsed value can be copied: it has the same offset as before, or the same indentation.
    private func fits(_ fragment: Fragment, margin: [UInt8], standing: Int?) -> Bool {
        guard let home, fragment.source === home else { return false }
        return fragment.start == standing || indentation == nil || !fragment.isContainer
            || home.lineMargin(at: fragment.start) == margin
    }

    private mutating func write(_ string: String) {
        let escapes = style.escapesNonASCII
        text.make { StringCoding.encode(string.utf8, escapingNonASCII: escapes, to: &$0) }
    }
}

// MARK: - New values

extension DocumentWriter {
    /// Writes a value from another text, or from another place in this text.
    private mutating func layOut(_ fragment: Fragment, margin: [UInt8]) {
        let bytes = fragment.source.bytes
        switch fragment.first {
        case UInt8(ascii: "{"): layOut(Container(fragment), margin: margin)
        case UInt8(ascii: "["):
            // A container would take ten times the memory of a long list of short strings.
            append("[")
            var isFirst = true
            for (_, value) in ItemIterator(fragment) {
                if !isFirst { append(",") }
                beginItem(isFirst: isFirst, margin: margin)
                write(Value(.text(value)), margin: margin + (indentation ?? []))
                isFirst = false
            }
            if !isFirst { beginClosing(margin: margin) }
            append("]")
        case UInt8(ascii: "\""):
            rewriteString(fragment.source, fragment.range)
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "f"):
            text.append(bytes[fragment.range])
        default:
            let number = Number(trusting: bytes[fragment.range])
            append((fragment.source === home ? number : number.inPythonSpelling).description)
        }
    }

    private mutating func rewriteString(_ source: SourceText, _ range: Range<Int>) {
        let escapes = style.escapesNonASCII
        if source === home || StringCoding.isEncoded(source.bytes, range, escapingNonASCII: escapes) {
            text.append(source, range)
        } else {
            let characters = StringCoding.decode(source.bytes, range)
            text.make { StringCoding.encode(characters, escapingNonASCII: escapes, to: &$0) }
        }
    }

    private mutating func layOut(_ container: Container, margin: [UInt8]) {
        // Members that a later member with the same key hides are dropped only if the object is from another text.
        let isForeign = container.origin.map { $0.text.source !== home } ?? true
        let items =
            container.isObject ? container.members(distinct: isForeign, sorted: style.sortsKeys) : container.items
        append(container.isObject ? "{" : "[")
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            beginItem(isFirst: index == 0, margin: margin)
            writeKey(of: item, in: container)
            write(item.value, margin: margin + (indentation ?? []))
        }
        if !items.isEmpty { beginClosing(margin: margin) }
        append(container.isObject ? "}" : "]")
    }

    private mutating func beginItem(isFirst: Bool, margin: [UInt8]) {
        if !isFirst { append(style.spaceAfterComma) }
        if let indentation { text.append(lineEnd + margin + indentation) }
    }

    private mutating func beginClosing(margin: [UInt8]) {
        if indentation != nil { text.append(lineEnd + margin) }
    }

    private mutating func writeKey(of item: Item, in container: Container) {
        guard container.isObject else { return }
        if let range = container.keyRange(of: item), let source = container.origin?.text.source {
            rewriteString(source, range)
        } else {
            write(container.key(of: item))
        }
        append(style.keySeparator)
    }
}

// MARK: - Changed values

extension DocumentWriter {
    /// Writes a changed array or object in its original place and copies its unchanged items.
    private mutating func update(_ container: Container, _ origin: Container.Origin, margin: [UInt8]) {
        guard let home else { return }
        let items = style.sortsKeys ? container.itemsWithNewOnesSorted(in: home) : container.items
        text.append(home, origin.text.start..<origin.text.start + 1)
        for (index, item) in items.enumerated() {
            if index > 0 { appendComma(after: items[index - 1], origin) }
            let inner = begin(item, isFirst: index == 0, origin, margin: margin)
            if let place = item.place {
                if let key = container.keyRange(of: item) { copy(key.lowerBound..<Int(place.valueStart)) }
                write(item.value, margin: inner, standing: Int(place.valueStart))
            } else {
                writeKey(of: item, in: container)
                write(item.value, margin: inner)
            }
        }
        if items.isEmpty {
            if origin.first == nil { copy(origin.text.start + 1..<origin.text.end - 1) }
        } else if let closing = origin.closing {
            copy(closing)
        } else {
            beginClosing(margin: margin)
        }
        text.append(home, origin.text.end - 1..<origin.text.end)
    }

    /// Writes the comma after an item, with the original white space before it.
    private mutating func appendComma(after item: Item, _ origin: Container.Origin) {
        if let place = item.place, place.end != origin.last?.end {
            copy(Int(place.valueEnd)..<Int(place.end) + 1)
        } else {
            append(",")
        }
    }

    /// Writes the white space before an item: its own, or that of a neighbor in the same position. Returns the
    /// indentation of the item's line.
    private mutating func begin(
        _ item: Item, isFirst: Bool, _ origin: Container.Origin, margin: [UInt8]
    ) -> [UInt8] {
        guard let home, let first = origin.first else {
            beginItem(isFirst: isFirst, margin: margin)
            return margin + (indentation ?? [])
        }
        let ownPlace = item.place?.lead == first.lead ? nil : item.place
        let model = isFirst ? first : ownPlace ?? origin.second ?? first
        let space = home.space(at: model)
        let ownMargin = home.margin(of: space)
        if !isFirst, model.lead == first.lead {
            // If there was only one item, it does not show the white space after a comma, unless it had a line of its
            // own.
            guard ownMargin != nil else {
                beginItem(isFirst: false, margin: margin)
                return margin + (indentation ?? [])
            }
            if indentation != nil { append(style.spaceAfterComma) }
        }
        copy(space)
        return ownMargin ?? margin
    }
}

extension SourceText {
    /// The range of the white space before an item.
    fileprivate func space(at place: ItemOffsets) -> Range<Int> {
        Int(place.lead)..<bytes.skippingSpace(from: Int(place.lead))
    }

    /// Returns the indentation of the line that contains `offset`.
    fileprivate func lineMargin(at offset: Int) -> [UInt8] {
        let start = bytes[..<offset].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return Array(bytes[start..<min(offset, bytes.skippingSpace(from: start))])
    }

    /// Returns the text after the last line end in white space; nil if there is no line end.
    fileprivate func margin(of space: Range<Int>) -> [UInt8]? {
        bytes[space].lastIndex(of: UInt8(ascii: "\n")).map { Array(bytes[($0 + 1)..<space.upperBound]) }
    }
}

extension Container {
    /// Returns the members with new ones sorted in by their keys' code points. If the original members are not sorted,
    /// new ones stay at the end.
    fileprivate func itemsWithNewOnesSorted(in source: SourceText) -> [Item] {
        guard isObject, items.contains(where: { $0.place == nil }) else { return items }
        var keyed = items.map { (key: keyBytes(of: $0), item: $0) }
        let read = keyed.filter { $0.item.place != nil }
        for (one, next) in zip(read, read.dropFirst()) where next.key.lexicographicallyPrecedes(one.key) {
            return items
        }
        keyed.sort { $0.key.lexicographicallyPrecedes($1.key) }
        return keyed.map(\.item)
    }

    /// Returns the members. `distinct` drops those that a later member with the same key hides; `sorted` sorts them by
    /// key.
    fileprivate func members(distinct: Bool, sorted: Bool) -> [Item] {
        let keys = items.map(keyBytes)
        var kept = Array(items.indices)
        if distinct {
            var last: [[UInt8]: Int] = [:]
            for (index, key) in keys.enumerated() { last[key] = index }
            kept = kept.filter { last[keys[$0]] == $0 }
        }
        if sorted {
            kept.sort { keys[$0] == keys[$1] ? $0 < $1 : keys[$0].lexicographicallyPrecedes(keys[$1]) }
        }
        return kept.map { items[$0] }
    }

    private func keyBytes(of item: Item) -> [UInt8] {
        if let range = keyRange(of: item), let source = origin?.text.source {
            return StringCoding.decode(source.bytes, range)
        }
        return Array((item.newKey ?? "").utf8)
    }
}
