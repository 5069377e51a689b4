import Galley
import GalleyExecution
import GalleyFlags
import GalleyJSON
import GalleyNotebook
import GalleyParameters

/// The notebooks that a command would run or change, and those that it would not, for `--list`.
struct NotebookList {
    private var rows: [Row] = []
    /// The heading of the first column.
    private let verb: String
    private var isForMachines = false

    /// The names of the runs and of the notebooks that are not run.
    var titles: [String] { rows.map(\.title) }

    struct Row {
        let path: String
        var parameters = ParameterMap()
        /// Whether the command runs or changes the notebook.
        let isIncluded: Bool
        let reason: String
        /// The numbers of the cells that run; nil if all do, or if they are unknown.
        var cells: [Int]?

        var title: String { path.title(with: parameters) }
    }

    static let flags = [
        flag(in: .output, "run", "run nothing") { (target: inout ExecuteArguments) in target.lists = true }
    ]

    /// Returns the flag `--list` of a command.
    ///
    /// - Parameters:
    ///   - participle: What the command does with a notebook, such as `run`.
    ///   - promise: What the command does not do with the flag, such as `run nothing`.
    static func flag<Target>(
        in category: FlagCategory, _ participle: String, _ promise: String,
        change: @escaping @Sendable (inout Target) -> Void
    ) -> Flag<Target> {
        Flag(
            "--list", in: category,
            "Print which notebooks would be \(participle), and which not, and why; \(promise)", change: change)
    }

    /// Lists the notebooks that a command changes.
    init(ofChanges rows: [Row]) { (self.rows, verb) = (rows, "CHANGE") }

    /// Lists the notebooks of a resolved command line.
    init(_ arguments: ExecuteArguments) throws(UsageError) {
        for report in arguments.batch.reports where (report.kind, report.path) != (.json, "-") {
            throw UsageError("--list writes no files; leave \(report.kind.rawValue) out, or use --json -")
        }
        verb = "RUN"
        isForMachines = !arguments.batch.reports.isEmpty
        let settings = arguments.options.settings
        for task in arguments.tasks {
            rows.append(
                Row(
                    path: task.shownPath, parameters: task.parameters, isIncluded: true, reason: task.reason,
                    cells: task.selectedCells(settings)))
        }
        rows += arguments.deferred.map { Row(path: $0.argument, isIncluded: true, reason: "read only by its owner") }
        rows += arguments.leftOut.map {
            Row(path: $0.path, parameters: $0.parameters, isIncluded: false, reason: "\($0.reason)")
        }
    }

    /// Prints the list.
    func show() {
        if isForMachines {
            let list = rows.map { row -> Value in
                let cells = row.cells.map { Value.array($0.map { .number($0) }) } ?? .null
                var entry: Value = [
                    "cells": cells, "notebook": .string(row.path), "reason": .string(row.reason),
                    "runs": .bool(row.isIncluded),
                ]
                if !row.parameters.isEmpty { entry["parameters"] = row.parameters.reported }
                return entry
            }
            Terminal.print(String(decoding: Document(Value.array(list)).text.bytes.dropLast(), as: UTF8.self))
        } else {
            ConsoleTable(
                head: [verb, "NOTEBOOK", "WHY"],
                rows: rows.map { row in
                    let cells = row.cells.map { numbers in
                        ", \(numbers.count == 1 ? "cell" : "cells") \(numbers.map(String.init).joined(separator: ", "))"
                    }
                    return [
                        row.isIncluded ? "yes" : "no", row.title.terminalSafeLine(1000),
                        (row.reason + (cells ?? "")).terminalSafeLine(1000),
                    ]
                }
            ).show()
        }
    }
}

extension NotebookTask {
    /// Returns the numbers of the cells that run, if the settings select some of them.
    fileprivate func selectedCells(_ settings: RunSettings) -> [Int]? {
        guard !settings.only.isEmpty || settings.startAt != nil || settings.stopAfter != nil else { return nil }
        return (try? plan(settings))?.cellsToRun.map(\.number)
    }
}
