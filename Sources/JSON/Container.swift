/// The items of an array or object that is new or was changed after parsing.
struct Container: Sendable {
    let isObject: Bool
    var items: [Item]
    /// The original array or object in the text; nil if the container is new.
    let origin: Origin?

    init(isObject: Bool, items: [Item]) {
        self.isObject = isObject
        self.items = items
        origin = nil
    }

    init(_ fragment: Fragment) {
        isObject = fragment.isObject
        // Counting first costs a walk, but halves the memory that growing the array would take.
        items = []
        items.reserveCapacity(ItemIterator(fragment).reduce(0) { count, _ in count + 1 })
        for (place, value) in ItemIterator(fragment) { items.append(Item(value: Value(.text(value)), place: place)) }
        origin = Origin(fragment, items)
    }

    /// The array or object in the original text.
    ///
    /// A class, so that a changed container takes only two words where it is stored.
    final class Origin: Sendable {
        let text: Fragment
        let first: ItemOffsets?
        /// The offsets of the second item, which show the white space between a comma and the next item.
        let second: ItemOffsets?
        let last: ItemOffsets?

        init(_ text: Fragment, _ items: [Item]) {
            self.text = text
            first = items.first?.place
            second = items.count > 1 ? items[1].place : nil
            last = items.last?.place
        }

        /// The text between the last item and the closing bracket.
        var closing: Range<Int>? { last.map { Int($0.valueEnd)..<Int($0.end) } }
    }

    func key(of item: Item) -> String {
        if let key = item.newKey { return key }
        guard let range = keyRange(of: item), let source = origin?.text.source else { return "" }
        return StringCoding.string(source.bytes, range)
    }

    /// Returns the range of an original item's key, including quotes.
    func keyRange(of item: Item) -> Range<Int>? {
        guard isObject, let place = item.place else { return nil }
        return origin?.text.source.key(at: place)
    }

    func lastIndex(of key: String) -> Int? { items.lastIndex { has($0, key) } }

    mutating func removeAll(_ key: String) {
        let kept = items.filter { !has($0, key) }
        items = kept
    }

    private func has(_ item: Item, _ key: String) -> Bool {
        if let newKey = item.newKey { return newKey.utf8.elementsEqual(key.utf8) }
        guard let range = keyRange(of: item), let source = origin?.text.source else { return false }
        return StringCoding.equals(source.bytes, range, key)
    }
}

/// An element of an array or a member of an object.
struct Item: Sendable {
    /// The key of a new member.
    var newKey: String?
    var value: Value
    /// The offsets of the item in the original text; its value may have been replaced since.
    var place: ItemOffsets?
}
