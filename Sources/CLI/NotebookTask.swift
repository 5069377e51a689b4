import GalleyFlags
import GalleyExecution
import GalleyExport
import Galley
import Glibc
import GalleyNotebook
import GalleyParameters
import GalleyStorage
import GalleySupervisor

/// A notebook to run.
struct NotebookTask: Sendable {
    /// The path of the notebook; `-` is standard input.
    let path: String
    /// The path relative to the common folder of all notebooks.
    var relativePath = ""
    /// The parameters that tell the run from other runs of the notebook.
    var parameters = ParameterMap()
    /// The end of the result's name, which tells it from those of other runs of the notebook.
    var suffix = ""
    /// The place of the result, if a template names it.
    var result: ResultPlace?
    /// Why it runs, for `--list`.
    var reason = "named"
    /// The duration of the previous run; nil if it is unknown or was not looked up.
    var earlierDuration: Duration?
    /// The extension of the script that the notebook is converted to; nil if it was not looked up.
    var scriptExtension: String?
    /// The user whose process runs it, if root has determined one.
    var owner = NotebookOwner.root
    /// The only file that the process may read; nil if no other user can change where the path leads.
    var only: LocalFile.Identity?

    /// The name of the run for people, such as `report.ipynb [region=eu, year=2024]`.
    var title: String { shownPath.title(with: parameters) }

    /// The path without what may be secret in it.
    var shownPath: String { NotebookLocation(path).shown }

    /// The path of the result within a folder of results.
    var pathOfResult: String {
        guard !suffix.isEmpty else { return relativePath }
        let stem = relativePath.hasSuffix(".ipynb") ? relativePath.dropLast(".ipynb".count) : relativePath[...]
        return stem + suffix + ".ipynb"
    }

    /// Assigns the notebook to a chosen user, regardless of its owner.
    mutating func assign(to user: FileOwner) {
        if NotebookLocation(path).isRemote {
            owner = .user(FileOwner(user: user.user, group: user.group, mode: 0o600), only: nil)
            return
        }
        only = NotebookOwner.pin(path, for: user.user)
        // A link of a third user could lead to a private file of the chosen user.
        if NotebookOwner.isBehindLink(path, ofOthersThan: user.user) {
            owner = .none
        } else {
            owner = .user(Self.owner(of: path, user), only: only)
        }
    }

    /// Reads the notebook before its run; nil if it cannot be read now, such as standard input.
    func readNotebook() -> UnvalidatedNotebook? {
        guard path != "-", RefusedNotebook(self) == nil, let bytes = LocalFile.readSmallFile(path, limit: 1 << 30)
        else { return nil }
        return try? UnvalidatedNotebook(parsing: bytes)
    }

    /// Returns whether the file exists, as far as root may look it up.
    func exists(forRoot: Bool) -> Bool {
        forRoot ? PathWalk.identity(of: path) != nil : LocalFile.kind(of: path) != nil
    }

    /// Returns whether the notebook is the result of a run with parameters, or of papermill. Root does not read notebooks
    /// that other users can change.
    func isResultOfParameters(forRoot: Bool) -> Bool {
        guard !forRoot || NotebookOwner(of: path) == .root, let unread = readNotebook(),
            let notebook = try? Notebook(reading: unread)
        else { return false }
        return notebook.metadata["papermill"] != nil
            || notebook.cells.contains { $0.tags.contains(Parameters.injectedTag) }
    }

    /// Returns the plan of the run, with the cell of its parameters; nil if the notebook cannot be read now.
    func plan(_ settings: RunSettings) throws(PlanError) -> Plan? {
        guard let unread = readNotebook(), var notebook = try? Notebook(reading: unread) else { return nil }
        // If the notebook cannot take the parameters, its run says so.
        try? prepare(&notebook, settings)
        return try Plan(for: notebook, settings)
    }

    /// Adds the cell of the parameters to a notebook.
    fileprivate func prepare(_ notebook: inout Notebook, _ settings: RunSettings) throws {
        var settings = settings
        settings.parameters.values.merge(parameters)
        for preparation in settings.preparations { try preparation.prepare(&notebook) { _ in } }
    }

    /// Returns the owner of a file, for the permissions of its result. If the user is not the owner, only the user may
    /// read the result.
    private static func owner(of path: String, _ user: FileOwner) -> FileOwner {
        guard case .user(let owner, _) = NotebookOwner(of: path), owner.user == user.user else {
            return FileOwner(user: user.user, group: user.group, mode: 0o600)
        }
        return owner
    }
}

extension [NotebookTask] {
    /// Reads from each notebook the extension of scripts in its language.
    mutating func readScriptExtensions() {
        for index in indices {
            let notebook = self[index].readNotebook().flatMap { try? Notebook(reading: $0) }
            self[index].scriptExtension = notebook.map(ExportFormat.script.fileExtension)
        }
    }

    /// Reads from each notebook how long its previous run took.
    mutating func readDurations() {
        for index in indices { self[index].earlierDuration = self[index].readNotebook()?.earlierDuration }
    }

    /// Refuses settings that select cells which one of the notebooks does not have.
    ///
    /// Notebooks that cannot be read are not checked; their runs report why.
    func checkSelection(_ settings: RunSettings) throws(UsageError) {
        for task in self {
            do throws(PlanError) {
                _ = try task.plan(settings)
            } catch {
                throw UsageError("\(task.path): \(error)")
            }
        }
    }

    /// Refuses runs whose notebook cannot take their parameters.
    ///
    /// Notebooks that cannot be read are not checked; their runs report why.
    func checkParameters(_ settings: RunSettings) throws(UsageError) {
        var known: (path: String, notebook: Notebook?)?
        for task in self where !task.parameters.isEmpty {
            if known?.path != task.path {
                known = (task.path, task.readNotebook().flatMap { try? Notebook(reading: $0) })
            }
            guard var notebook = known?.notebook else { continue }
            do { try task.prepare(&notebook, settings) } catch { throw UsageError("\(task.title): \(error)") }
        }
    }

    /// Keeps the notebooks of one shard. The shards take about the same time, as far as durations are known.
    ///
    /// All machines that find the same files get the same shards, and each notebook belongs to one shard.
    ///
    /// - Returns: The other notebooks.
    mutating func keep(_ shard: (number: Int, count: Int)) -> [LeftOutNotebook] {
        let known = compactMap(\.earlierDuration)
        let usual = known.isEmpty ? .seconds(1) : known.reduce(.zero, +) / known.count
        let durations = map { $0.earlierDuration ?? usual }
        // The longest notebooks come first, each to the shard with the least work, so that no shard gets much more than
        // another.
        let order = indices.sorted { (durations[$1], $0) < (durations[$0], $1) }
        var loads = [Duration](repeating: .zero, count: shard.count)
        var kept: Set<Int> = []
        for index in order {
            let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            // A duration of zero must count, too.
            loads[least] += Swift.max(durations[index], .milliseconds(1))
            if least == shard.number - 1 { kept.insert(index) }
        }
        let others = indices.filter { !kept.contains($0) }.map { self[$0] }
        self = indices.filter(kept.contains).map { self[$0] }
        return others.map { LeftOutNotebook($0, .inOtherShard) }
    }
}

extension String {
    /// The path of a notebook with the parameters of one of its runs.
    func title(with parameters: ParameterMap) -> String {
        parameters.isEmpty ? self : "\(self) [\(parameters.text)]"
    }
}
