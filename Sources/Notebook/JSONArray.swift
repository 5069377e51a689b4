public import GalleyJSON

/// A view of a JSON value of a notebook, such as a cell or an output.
public protocol JSONBacked: Sendable {
    /// Creates a view of `json`.
    init(json: Value)
    /// The value in the document, including members without a property here.
    var json: Value { get set }
}

/// The cells of a notebook, or the outputs of a cell.
public struct JSONArray<Element: JSONBacked>: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
    JSONBacked
{
    /// The array in the document.
    public var json: Value

    /// Creates a collection of the elements of an array; an empty one if `json` is not an array.
    ///
    /// This walks over the whole array. To read many elements, keep the collection.
    public init(json: Value) {
        self.json = json.kind == .array ? json : []
        self.json.prepareForChanges()
    }

    /// Creates an empty collection.
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

    /// Removes the elements that satisfy a condition. All others stay unchanged in the document.
    public mutating func removeAll(where isUnwanted: (Element) throws -> Bool) rethrows {
        for index in try indices.filter({ try isUnwanted(self[$0]) }).reversed() { remove(at: index) }
    }

    /// Replaces a range of elements.
    public mutating func replaceSubrange(_ range: Range<Int>, with parts: some Collection<Element>) {
        json.replaceElements(range, with: parts.map(\.json))
    }
}

extension JSONArray: ExpressibleByArrayLiteral {
    /// Creates a collection of new elements.
    public init(arrayLiteral elements: Element...) { self.init(json: .array(elements.map(\.json))) }
}
