public import GalleyJSON

/// A notebook: its cells and metadata, and the layout of its file.
///
/// It is a view of a JSON document. Setting a property changes only that value in the document; members that this
/// library does not know are kept.
public struct Notebook: Sendable {
    private var document: Document
    /// Problems in the file that were corrected or ignored.
    public private(set) var warnings: [NotebookWarning] = []

    /// Creates an empty notebook in nbformat's canonical form.
    public init() {
        document = Document(["cells": [], "metadata": [:], "nbformat": 4, "nbformat_minor": 5])
    }

    /// Parses a notebook of any format version up to 4.
    ///
    /// Versions before 4 are upgraded to 4.5 like nbformat does. For version 4, the minor version is kept.
    ///
    /// - Throws: ``NotebookError`` if the bytes are not a notebook, or not one that can be run.
    public init(parsing bytes: [UInt8]) throws(NotebookError) {
        try self.init(reading: UnvalidatedNotebook(parsing: bytes))
    }

    /// Validates a notebook that was parsed before.
    package init(reading unread: UnvalidatedNotebook) throws(NotebookError) {
        document = unread.document
        var reader = NotebookReader(document: document)
        do throws(NotebookReader.FormatViolation) {
            try reader.read()
        } catch {
            throw NotebookError(
                path: error.path.description, position: document.position(of: error.value), problem: error.problem)
        }
        (document, warnings) = (reader.document, reader.warnings)
    }

    /// The text of the notebook to be written.
    package var text: JSONText { document.text }

    /// The text of the notebook to be written. Parts that were not changed are byte for byte as they were read.
    ///
    /// If the format version requires cell IDs, cells without an ID get one in this text.
    public var bytes: [UInt8] {
        var notebook = self
        notebook.assignCellIDs()
        return notebook.text.bytes
    }

    /// Returns an ID that no cell has, `name` if possible; nil if the format version has no IDs.
    package func freeCellID(_ name: String) -> String? {
        guard version >= (4, 5) else { return nil }
        let used = Set(cells.compactMap(\.id))
        var (id, number) = (name, 1)
        while used.contains(id) {
            number += 1
            id = "\(name)-\(number)"
        }
        return id
    }

    private mutating func assignCellIDs() {
        let nameless = cells.indices.filter { cells[$0].id == nil }
        guard version >= (4, 5), !nameless.isEmpty else { return }
        var used = Set(cells.compactMap(\.id))
        for index in nameless {
            let id = CellID.make(for: cells[index].source, at: index, avoiding: used)
            used.insert(id)
            cells[index].id = id
        }
    }

    /// The format version, such as 4.5.
    public var version: (major: Int, minor: Int) {
        (document.root["nbformat"]?.int ?? 4, document.root["nbformat_minor"]?.int ?? 0)
    }

    /// The notebook's metadata, an object.
    public var metadata: Value {
        get { document.root["metadata"] ?? [:] }
        _modify {
            var metadata = document.root.take("metadata")
            defer { document.root.putBack("metadata", metadata) }
            yield &metadata.value
        }
    }

    /// The tags in the metadata.
    public var tags: [String] { metadata.tags }

    /// Returns the line of the original file that contains a line of a cell's source; nil if the source is not from the
    /// file.
    ///
    /// - Parameters:
    ///   - line: The line of the source, counted from 1.
    ///   - index: The index of the cell among all cells, from 0.
    package func fileLine(of line: Int, inCellAt index: Int) -> Int? {
        guard cells.indices.contains(index), let source = cells[index].json["source"] else { return nil }
        var rest = max(0, line - 1)
        for part in source.elements {
            let ends = part.string?.utf8.count { $0 == UInt8(ascii: "\n") } ?? 0
            if rest < max(1, ends) { return document.position(of: part)?.line }
            rest -= ends
        }
        return document.position(of: source)?.line
    }

    /// The cells.
    public var cells: JSONArray<Cell> {
        get { JSONArray(json: document.root["cells"] ?? []) }
        _modify {
            var cells = JSONArray<Cell>(json: document.root.take("cells", empty: []).value)
            defer { document.root["cells"] = cells.json }
            yield &cells
        }
    }
}

extension Value {
    /// The value of a member while it is being changed.
    struct Taken {
        var value: Value
        fileprivate let existed: Bool
    }

    /// Takes out the value of a member, so that it can be changed without being copied. The caller puts it back.
    mutating func take(_ key: String, empty: Value = [:]) -> Taken {
        guard let value = self[key] else { return Taken(value: empty, existed: false) }
        self[key] = .null
        return Taken(value: value, existed: true)
    }

    /// Puts a value back, unless it did not exist before and is still empty.
    mutating func putBack(_ key: String, _ taken: Taken) {
        if taken.existed || taken.value.count > 0 { self[key] = taken.value }
    }
}

extension String {
    /// Whether both texts have the same bytes. `==` also accepts canonically equivalent texts.
    func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
