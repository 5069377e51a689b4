public import GalleyJSON

/// A value of a notebook that reads like the format: a cell, an output.
public protocol JSONBacked: Sendable {
    /// Makes the part that `json` is.
    init(json: Value)
    /// What it is in the document, with everything that has no property here.
    var json: Value { get set }
}

/// The cells of a notebook, or the outputs of a cell.
public struct JSONArray<Element: JSONBacked>: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
    JSONBacked
{
    /// The array in the document.
    public var json: Value

    /// Makes a collection of the elements of an array; what is no array has none.
    ///
    /// It costs a walk over the array. Who reads many elements keeps the collection.
    public init(json: Value) {
        self.json = json.kind == .array ? json : []
        self.json.prepareForChanges()
    }

    /// Makes an empty collection.
    public init() { self.init(json: []) }

    /// Always zero.
    public var startIndex: Int { 0 }

    /// The number of elements.
    public var endIndex: Int { json.count }

    /// The element at `index`.
    public subscript(index: Int) -> Element {
        get { Element(json: json[index]) }
        _modify {
            var part = Element(json: json[index])
            json[index] = .null
            defer { json[index] = part.json }
            yield &part
        }
    }

    /// Removes the elements that a condition is true of; all others stay as they are in the document.
    public mutating func removeAll(where isUnwanted: (Element) throws -> Bool) rethrows {
        for index in try indices.filter({ try isUnwanted(self[$0]) }).reversed() { remove(at: index) }
    }

    /// Replaces a range of elements.
    public mutating func replaceSubrange(_ range: Range<Int>, with parts: some Collection<Element>) {
        json.replaceElements(range, with: parts.map(\.json))
    }
}

extension JSONArray: ExpressibleByArrayLiteral {
    /// Makes a collection of new elements.
    public init(arrayLiteral elements: Element...) { self.init(json: .array(elements.map(\.json))) }
}
