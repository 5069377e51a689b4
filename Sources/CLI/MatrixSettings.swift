import Galley
import GalleyExecution
import GalleyFlags
import GalleyParameters
import GalleyStorage

/// The options for several runs of each notebook.
struct MatrixSettings: Sendable {
    /// The runs; nil if the options ask for none, or before ``read(for:usesRootsRights:)``.
    private(set) var runs: [ParameterMap]?
    private var axes: [ParameterMatrix.Axis] = []
    /// The file with a row for each run.
    private var file: String?

    static let flags: [Flag<ExecuteArguments>] = [
        Flag(
            "--matrix", takes: "NAME=VALUES", example: "region=eu,us", in: .many,
            "Run each notebook once for each of these values, or each combination"
        ) { arguments, value, name throws(UsageError) in
            do throws(ParameterMatrixError) {
                arguments.matrix.axes.append(try ParameterMatrix.Axis(parsing: value))
            } catch {
                throw UsageError("\(name): \(error)")
            }
        },
        Flag(
            "--each", takes: "FILE", example: "runs.csv", in: .many,
            "Run each notebook once for each row of this file, in CSV, JSON or YAML"
        ) { arguments, value, name throws(UsageError) in
            guard arguments.matrix.file == nil else { throw UsageError("\(name): the rows come from one file") }
            arguments.matrix.file = value
        },
    ]

    /// Whether the rows are on standard input.
    var readsStandardInput: Bool { file.map(OptionFile.isStandardInput) ?? false }

    /// Whether the options ask for several runs.
    var isGiven: Bool { !axes.isEmpty || file != nil }

    /// The options on the command line.
    var flag: String {
        [axes.isEmpty ? nil : "--matrix", file == nil ? nil : "--each"].compactMap(\.self).joined(separator: " and ")
    }

    /// The file, if it is not on this machine, and the option that names it.
    var remoteFiles: [(option: String, location: String)] {
        file.flatMap { NotebookLocation($0).isRemote ? [("--each", $0)] : nil } ?? []
    }

    /// Reads the file, and combines its rows with the other values.
    ///
    /// - Parameter remote: The files that are not on this machine.
    mutating func read(
        for parameters: Parameters, usesRootsRights: Bool, _ remote: RemoteInputs = RemoteInputs()
    ) throws(UsageError) {
        guard isGiven, runs == nil else { return }
        var matrix = ParameterMatrix(rows: try rows(usesRootsRights: usesRootsRights, remote))
        matrix.axes = axes
        do throws(ParameterMatrixError) {
            let runs = try matrix.runs()
            let others = Set(parameters.values.names + parameters.secrets.keys)
            if let name = runs.lazy.flatMap(\.names).first(where: others.contains) {
                throw ParameterMatrixError.repeatedName(name)
            }
            self.runs = runs
        } catch {
            throw UsageError("\(flag): \(error)")
        }
    }

    private func rows(usesRootsRights: Bool, _ remote: RemoteInputs) throws(UsageError) -> [ParameterMap] {
        guard let path = file else { return [] }
        let file = NotebookLocation(path).shown
        let bytes =
            if let bytes = remote.contents[PathKey(path)] {
                bytes
            } else {
                try OptionFile.read(
                    path, for: "--each \(file)", usesRootsRights: usesRootsRights, limit: RemoteInputs.limit)
            }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError("--each \(file): the text is not in UTF-8; convert the file")
        }
        do throws(ParameterError) {
            return try ParameterRowsFormat(path: file, text: text).rows(of: text)
        } catch {
            guard case .invalidText(let line, let column, let problem) = error else {
                throw UsageError("--each \(file): \(error)")
            }
            throw UsageError("--each \(file), line \(line), column \(column): \(problem)")
        }
    }
}

extension [NotebookTask] {
    /// Replaces each notebook by its runs. A notebook without runs stays as it is.
    mutating func multiply(_ runs: (NotebookTask) -> [ParameterMap]) throws(UsageError) {
        let all = map { ($0, runs($0)) }
        let total = all.reduce(0) { $0 + Swift.max(1, $1.1.count) }
        if total > Swift.max(count, ParameterMatrix.limit) {
            throw UsageError("\(ParameterMatrixError.tooManyRuns(total))")
        }
        self = all.flatMap { task, runs in
            runs.isEmpty
                ? [task]
                : zip(runs, runs.resultSuffixes).map { parameters, suffix in
                    var task = task
                    (task.parameters, task.suffix, task.result) = (parameters, suffix, nil)
                    return task
                }
        }
    }

    /// Decides where the results go that a template names.
    mutating func resolveResults(_ place: ResultPlace, _ parameters: ParameterMap) throws(UsageError) {
        guard case .template(let template) = place else { return }
        for index in indices where self[index].result == nil {
            var values = parameters
            values.merge(self[index].parameters)
            do throws(ResultTemplateError) {
                let location = NotebookLocation(self[index].path)
                self[index].result = try place.resolved(ResultNames(of: location, values))
            } catch {
                throw UsageError("--output \(template): \(error)")
            }
        }
    }
}

extension ResultPlace {
    /// The place that `--output` names, which is a template if it contains braces.
    static func output(_ text: String) -> ResultPlace {
        ResultTemplate.isTemplate(text) ? .template(text) : .file(text)
    }

    /// The name that `--output` gives to results; nil if another option names them.
    var output: String? {
        switch self {
        case .file(let text), .template(let text): text
        default: nil
        }
    }
}
