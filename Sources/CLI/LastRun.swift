import Galley
import GalleyExecution
import GalleyFlags
import GalleyJSON
import GalleyParameters
import GalleyReports
import GalleyRuns
import GalleyStorage
import GalleySupervisor
import Glibc

/// How the notebooks of the last finished run ended, for `--last-failed`.
///
/// A report of `--json` says it, or the record that each finished run leaves for its command and working folder.
struct LastRun: Sendable {
    let name: Name
    /// The notebooks, as the command line of that run named them, with their statuses.
    private(set) var notebooks: [Entry]
    /// The common folder of the notebooks, from which the paths of results count; nil if it is unknown.
    private(set) var root: String?
    /// The names of the parameters that all notebooks had.
    private var commonParameters: Set<String> = []

    /// The end of a run of a notebook.
    struct Entry: Sendable {
        let path: String
        /// The parameters that tell the run from other runs of the notebook.
        let parameters: ParameterMap
        let status: String

        /// The run, as the tasks of another run have it.
        fileprivate var key: Key { Key(path, parameters) }
    }

    /// A run of a notebook. Values are compared as they are shown.
    fileprivate struct Key: Hashable {
        let path: [PathKey]
        let parameters: String

        init(_ path: String, _ parameters: ParameterMap) {
            (self.path, self.parameters) = (RunPaths.pathComponents(of: path), parameters.text)
        }
    }

    /// The run in words.
    enum Name: CustomStringConvertible, Sendable {
        case recorded
        case report(String)

        var description: String {
            switch self {
            case .recorded: "the last run"
            case .report(let path): "the run of \(path)"
            }
        }
    }

    /// Reads the record of a command's last run in this folder.
    init(of command: String) throws(UsageError) {
        let folder = RunPaths.absolutePath(".")
        let bytes = RunRegistry.all.lazy.filter { $0.user == geteuid() }
            .compactMap { LocalFile.readSmallFile($0.lastRun(of: command, in: folder), of: geteuid(), limit: 1 << 24) }
            .first
        guard let json = bytes.flatMap({ try? Document(parsing: $0).root }), json["folder"]?.string == folder,
            let notebooks = Self.notebooks(of: json)
        else {
            throw UsageError(
                "--last-failed: no finished run of 'galley \(command)' is recorded for this folder; run it once, or name "
                    + "a report of --json: --last-failed=REPORT")
        }
        (name, self.notebooks, root) = (.recorded, notebooks, json["root"]?.string)
        commonParameters = Set((json["common_parameters"]?.elements ?? []).compactMap(\.string))
    }

    /// Reads a report.
    ///
    /// - Parameter usesRootsRights: Whether root may read what other users can change.
    init(report path: String, usesRootsRights: Bool) throws(UsageError) {
        let bytes = try OptionFile.read(
            path, for: "--last-failed=\(path)", noun: "report", usesRootsRights: usesRootsRights, limit: 1 << 30)
        guard let json = try? Document(parsing: bytes).root, let notebooks = Self.notebooks(of: json) else {
            throw UsageError("--last-failed=\(path): the file is not a report that --json has written")
        }
        (name, self.notebooks) = (.report(path), notebooks)
        for entry in json["notebooks"]?.elements ?? [] {
            let own = (entry["distinguishing_parameters"]?.elements ?? []).compactMap(\.string)
            commonParameters.formUnion(Set((entry["parameters"] ?? [:]).members.map(\.key)).subtracting(own))
        }
    }

    /// Keeps the end of a run, without the notebook of standard input; nil if there is no other.
    ///
    /// - Parameters:
    ///   - parameters: The parameters of all notebooks.
    ///   - earlier: The run whose failed notebooks ran again. Its other notebooks keep their statuses.
    init?(_ summary: BatchSummary, _ parameters: Parameters, root: String, after earlier: LastRun?) {
        commonParameters = Set(parameters.values.names + parameters.secrets.keys)
        name = .recorded
        notebooks = summary.report.jobs.filter { $0.name != "-" }.map { job in
            var parameters = ParameterMap()
            for name in job.distinguishingParameters { parameters[name] = job.parameters[name] }
            return Entry(path: job.name, parameters: parameters, status: job.status)
        }
        self.root = earlier?.root ?? root
        if notebooks.isEmpty { return nil }
        let known = Set(notebooks.map(\.key))
        notebooks += (earlier?.notebooks ?? []).filter { !known.contains($0.key) }
    }

    /// Returns the notebooks of a report or record; nil if the document is neither.
    private static func notebooks(of json: Value) -> [Entry]? {
        guard (try? Report.checkSchema(of: json)) != nil, let list = json["notebooks"], list.kind == .array else {
            return nil
        }
        let notebooks = list.elements.compactMap { entry -> Entry? in
            guard let path = entry["notebook"]?.string, let status = entry["status"]?.string else { return nil }
            var parameters = ParameterMap()
            for name in (entry["distinguishing_parameters"]?.elements ?? []).compactMap(\.string) {
                parameters[name] = entry["parameters"]?[name].flatMap { ParameterValue(portableJSON: $0) }
            }
            return Entry(path: path, parameters: parameters, status: status)
        }
        return notebooks.count == list.elements.count ? notebooks : nil
    }

    /// Returns the record of the run, for a command in this folder.
    func record(of command: String) -> [UInt8] {
        let list = notebooks.map { entry -> Value in
            var json: Value = ["notebook": .string(entry.path), "status": .string(entry.status)]
            if !entry.parameters.isEmpty {
                json["parameters"] = ParameterValue.map(entry.parameters).portableJSON
                json["distinguishing_parameters"] = .array(ofStrings: entry.parameters.names)
            }
            return json
        }
        let json: Value = [
            "command": .string(command), "common_parameters": .array(ofStrings: commonParameters.sorted()),
            "folder": .string(RunPaths.absolutePath(".")), "notebooks": .array(list),
            "root": .text(root), "schema": .number(Report.schema),
        ]
        return Document(json).text.bytes
    }

    /// Refuses a run that would run the notebooks without parameters that all of them had.
    func check(_ parameters: Parameters) throws(UsageError) {
        let missing = commonParameters.subtracting(parameters.values.names + parameters.secrets.keys).sorted()
        guard !missing.isEmpty else { return }
        throw UsageError(
            "--last-failed: \(name) set \(missing.map { "'\($0)'" }.joined(separator: ", ")); set the same parameters again"
        )
    }

    /// Keeps the notebooks that have not succeeded in the run, and returns the others.
    ///
    /// - Throws: `UsageError` if the run included none of the notebooks.
    func keepFailed(_ tasks: inout [NotebookTask]) throws(UsageError) -> [LeftOutNotebook] {
        let statuses = Dictionary(notebooks.map { ($0.key, $0.status) }) { $1 }
        func status(_ task: NotebookTask) -> String? { statuses[Key(task.path, task.parameters)] }
        var kept: [NotebookTask] = []
        var leftOut: [LeftOutNotebook] = []
        for var task in tasks {
            switch status(task) {
            case nil: leftOut.append(LeftOutNotebook(task, .notIncluded(name)))
            case "succeeded": leftOut.append(LeftOutNotebook(task, .succeeded(name)))
            case let status?:
                task.reason = (task.reason == "named" ? "" : task.reason + ", ") + "'\(status)' in \(name)"
                kept.append(task)
            }
        }
        if let task = tasks.first, !tasks.contains(where: { status($0) != nil }) {
            let which = tasks.count == 1 ? task.title : "any of the notebooks, such as \(task.title)"
            throw UsageError("--last-failed: \(name) did not include \(which); \(remedy)")
        }
        tasks = kept
        return leftOut
    }

    /// Returns the parameters of the runs of a notebook, if there were several.
    func runs(of path: String) -> [ParameterMap] {
        let path = RunPaths.pathComponents(of: path)
        return notebooks.filter { RunPaths.pathComponents(of: $0.path) == path && !$0.parameters.isEmpty }
            .map(\.parameters)
    }

    /// The paths of all notebooks.
    ///
    /// - Throws: `UsageError` if none of them exists.
    func paths() throws(UsageError) -> [String] {
        let paths = notebooks.map(\.path)
        if paths.allSatisfy({ !NotebookLocation($0).isRemote && LocalFile.kind(of: $0) == nil }) {
            let example = paths.first.map { ", such as \($0)" } ?? ""
            throw UsageError("--last-failed: none of the notebooks of \(name) exists\(example); \(remedy)")
        }
        return paths
    }

    private var remedy: String {
        switch name {
        case .recorded: "leave --last-failed out"
        case .report: "use the report of a run in this folder"
        }
    }
}

/// The run that `--last-failed` asks for.
struct LastFailed: Sendable {
    /// The path of its report; nil for the run that is recorded for the command and the folder.
    let report: String?
    /// The run, once it has been read.
    var run: LastRun?

    static let flags: [Flag<ExecuteArguments>] = [
        Flag(
            "--last-failed", takes: "REPORT", example: "report.json", isOptional: true, in: .many,
            "Run only notebooks that did not succeed in the last run, or by a report of --json"
        ) { arguments, value, _ in arguments.lastFailed = LastFailed(report: value.isEmpty ? nil : value) }
    ]
}

/// Records how the notebooks of a run ended.
final class LastRunSink: ProgramSink {
    private let command: String
    private let root: String
    private let earlier: LastRun?
    private let parameters: Parameters

    init(_ arguments: ExecuteArguments) {
        (command, root, earlier) = (arguments.dialect.command, arguments.root, arguments.lastFailed?.run)
        parameters = arguments.options.parameters
    }

    func receive(_ event: BatchEvent) {}

    func receive(_ event: ProgramEvent) {
        guard case .summarized(let summary) = event, let run = LastRun(summary, parameters, root: root, after: earlier),
            let registry = RunRegistry.own()
        else { return }
        registry.recordLastRun(run.record(of: command), of: command, in: RunPaths.absolutePath("."))
    }
}
