import GalleyJSON
package import GalleyNotebook

/// What is going to happen to each code cell of a notebook.
package struct Plan: Sendable {
    /// The code cells, in their order.
    package let cells: [PlannedCell]
    /// What was meant to be a setting and could not be understood.
    package private(set) var warnings: [String] = []

    /// The cells that will be run.
    package var cellsToRun: [PlannedCell] { cells.filter { $0.fate == .run } }

    /// Whether a cell is run whatever the rest of its notebook is like.
    package static func isRun(_ cell: Cell, _ settings: RunSettings) -> Bool {
        cell.kind == .code && settings.startAt == nil && settings.stopAfter == nil && fate(of: cell, settings) == .run
    }

    /// What happens to a code cell that the settings do not leave out.
    private static func fate(of cell: Cell, _ settings: RunSettings) -> PlannedCell.Fate {
        if cell.tags.contains(settings.skipTag) { return .skipped }
        return cell.source.unicodeScalars.allSatisfy(\.isBlank) ? .blank : .run
    }

    /// The code cell at a place among all cells.
    func cell(at index: Int) -> PlannedCell? {
        var range = cells.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if cells[middle].index == index { return cells[middle] }
            range = cells[middle].index < index ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    /// Makes the plan.
    ///
    /// - Throws: ``PlanError`` where the settings name a cell that does not exist.
    package init(for notebook: Notebook, _ settings: RunSettings) throws(PlanError) {
        let all = Array(notebook.cells)
        let range = try Selection(all).range(from: settings.startAt, to: settings.stopAfter)
        let common = LimitSetting(in: notebook.metadata, notebook.tags, at: "the notebook's metadata")
        warnings += common.warnings
        var cells: [PlannedCell] = []
        for (index, cell) in all.enumerated() where cell.kind == .code {
            let tags = cell.tags
            let source = cell.source
            let fate = Self.fate(of: cell, settings)
            let setting = LimitSetting(in: cell.metadata, tags, at: "cell \(cells.count + 1)")
            warnings += setting.warnings
            cells.append(
                PlannedCell(
                    index: index, number: cells.count + 1, id: cell.id, source: source, tags: tags,
                    fate: fate == .run && !range.contains(index) ? .leftOut : fate,
                    limit: setting.limit ?? common.limit ?? settings.cellLimit,
                    allowsErrors: settings.allowedErrors.respectsTags && tags.contains("raises-exception")))
        }
        self.cells = cells
    }

    /// The report of a run that ended before its first cell.
    package func report(of outcome: RunOutcome, duration: Duration) -> Report {
        Report(
            outcome: outcome, cells: cells.map { CellReport($0, .withoutRun($0.fate)) }, duration: duration, kernel: nil
        )
    }

    /// The cells that are cleared: of those that are not skipped, whatever is not run in this run shows nothing.
    var cleared: [Int] { cells.filter { $0.fate != .skipped }.map(\.index) }
}

/// A code cell, and what is going to happen to it.
public struct PlannedCell: Sendable {
    /// Its place among all cells, counted from 0.
    public let index: Int
    /// Its number among the code cells, counted from 1.
    public let number: Int
    /// Its identifier, which older notebooks do not have.
    public let id: String?
    /// What is written in it.
    public internal(set) var source: String
    /// Its tags.
    public let tags: [String]
    /// What is going to happen to it.
    package let fate: Fate
    /// How long it may take.
    package let limit: TimeLimit
    /// Whether it is marked as one that may raise an error.
    package let allowsErrors: Bool

    /// What can happen to a cell.
    package enum Fate: Hashable, Sendable {
        case run
        /// It is marked to be left as it is.
        case skipped
        /// There is nothing in it.
        case blank
        /// The settings leave it out.
        case leftOut
    }

    /// The first line that is not empty.
    public var title: String { source.firstLine }
}

extension String {
    /// The first line that is not empty.
    var firstLine: String {
        String(split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) } ?? "")
    }
}

/// Says which cell does not exist that the settings name.
@nonexhaustive
public enum PlanError: Error, Hashable, Sendable {
    /// There is no such cell.
    case noSuchCell(String, cells: Int, tags: [String])
    /// The cell to stop after comes before the cell to start at.
    case emptyRange(start: String, stop: String)
}

extension PlanError: CustomStringConvertible {
    /// What is wrong, and what there is instead.
    public var description: String {
        switch self {
        case .noSuchCell(let name, let cells, let tags):
            let known = tags.isEmpty ? "none of its cells has a tag" : "its tags are \(tags.joined(separator: ", "))"
            return "No cell is called '\(name)'. The notebook has code cells 1 to \(cells); \(known)"
        case .emptyRange(let start, let stop):
            return "Nothing would be run: '\(stop)' comes before '\(start)'"
        }
    }
}

/// Finds cells by what people call them.
private struct Selection {
    private let cells: [Cell]

    init(_ cells: [Cell]) { self.cells = cells }

    func range(from start: String?, to stop: String?) throws(PlanError) -> Range<Int> {
        let first = try start.map { name throws(PlanError) in try place(of: name, isLast: false) } ?? 0
        let last = try stop.map { name throws(PlanError) in try place(of: name, isLast: true) } ?? cells.count - 1
        if let start, let stop, last < first { throw .emptyRange(start: start, stop: stop) }
        return first..<max(first, last + 1)
    }

    private func place(of name: String, isLast: Bool) throws(PlanError) -> Int {
        let code = cells.indices.filter { cells[$0].kind == .code }
        if let number = Int(name), code.indices.contains(number - 1) { return code[number - 1] }
        let tagged = cells.indices.filter { cells[$0].tags.contains(name) }
        if let place = isLast ? tagged.last : tagged.first { return place }
        if let place = cells.firstIndex(where: { $0.id == name }) { return place }
        throw .noSuchCell(name, cells: code.count, tags: Set(cells.flatMap(\.tags)).sorted())
    }
}

/// A limit that stands in the metadata of a cell or a notebook.
private struct LimitSetting {
    private(set) var limit: TimeLimit?
    private(set) var warnings: [String] = []

    init(in metadata: Value, _ tags: [String], at place: String) {
        if let value = metadata["execution"]?["timeout"], !value.isNull {
            if let number = value.number?.double {
                limit = TimeLimit(seconds: number)
            } else {
                read(value.string ?? "", at: "\(place), execution.timeout")
            }
        }
        for tag in tags where tag.hasPrefix("timeout=") {
            read(String(tag.dropFirst("timeout=".count)), at: "\(place), tag '\(tag)'")
        }
    }

    private mutating func read(_ text: String, at place: String) {
        if let limit = TimeLimit(parsing: text) {
            self.limit = limit
        } else {
            warnings.append("\(place): '\(text)' is no time limit, such as 600, 10m or none; it was left out")
        }
    }
}

extension Unicode.Scalar {
    /// Whether Python's `strip` takes it away.
    fileprivate var isBlank: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
