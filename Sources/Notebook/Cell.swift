public import GalleyJSON

/// A cell of a notebook.
public struct Cell: JSONBacked {
    /// The cell's object in the document, including members without a property here.
    public var json: Value

    /// Creates a cell from an object of the document.
    public init(json: Value) { self.json = json }

    /// The types of cells.
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// Code to run.
        case code
        /// Markdown text.
        case markdown
        /// Text that is passed unchanged to a conversion of the notebook.
        case raw
        /// A type that a later version of the format may define.
        case other(String)
    }

    /// Creates a code cell that has not been run.
    public static func code(_ source: String, id: String? = nil) -> Cell {
        make("code", source, id, ["execution_count": nil, "outputs": []])
    }

    /// Creates a cell of Markdown text.
    public static func markdown(_ source: String, id: String? = nil) -> Cell { make("markdown", source, id, [:]) }

    /// Creates a raw cell, which a conversion of the notebook passes on unchanged.
    public static func raw(_ source: String, id: String? = nil) -> Cell { make("raw", source, id, [:]) }

    private static func make(_ kind: String, _ source: String, _ id: String?, _ more: Value) -> Cell {
        var json = more
        json["cell_type"] = .string(kind)
        json["metadata"] = [:]
        json["source"] = MultilineText.split(source)
        if let id { json["id"] = .string(id) }
        return Cell(json: json)
    }
}

extension Cell {
    /// The type of the cell.
    public var kind: Kind {
        switch json["cell_type"]?.string ?? "" {
        case "code": .code
        case "markdown": .markdown
        case "raw": .raw
        case let other: .other(other)
        }
    }

    /// The cell ID, which the format has had since 4.5.
    public var id: String? {
        get { json["id"]?.string }
        set { json["id"] = newValue.map { .string($0) } }
    }

    /// The source text of the cell.
    public var source: String {
        get { json["source"].flatMap(MultilineText.join) ?? "" }
        set {
            // If the text is the same, its representation in the file is kept.
            if !newValue.isIdentical(to: source) { json["source"] = MultilineText.split(newValue) }
        }
    }

    /// The cell's metadata, an object.
    public var metadata: Value {
        get { json["metadata"] ?? [:] }
        _modify {
            var metadata = json.take("metadata")
            defer { json.putBack("metadata", metadata) }
            yield &metadata.value
        }
    }

    /// The tags in the metadata.
    public var tags: [String] {
        get { metadata.tags }
        set {
            if newValue.elementsEqual(tags, by: { $0.isIdentical(to: $1) }) { return }
            metadata["tags"] = newValue.isEmpty ? Value?.none : .array(ofStrings: newValue)
        }
    }

    /// The execution count of the request that ran the cell; nil if it has not been run.
    public var executionCount: Int? {
        get { json["execution_count"]?.int }
        set {
            if newValue != executionCount { json["execution_count"] = .number(newValue) }
        }
    }

    /// The outputs of the cell.
    public var outputs: JSONArray<Output> {
        get { JSONArray(json: json["outputs"] ?? []) }
        _modify {
            var taken = json.take("outputs", empty: [])
            var outputs = JSONArray<Output>(json: taken.value)
            taken.value = .null
            defer {
                taken.value = outputs.json
                json.putBack("outputs", taken)
            }
            yield &outputs
        }
    }

    /// The files attached to the cell.
    public var attachments: [(name: String, data: MimeBundle)] {
        json["attachments"]?.members.map { ($0.key, MimeBundle(json: $0.value)) } ?? []
    }
}

extension Value {
    /// The tags in metadata.
    var tags: [String] { self["tags"]?.elements.compactMap(\.string) ?? [] }
}
