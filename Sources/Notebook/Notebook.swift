public import GalleyJSON

/// A notebook: its cells, its metadata, and the file it came from.
///
/// It is a view of a JSON document. Reading a property reads the document, setting one changes that value there and
/// nothing else, and whatever this library does not know stays where it is.
public struct Notebook: Sendable {
    private var document: Document
    /// What was wrong with the file and has been put right, or was let pass.
    public private(set) var warnings: [NotebookWarning] = []

    /// Makes an empty notebook in nbformat's canonical form.
    public init() {
        document = Document(["cells": [], "metadata": [:], "nbformat": 4, "nbformat_minor": 5])
    }

    /// Reads a notebook of any version of the format up to 4.
    ///
    /// Versions before 4 are upgraded to 4.5 as nbformat does it; the minor version of the others is left as it is.
    ///
    /// - Throws: ``NotebookError`` where the bytes are no notebook, or one that could not be run.
    public init(parsing bytes: [UInt8]) throws(NotebookError) {
        try self.init(reading: UnvalidatedNotebook(parsing: bytes))
    }

    /// Reads a notebook all the way that was opened before.
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

    /// The notebook as it is to be written.
    package var text: JSONText { document.text }

    /// The notebook as it is to be written: what was read and not changed is byte for byte what it was.
    ///
    /// A cell that was added without an identifier has one there, where the version of the format wants it.
    public var bytes: [UInt8] {
        var notebook = self
        notebook.assignCellIDs()
        return notebook.text.bytes
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

    /// The version of the format, such as 4.5.
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

    /// The line of the file, as it was read, in which a line of a cell's source stands; nil where it is not from there.
    ///
    /// - Parameters:
    ///   - line: The line of the source, counted from 1.
    ///   - index: The cell's place among all cells, from 0.
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
    /// A member's value while it is being changed.
    struct Taken {
        var value: Value
        fileprivate let existed: Bool
    }

    /// Takes a member's value out, so that it can be changed without being copied; the caller puts it back.
    mutating func take(_ key: String, empty: Value = [:]) -> Taken {
        guard let value = self[key] else { return Taken(value: empty, existed: false) }
        self[key] = .null
        return Taken(value: value, existed: true)
    }

    /// Puts a value back; one that was not there and is still empty stays away.
    mutating func putBack(_ key: String, _ taken: Taken) {
        if taken.existed || taken.value.count > 0 { self[key] = taken.value }
    }
}

extension String {
    /// Whether another text has the same characters, and not only ones that Unicode holds for equivalent.
    func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
