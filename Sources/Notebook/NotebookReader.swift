import GalleyJSON

/// Validates a document: throws if it cannot be run, and corrects smaller violations of the format.
struct NotebookReader {
    private(set) var document: Document
    private(set) var warnings: [NotebookWarning] = []

    /// A validation error whose position in the file is not known yet.
    struct FormatViolation: Error {
        var path: ValuePath
        var value: Value
        var problem: NotebookError.Problem

        static func wrongKind(_ value: Value, expected: String, at path: ValuePath) -> FormatViolation {
            FormatViolation(path: path, value: value, problem: .wrongKind(expected: expected, found: value.kind))
        }
    }

    init(document: Document) { self.document = document }

    mutating func read() throws(FormatViolation) {
        try document.root.require(.object, at: ValuePath())
        try bringToVersion4()
        if document.root["metadata"] == nil {
            document.root["metadata"] = [:]
            warnings.append(NotebookWarning(path: "", problem: .added("metadata")))
        }
        try (document.root["metadata"] ?? nil).require(.object, at: ValuePath().member("metadata"))
        guard document.root["cells"] != nil else {
            throw FormatViolation(path: ValuePath(), value: document.root, problem: .missing("cells"))
        }
        let array = document.root.take("cells").value
        try array.require(.array, at: ValuePath().member("cells"))
        var cells = JSONArray<Cell>(json: array)
        for index in cells.indices { try readCell(&cells, index) }
        if try minorVersion(of: cells) >= 5 { assignCellIDs(to: &cells) }
        document.root["cells"] = cells.json
    }
}

// MARK: - Versions

extension NotebookReader {
    private mutating func bringToVersion4() throws(FormatViolation) {
        let root = document.root
        guard let version = root["nbformat"] else {
            guard let cells = root["cells"] else {
                throw FormatViolation(path: ValuePath(), value: root, problem: .missing("cells"))
            }
            // Version 1 files do not specify a version. Their cells contain "code" or "text" and no "source".
            let isFirst = cells.elements.contains { $0["source"] == nil && ($0["code"] != nil || $0["text"] != nil) }
            if isFirst { return try upgrade(from: 1) }
            document.root["nbformat"] = 4
            if let minor = root["nbformat_minor"]?.int {
                warnings.append(NotebookWarning(path: "", problem: .assumedVersion("4.\(minor)")))
            }
            return
        }
        guard let major = version.int else {
            throw .wrongKind(version, expected: "a whole number", at: ValuePath().member("nbformat"))
        }
        switch major {
        case 4: break
        case 1...3: try upgrade(from: major)
        default:
            throw FormatViolation(
                path: ValuePath().member("nbformat"), value: version, problem: .unsupportedVersion(major))
        }
    }

    private mutating func upgrade(from major: Int) throws(FormatViolation) {
        document.root = try Upgrader(from: major).upgrade(document.root)
        warnings.append(NotebookWarning(path: "", problem: .upgraded(from: major)))
    }

    private mutating func minorVersion(of cells: JSONArray<Cell>) throws(FormatViolation) -> Int {
        if let minor = document.root["nbformat_minor"] {
            if let minor = minor.int { return minor }
            throw .wrongKind(minor, expected: "a whole number", at: ValuePath().member("nbformat_minor"))
        }
        let minor = cells.contains { $0.id != nil } ? 5 : 0
        document.root["nbformat_minor"] = .number(minor)
        warnings.append(NotebookWarning(path: "", problem: .assumedVersion("4.\(minor)")))
        return minor
    }
}

// MARK: - Cells and outputs

extension NotebookReader {
    private mutating func readCell(_ cells: inout JSONArray<Cell>, _ index: Int) throws(FormatViolation) {
        let cell = cells.json[index]
        var path: ValuePath { ValuePath().member("cells").element(index) }
        try cell.require(.object, at: path)
        // One walk over the members finds all of them. Of repeated keys the last one counts.
        var type: Value?
        var (metadata, source, outputs, count, attachments): (Value?, Value?, Value?, Value?, Value?)
        for (key, value) in cell.members {
            switch key {
            case "cell_type": type = value
            case "source": source = value
            case "metadata": metadata = value
            case "outputs": outputs = value
            case "execution_count": count = value
            case "attachments": attachments = value
            default: break
            }
        }
        guard let type else { throw FormatViolation(path: path, value: cell, problem: .missing("cell_type")) }
        try type.require(.string, at: path.member("cell_type"))
        let kind = Cell(json: cell).kind
        if let source {
            try requireText(source, at: path.member("source"))
        } else if kind == .code {
            throw FormatViolation(path: path, value: cell, problem: .missing("source"))
        } else if kind == .markdown || kind == .raw {
            add("source", [], to: &cells.json[index], at: path)
        }
        if let metadata {
            try metadata.require(.object, at: path.member("metadata"))
            if let tags = metadata["tags"], !tags.isArray(of: .string) {
                warn(tags, "a list of strings", at: path.member("metadata").member("tags"))
            }
        } else {
            add("metadata", [:], to: &cells.json[index], at: path)
        }
        if let attachments {
            try attachments.require(.object, at: path.member("attachments"))
            for (name, bundle) in attachments.members {
                try bundle.require(.object, at: path.member("attachments").member(name))
            }
        }
        if let outputs {
            try outputs.require(.array, at: path.member("outputs"))
            for (number, output) in outputs.elements.enumerated() {
                // A computed variable, because the path is needed only for problems.
                var place: ValuePath { path.member("outputs").element(number) }
                for (key, empty) in try missing(in: output, at: place) {
                    add(key, empty, to: &cells[index].outputs[number].json, at: place)
                }
            }
        }
        guard kind == .code else { return }
        if let count {
            if !count.isNull, count.int == nil {
                warn(count, "a whole number or null", at: path.member("execution_count"))
            }
        } else {
            add("execution_count", nil, to: &cells.json[index], at: path)
        }
        if outputs == nil { add("outputs", [], to: &cells.json[index], at: path) }
    }

    /// Checks an output and returns the required members that are missing, with empty values.
    private mutating func missing(
        in output: Value, at path: @autoclosure () -> ValuePath
    ) throws(FormatViolation) -> [(String, Value)] {
        try output.require(.object, at: path())
        var present: [String: Value] = [:]
        for (key, value) in output.members { present[key] = value }
        guard let type = present["output_type"] else {
            throw FormatViolation(path: path(), value: output, problem: .missing("output_type"))
        }
        try type.require(.string, at: path().member("output_type"))
        for key in ["data", "metadata"] {
            if let value = present[key] { try value.require(.object, at: path().member(key)) }
        }
        for key in ["name", "ename", "evalue"] {
            if let value = present[key] { try value.require(.string, at: path().member(key)) }
        }
        if let text = present["text"] { try requireText(text, at: path().member("text")) }
        if let lines = present["traceback"] {
            try lines.require(.array, at: path().member("traceback"))
            if !lines.isArray(of: .string) { warn(lines, "a list of strings", at: path().member("traceback")) }
        }
        return Self.required(of: type.string ?? "").filter { present[$0.0] == nil }
    }

    /// Returns the members that the format requires in an output of a type, with empty values.
    private static func required(of type: String) -> [(String, Value)] {
        switch type {
        case "stream": [("name", "stdout"), ("text", [])]
        case "display_data": [("data", [:]), ("metadata", [:])]
        case "execute_result": [("data", [:]), ("execution_count", nil), ("metadata", [:])]
        case "error": [("ename", ""), ("evalue", ""), ("traceback", [])]
        default: []
        }
    }

    private mutating func warn(_ value: Value, _ expected: String, at path: ValuePath) {
        let found = value.kind == .array ? "a list with other values" : value.kind.phrase
        warnings.append(NotebookWarning(path: path.description, problem: .unexpected(found: found, expected: expected)))
    }

    private func requireText(_ value: Value, at path: @autoclosure () -> ValuePath) throws(FormatViolation) {
        if value.kind == .string || value.isArray(of: .string) { return }
        throw .wrongKind(value, expected: "a string or a list of strings", at: path())
    }

    private mutating func add(_ key: String, _ empty: Value, to object: inout Value, at path: ValuePath) {
        object[key] = empty
        warnings.append(NotebookWarning(path: path.description, problem: .added(key)))
    }
}

extension Value {
    /// Throws if a value is not of a kind; only then evaluates `path`.
    func require(_ kind: Kind, at path: @autoclosure () -> ValuePath) throws(NotebookReader.FormatViolation) {
        if self.kind != kind { throw .wrongKind(self, expected: kind.phrase, at: path()) }
    }
}

// MARK: - Identifiers

extension NotebookReader {
    /// Assigns an ID to each cell that has none, and a new one to each cell with an earlier cell's ID.
    private mutating func assignCellIDs(to cells: inout JSONArray<Cell>) {
        let present = cells.map(\.id)
        var used = Set(present.compactMap(\.self))
        // Bytes, because Swift considers canonically equivalent strings equal.
        var seen: Set<[UInt8]> = []
        for (index, id) in present.enumerated() {
            if let id, seen.insert(Array(id.utf8)).inserted {
                if !isValid(id) { warn(index, .invalidID(id)) }
                continue
            }
            let new = CellID.make(for: cells[index].source, at: index, avoiding: used)
            used.insert(new)
            cells[index].id = new
            warn(index, id.map { .replacedID($0, with: new) } ?? .addedID(new))
        }
    }

    private mutating func warn(_ index: Int, _ problem: NotebookWarning.Problem) {
        warnings.append(NotebookWarning(path: ValuePath().member("cells").element(index).description, problem: problem))
    }

    private func isValid(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// Generates cell IDs. They are the same for the same notebook, so that a second run changes nothing.
enum CellID {
    /// Returns eight hexadecimal digits derived from the cell's source and index, which are not in `used`.
    static func make(for source: String, at index: Int, avoiding used: Set<String>) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        mix("\(index)#".utf8)
        mix(source.utf8)
        while true {
            let digits = String((hash >> 32 ^ hash) & 0xFFFF_FFFF | 0x1_0000_0000, radix: 16).dropFirst()
            if !used.contains(String(digits)) { return String(digits) }
            mix("#".utf8)
        }
    }
}
