import GalleyJSON
package import GalleyNotebook

/// The plan of a run: which code cells it runs, with which limits.
package struct Plan: Sendable {
    /// All code cells, in notebook order.
    package let cells: [PlannedCell]
    /// Warnings about invalid settings in the notebook.
    package private(set) var warnings: [String] = []

    /// The cells to run.
    package var cellsToRun: [PlannedCell] { cells.filter { $0.fate == .run } }

    /// Whether a cell runs regardless of the other cells of its notebook.
    package static func isRun(_ cell: Cell, _ settings: RunSettings) -> Bool {
        cell.kind == .code && settings.startAt == nil && settings.stopAfter == nil && settings.only.isEmpty
            && fate(of: cell, number: 0, settings) == .run
    }

    /// The fate of a code cell within the selected range.
    private static func fate(of cell: Cell, number: Int, _ settings: RunSettings) -> PlannedCell.Fate {
        let tags = cell.tags
        if tags.contains(settings.skipTag) { return .skipped }
        if !settings.only.contains(number, tags), !settings.assigns(tags) { return .notSelected }
        return cell.source.unicodeScalars.allSatisfy(\.isBlank) ? .blank : .run
    }

    /// Returns the code cell at an index among all cells.
    func cell(at index: Int) -> PlannedCell? {
        var range = cells.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if cells[middle].index == index { return cells[middle] }
            range = cells[middle].index < index ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    /// Plans a run of the notebook.
    ///
    /// - Throws: ``PlanError`` if the settings name a cell that does not exist, or select no cell.
    package init(for notebook: Notebook, _ settings: RunSettings) throws(PlanError) {
        let all = Array(notebook.cells)
        let range = try Selection(all).range(from: settings.startAt, to: settings.stopAfter)
        let common = LimitSetting(in: notebook.metadata, notebook.tags, at: "the notebook's metadata")
        warnings += common.warnings
        var cells: [PlannedCell] = []
        for (index, cell) in all.enumerated() where cell.kind == .code {
            let tags = cell.tags
            let source = cell.source
            let number = cells.count + 1
            let fate = Self.fate(of: cell, number: number, settings)
            let setting = LimitSetting(in: cell.metadata, tags, at: "cell \(number)")
            warnings += setting.warnings
            cells.append(
                PlannedCell(
                    index: index, number: number, id: cell.id, source: source, tags: tags,
                    fate: fate == .run && !range.contains(index) && !settings.assigns(tags) ? .leftOut : fate,
                    limit: setting.limit ?? common.limit ?? settings.cellLimit,
                    allowsErrors: settings.allowedErrors.respectsTags && tags.contains("raises-exception"),
                    earlierDuration: cell.metadata.earlierDuration))
        }
        try settings.only.check(cells)
        self.cells = cells
    }

    /// Returns the report of a run that ended before its first cell.
    package func report(of outcome: RunOutcome, duration: Duration) -> Report {
        Report(
            outcome: outcome, cells: cells.map { CellReport($0, .withoutRun($0.fate)) }, duration: duration, kernel: nil
        )
    }

    /// The indices of the cells whose outputs are removed before the run: all but those that are skipped or not
    /// selected.
    var cleared: [Int] { cells.filter { ![.skipped, .notSelected].contains($0.fate) }.map(\.index) }
}

/// A code cell and its place in the plan.
public struct PlannedCell: Sendable {
    /// The index among all cells, counted from 0.
    public let index: Int
    /// The number among the code cells, counted from 1.
    public let number: Int
    /// The cell's ID; nil in older notebooks.
    public let id: String?
    /// The source code.
    public internal(set) var source: String
    /// The tags in the cell's metadata.
    public let tags: [String]
    /// Whether the cell runs, and if not, why.
    package let fate: Fate
    /// The time limit of the cell.
    package let limit: TimeLimit
    /// Whether a tag allows the cell to raise an error.
    package let allowsErrors: Bool
    /// The time that the cell took in the previous run; nil if its metadata does not contain it.
    package let earlierDuration: Duration?

    /// Whether a cell runs, and if not, why.
    package enum Fate: Hashable, Sendable {
        case run
        /// A tag marks the cell to be left unchanged.
        case skipped
        /// The settings select other cells.
        case notSelected
        /// The cell contains only whitespace.
        case blank
        /// The cell is outside the selected range.
        case leftOut
    }

    /// The first nonblank line of the source.
    public var title: String { source.firstLine }
}

extension String {
    /// The first nonblank line.
    var firstLine: String {
        String(split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) } ?? "")
    }
}

/// An invalid selection of cells in the settings.
@nonexhaustive
public enum PlanError: Error, Hashable, Sendable {
    /// No cell has this number, tag or ID.
    case noSuchCell(String, cells: Int, tags: [String])
    /// No code cell has this tag.
    case noSuchTag(String, tags: [String])
    /// No code cell has this number.
    case noSuchNumber(Int, cells: Int)
    /// The cell to stop after comes before the cell to start at.
    case emptyRange(start: String, stop: String)
}

extension PlanError: CustomStringConvertible {
    /// The problem, with the valid choices.
    public var description: String {
        switch self {
        case .noSuchCell(let name, let cells, let tags):
            let known = tags.isEmpty ? "no cell has a tag" : "its tags are \(tags.joined(separator: ", "))"
            return "No cell has the number, tag or ID '\(name)'. The notebook has code cells 1 to \(cells); \(known)"
        case .noSuchTag(let name, let tags):
            let known = tags.isEmpty ? "No code cell has a tag" : "The tags are \(tags.joined(separator: ", "))"
            return "No code cell has the tag '\(name)'. \(known)"
        case .noSuchNumber(let number, let cells):
            let known = cells == 0 ? "no code cells" : cells == 1 ? "one code cell" : "code cells 1 to \(cells)"
            return "No code cell has the number \(number). The notebook has \(known)"
        case .emptyRange(let start, let stop):
            return
                "No cell would run: '\(stop)' comes before '\(start)'. Start at an earlier cell, or stop after a later one"
        }
    }
}

/// Finds cells by number, tag or ID.
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

/// A time limit in the metadata or tags of a cell or notebook.
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
            warnings.append("\(place): '\(text)' is not a time limit (such as 600, 10m or none) and is ignored")
        }
    }
}

extension Unicode.Scalar {
    /// Whether Python's `str.strip` removes the character.
    fileprivate var isBlank: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
