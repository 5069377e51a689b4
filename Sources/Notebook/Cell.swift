public import GalleyJSON

/// One cell of a notebook.
public struct Cell: JSONBacked {
    /// The cell in the document, with everything that has no property here.
    public var json: Value

    /// Makes the cell that an object of the document is.
    public init(json: Value) { self.json = json }

    /// What a cell is for.
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// It is run.
        case code
        /// It is read.
        case markdown
        /// It is left to whatever turns the notebook into something else.
        case raw
        /// A kind that a later version of the format may bring.
        case other(String)
    }

    /// Makes a code cell that has not been run.
    public static func code(_ source: String, id: String? = nil) -> Cell {
        make("code", source, id, ["execution_count": nil, "outputs": []])
    }

    /// Makes a cell of Markdown text.
    public static func markdown(_ source: String, id: String? = nil) -> Cell { make("markdown", source, id, [:]) }

    /// Makes a cell that is passed on as it is when the notebook is converted.
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
    /// What the cell is for.
    public var kind: Kind {
        switch json["cell_type"]?.string ?? "" {
        case "code": .code
        case "markdown": .markdown
        case "raw": .raw
        case let other: .other(other)
        }
    }

    /// The identifier, which the format has since 4.5.
    public var id: String? {
        get { json["id"]?.string }
        set { json["id"] = newValue.map { .string($0) } }
    }

    /// What is written in the cell.
    public var source: String {
        get { json["source"].flatMap(MultilineText.join) ?? "" }
        set {
            // The same text may be in the file in another spelling, which is the file's own business.
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

    /// The number of the request that ran the cell, nil where it has not been run.
    public var executionCount: Int? {
        get { json["execution_count"]?.int }
        set {
            if newValue != executionCount { json["execution_count"] = .number(newValue) }
        }
    }

    /// What running the cell left behind.
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
