import JSON

/// Looks a document over: refuses what cannot be run, puts right what the format would merely complain of.
struct Reader {
    private(set) var document: Document
    private(set) var warnings: [Warning] = []

    /// A refusal before its place in the file is known.
    struct Refusal: Error {
        var path: Path
        var value: Value
        var problem: NotebookError.Problem
    }

    init(document: Document) { self.document = document }

    mutating func read() throws(Refusal) {
        try require(document.root, .object, at: Path())
        try bringToVersion4()
        if document.root["metadata"] == nil {
            document.root["metadata"] = [:]
            warnings.append(Warning(path: "", problem: .added("metadata")))
        }
        try require(document.root["metadata"] ?? nil, .object, at: Path().member("metadata"))
        guard let array = document.root.take("cells") else {
            throw Refusal(path: Path(), value: document.root, problem: .missing("cells"))
        }
        try require(array, .array, at: Path().member("cells"))
        var cells = Parts<Cell>(json: array)
        for index in cells.indices { try readCell(&cells, index) }
        if try minorVersion(of: cells) >= 5 { giveIDs(to: &cells) }
        document.root["cells"] = cells.json
    }
}

// MARK: - Versions

extension Reader {
    private mutating func bringToVersion4() throws(Refusal) {
        let root = document.root
        guard let version = root["nbformat"] else {
            guard let cells = root["cells"] else {
                throw Refusal(path: Path(), value: root, problem: .missing("cells"))
            }
            // A file without a version is one of version 1, whose cells had no source; one that has was made by hand.
            if cells.elements.contains(where: { $0["source"] != nil }) {
                document.root["nbformat"] = 4
            } else {
                try upgrade(from: 1)
            }
            return
        }
        guard let major = version.int else {
            throw Refusal(
                path: Path().member("nbformat"), value: version,
                problem: .wrongKind(expected: "a whole number", found: version.kind))
        }
        switch major {
        case 4: break
        case 1...3: try upgrade(from: major)
        default: throw Refusal(path: Path().member("nbformat"), value: version, problem: .unsupportedVersion(major))
        }
    }

    private mutating func upgrade(from major: Int) throws(Refusal) {
        document.root = try Upgrader(from: major).upgrade(document.root)
        warnings.append(Warning(path: "", problem: .upgraded(from: major)))
    }

    private mutating func minorVersion(of cells: Parts<Cell>) throws(Refusal) -> Int {
        if let minor = document.root["nbformat_minor"] {
            if let minor = minor.int { return minor }
            throw Refusal(
                path: Path().member("nbformat_minor"), value: minor,
                problem: .wrongKind(expected: "a whole number", found: minor.kind))
        }
        let minor = cells.contains { $0.id != nil } ? 5 : 0
        document.root["nbformat_minor"] = .number(minor)
        warnings.append(Warning(path: "", problem: .assumedVersion("4.\(minor)")))
        return minor
    }
}

// MARK: - Cells and outputs

extension Reader {
    private mutating func readCell(_ cells: inout Parts<Cell>, _ index: Int) throws(Refusal) {
        let cell = cells.json[index]
        var path: Path { Path().member("cells").element(index) }
        try require(cell, .object, at: path)
        // One walk tells what is there, and by that what is not.
        var type: String?
        var outputs: Value?
        var (hasMetadata, hasSource, hasCount) = (false, false, false)
        for (key, value) in cell.members {
            switch key {
            case "cell_type":
                try require(value, .string, at: path.member(key))
                type = value.string
            case "source":
                try requireText(value, at: path.member(key))
                hasSource = true
            case "metadata":
                try require(value, .object, at: path.member(key))
                hasMetadata = true
            case "execution_count": hasCount = true
            case "attachments":
                try require(value, .object, at: path.member(key))
                for (name, bundle) in value.members { try require(bundle, .object, at: path.member(key).member(name)) }
            case "outputs": outputs = value
            default: break
            }
        }
        guard let type else { throw Refusal(path: path, value: cell, problem: .missing("cell_type")) }
        if !hasMetadata { add("metadata", [:], to: &cells.json[index], at: path) }
        if type == "markdown" || type == "raw", !hasSource {
            add("source", [], to: &cells.json[index], at: path)
        }
        guard type == "code" else { return }
        if !hasSource { throw Refusal(path: path, value: cell, problem: .missing("source")) }
        if !hasCount { add("execution_count", nil, to: &cells.json[index], at: path) }
        guard let outputs else { return add("outputs", [], to: &cells.json[index], at: path) }
        try require(outputs, .array, at: path.member("outputs"))
        for (number, output) in outputs.elements.enumerated() {
            var place: Path { path.member("outputs").element(number) }
            for key in try objectsMissing(in: output, at: place) {
                add(key, [:], to: &cells[index].outputs[number].json, at: place)
            }
        }
    }

    /// Checks an output; returns the keys of the objects that it should have and has not.
    private func objectsMissing(in output: Value, at path: @autoclosure () -> Path) throws(Refusal) -> [String] {
        try require(output, .object, at: path())
        var type: String?
        var (hasData, hasMetadata) = (false, false)
        for (key, value) in output.members {
            switch key {
            case "output_type":
                try require(value, .string, at: path().member(key))
                type = value.string
            case "data", "metadata":
                try require(value, .object, at: path().member(key))
                if key == "data" { hasData = true } else { hasMetadata = true }
            case "text": try requireText(value, at: path().member(key))
            case "name", "ename", "evalue": try require(value, .string, at: path().member(key))
            case "traceback": try require(value, .array, at: path().member(key))
            default: break
            }
        }
        guard let type else { throw Refusal(path: path(), value: output, problem: .missing("output_type")) }
        guard type == "display_data" || type == "execute_result" else { return [] }
        return (hasData ? [] : ["data"]) + (hasMetadata ? [] : ["metadata"])
    }

    private func require(_ value: Value, _ kind: Value.Kind, at path: @autoclosure () -> Path) throws(Refusal) {
        if value.kind == kind { return }
        throw Refusal(path: path(), value: value, problem: .wrongKind(expected: kind.phrase, found: value.kind))
    }

    private func requireText(_ value: Value, at path: @autoclosure () -> Path) throws(Refusal) {
        if value.kind == .string || value.isArray(of: .string) { return }
        throw Refusal(
            path: path(), value: value,
            problem: .wrongKind(expected: "a string or a list of strings", found: value.kind))
    }

    private mutating func add(_ key: String, _ empty: Value, to object: inout Value, at path: Path) {
        object[key] = empty
        warnings.append(Warning(path: path.description, problem: .added(key)))
    }
}

// MARK: - Identifiers

extension Reader {
    /// Gives an identifier to each cell that has none, and another to each that has an earlier cell's.
    private mutating func giveIDs(to cells: inout Parts<Cell>) {
        let present = cells.map(\.id)
        var used = Set(present.compactMap(\.self))
        var seen: Set<String> = []
        for (index, id) in present.enumerated() {
            if let id, seen.insert(id).inserted {
                if !isValid(id) { warn(index, .invalidID(id)) }
                continue
            }
            let new = CellID.make(for: cells[index].source, at: index, avoiding: used)
            used.insert(new)
            cells[index].id = new
            warn(index, id.map { .replacedID($0, with: new) } ?? .addedID(new))
        }
    }

    private mutating func warn(_ index: Int, _ problem: Warning.Problem) {
        warnings.append(Warning(path: Path().member("cells").element(index).description, problem: problem))
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

/// Identifiers for cells that came without one: the same for the same notebook, so that a second run changes nothing.
enum CellID {
    /// Returns eight hex digits that follow from the cell's text and place, and are none of `used`.
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
