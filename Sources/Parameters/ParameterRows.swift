internal import GalleyJSON

/// The format of a file with a row of parameters for each run.
package enum ParameterRowsFormat: Hashable, Sendable {
    /// Comma-separated values below a line of names.
    case csv
    /// A list of objects, or an object on each line.
    case json
    /// A list of mappings.
    case yaml

    /// Decides on the format by the extension of the file or, if it is unknown, by the first character of the text.
    package init(path: String, text: String) {
        switch path.lowercased().split(separator: ".").last {
        case "csv": self = .csv
        case "json", "jsonl", "ndjson": self = .json
        case "yaml", "yml": self = .yaml
        default:
            switch text.first(where: { !$0.isWhitespace && $0 != "\u{FEFF}" }) {
            case "[", "{": self = .json
            case "-": self = .yaml
            default: self = .csv
            }
        }
    }

    /// Reads the rows of a file.
    ///
    /// - Throws: ``ParameterError/invalidText(line:column:problem:)`` for an invalid text, or one without rows.
    package func rows(of text: String) throws(ParameterError) -> [ParameterMap] {
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        let rows =
            switch self {
            case .csv: try Self.csvRows(text)
            case .json: try Self.jsonRows(text)
            case .yaml: try Self.yamlRows(text)
            }
        guard !rows.isEmpty else { throw .invalidText(line: 1, column: 1, problem: "there are no rows") }
        return rows
    }

    private static func yamlRows(_ text: String) throws(ParameterError) -> [ParameterMap] {
        try rows(ParameterValue(yaml: text))
    }

    // MARK: JSON

    private static func jsonRows(_ text: String) throws(ParameterError) -> [ParameterMap] {
        if let value = try? Document(parsing: Array(text.utf8)).root {
            guard let value = ParameterValue(json: value) else {
                throw .invalidText(line: 1, column: 1, problem: "a name stands twice in one object")
            }
            return try rows(value)
        }
        if text.first(where: { !$0.isWhitespace }) == "[" { _ = try document(text, line: 1) }
        var rows: [ParameterMap] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            guard case .map(let row) = ParameterValue(json: try document(line, line: index + 1)) else {
                throw .invalidText(line: index + 1, column: 1, problem: "the line is not an object with distinct names")
            }
            rows.append(row)
        }
        return rows
    }

    private static func document(_ text: some StringProtocol, line: Int) throws(ParameterError) -> Value {
        do {
            return try Document(parsing: Array(text.utf8)).root
        } catch {
            throw .invalidText(
                line: line + error.position.line - 1, column: error.position.column,
                problem: "the text is not valid JSON")
        }
    }

    /// Returns the maps of a list, or of a map alone.
    private static func rows(_ value: ParameterValue?) throws(ParameterError) -> [ParameterMap] {
        let elements: [ParameterValue] =
            switch value {
            case .list(let elements)?: elements
            case .map(let map)?: [.map(map)]
            default: []
            }
        var rows: [ParameterMap] = []
        for element in elements {
            guard case .map(let row) = element else {
                throw .invalidText(
                    line: 1, column: 1, problem: "element \(rows.count + 1) of the list is not an object")
            }
            rows.append(row)
        }
        return rows
    }

    // MARK: CSV

    private static func csvRows(_ text: String) throws(ParameterError) -> [ParameterMap] {
        var reader = CSVReader(text)
        guard let head = try reader.nextRow() else { return [] }
        let names = head.cells.map(\.name)
        for (index, name) in names.enumerated() {
            if name.isEmpty {
                throw .invalidText(line: head.line, column: 1, problem: "column \(index + 1) has no name")
            }
            if names[..<index].contains(name) {
                throw .invalidText(line: head.line, column: 1, problem: "two columns have the name '\(name)'")
            }
        }
        if names.count == 1, let separator = names[0].first(where: { $0 == ";" || $0 == "\t" }) {
            throw .invalidText(
                line: head.line, column: 1,
                problem: "columns are separated by commas, not by \(separator == ";" ? "semicolons" : "tabs")")
        }
        var rows: [ParameterMap] = []
        while let (cells, line) = try reader.nextRow() {
            guard cells.count == names.count else {
                throw .invalidText(
                    line: line, column: 1,
                    problem: "the row has \(cells.count) values, but the first line has \(names.count) names")
            }
            var row = ParameterMap()
            for (name, cell) in zip(names, cells) { row[name] = cell.value }
            rows.append(row)
        }
        return rows
    }
}

/// Reads comma-separated values.
private struct CSVReader {
    private var rest: Substring.UnicodeScalarView
    private var line = 1

    enum Cell {
        case word(String)
        case quoted(String)

        /// The value: none for an empty word, the value of another word on a command line, and text for a quoted one.
        var value: ParameterValue {
            switch self {
            case .word(""): .null
            case .word(let word): ParameterValue(word: word)
            case .quoted(let text): .string(text)
            }
        }

        var name: String {
            switch self {
            case .word(let text), .quoted(let text): text.trimmed
            }
        }
    }

    init(_ text: String) { rest = text[...].unicodeScalars }

    /// Reads the next row that is not an empty line; nil at the end.
    mutating func nextRow() throws(ParameterError) -> (cells: [Cell], line: Int)? {
        while rest.first?.isLineEnd == true { skipLineEnd() }
        guard !rest.isEmpty else { return nil }
        let first = line
        var cells = [try nextCell()]
        while rest.first == "," {
            rest.removeFirst()
            cells.append(try nextCell())
        }
        return (cells, first)
    }

    private mutating func skipLineEnd() {
        if rest.removeFirst() == "\r", rest.first == "\n" { rest.removeFirst() }
        line += 1
    }

    private mutating func nextCell() throws(ParameterError) -> Cell {
        guard rest.first == "\"" else {
            let word = rest.prefix { $0 != "," && !$0.isLineEnd }
            rest = rest[word.endIndex...]
            return .word(String(word))
        }
        let start = line
        guard let text = rest.takeQuoted() else {
            throw .invalidText(line: start, column: 1, problem: "a quote is not closed")
        }
        line += text.count { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
        guard rest.first.map({ $0 == "," || $0.isLineEnd }) ?? true else {
            throw .invalidText(line: line, column: 1, problem: "a comma must follow the closing quote")
        }
        return .quoted(text)
    }
}

extension Unicode.Scalar {
    fileprivate var isLineEnd: Bool { self == "\n" || self == "\r" }
}
