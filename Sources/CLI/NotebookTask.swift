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
    var title: String { path.title(with: parameters) }

    /// The path of the result within a folder of results.
    var pathOfResult: String {
        guard !suffix.isEmpty else { return relativePath }
        let stem = relativePath.hasSuffix(".ipynb") ? relativePath.dropLast(".ipynb".count) : relativePath[...]
        return stem + suffix + ".ipynb"
    }

    /// Assigns the notebook to a chosen user, regardless of its owner.
    mutating func assign(to user: FileOwner) {
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

/// The notebooks that a command line names.
struct TaskList {
    private(set) var tasks: [NotebookTask] = []
    /// Whether the command line names a single notebook directly.
    private(set) var isSingle = true
    /// The notebooks that the arguments seem to name, and that are not run.
    private(set) var leftOut: [LeftOutNotebook] = []
    /// The common folder of all notebooks. The paths of results count from it.
    private(set) var root = ""

    /// Arguments that only the process of their owner may read.
    private(set) var deferred: [Deferred] = []

    private let search: NotebookSearch
    private let isNbconvert: Bool

    /// An argument that root does not read: a list of another user, or a folder behind a link of another user.
    struct Deferred: Sendable {
        let argument: String
        let owner: FileOwner
    }

    /// - Parameters:
    ///   - output: The folder for results, which is not searched.
    ///   - root: The folder from which the paths of results count; nil for the common folder of all notebooks.
    ///   - assignsUsers: Whether root determines the user of each notebook, and reads nothing of other users.
    ///   - isUserRun: Whether this is the process of a user whose supervisor is root.
    init(
        _ arguments: [String], excluding: [String], output: String?, root: String?,
        _ dialect: ExecuteArguments.Dialect, assignsUsers: Bool, isUserRun: Bool
    ) throws(UsageError) {
        search = NotebookSearch(excluding: excluding)
        isNbconvert = dialect == .nbconvert
        isSingle = arguments.count == 1
        var found: [NotebookSearch.Found] = []
        var reasons: [PathKey: String] = [:]
        func add(_ notebooks: [NotebookSearch.Found], _ reason: String) {
            found += notebooks
            for notebook in notebooks where reasons[PathKey(notebook.path)] == nil {
                reasons[PathKey(notebook.path)] = reason
            }
        }
        for argument in arguments {
            if assignsUsers, argument == "@-" { try Self.checkListOfStandardInput() }
            if assignsUsers, let one = try Self.deferred(argument) {
                isSingle = isSingle && !argument.hasPrefix("@")
                deferred.append(one)
                continue
            }
            guard argument.hasPrefix("@"), LocalFile.kind(of: argument) == nil else {
                add(try notebooks(argument), Self.reason(argument))
                continue
            }
            isSingle = false
            for line in try Self.lines(of: String(argument.dropFirst()), isUserRun: isUserRun) {
                add(try notebooks(line), "listed in \(argument.dropFirst())")
            }
        }
        if let output {
            let (parts, named) = (RunPaths.pathComponents(of: output), Set(arguments.map { PathKey($0) }))
            // Keep notebooks if the output folder itself is searched, or if they were named.
            let isResult = { (notebook: NotebookSearch.Found) in
                let folder = RunPaths.pathComponents(of: notebook.folder.isEmpty ? "." : notebook.folder)
                return !named.contains(PathKey(notebook.path)) && !folder.starts(with: parts)
                    && RunPaths.pathComponents(of: notebook.path).starts(with: parts)
            }
            leftOut += found.filter(isResult).map { LeftOutNotebook(path: $0.path, reason: .inOutputFolder(output)) }
            found.removeAll(where: isResult)
        }
        guard !found.isEmpty || !deferred.isEmpty else {
            throw UsageError(
                "no notebook found: all notebooks of \(arguments.joined(separator: " ")) are excluded, by "
                    + "--exclude or as results")
        }
        found = Self.distinct(found, assignsUsers: assignsUsers)
        // A notebook that one argument names is run, even if another one leaves it out.
        let paths = Set(found.map { PathKey($0.path) })
        leftOut.removeAll { paths.contains(PathKey($0.path)) }
        let root = root.map(RunPaths.pathComponents) ?? Self.common(found.map { $0.folder.isEmpty ? "." : $0.folder })
        self.root = "/" + root.map(\.text).joined(separator: "/")
        tasks = found.map { notebook in
            var task = NotebookTask(path: notebook.path)
            task.reason = reasons[PathKey(notebook.path)] ?? task.reason
            let parts = RunPaths.pathComponents(of: notebook.path)
            task.relativePath = parts.dropFirst(root.count).map(\.text).joined(separator: "/")
            if assignsUsers { task.owner = task.path == "-" ? .ofStandardInput : NotebookOwner(of: task.path) }
            return task
        }
    }

    /// Returns why the notebooks of an argument run.
    private static func reason(_ argument: String) -> String {
        switch LocalFile.kind(of: argument) {
        case .folder: "in \(argument)"
        case nil where Glob.isPattern(argument): "matches '\(argument)'"
        default: "named"
        }
    }

    /// Refuses a list on standard input that another user may have made: it could name root's notebooks.
    private static func checkListOfStandardInput() throws(UsageError) {
        switch NotebookOwner.ofStandardInput {
        case .root: return
        case .user: throw UsageError("@-: the list comes from a file of another user; name the file, as @FILE")
        default: throw UsageError("@-: another user may have written the list; save it and name the file, as @FILE")
        }
    }

    /// Returns an argument that root leaves to its owner; nil if root may read it.
    private static func deferred(_ argument: String) throws(UsageError) -> Deferred? {
        let isList = argument.hasPrefix("@") && LocalFile.kind(of: argument) == nil
        let isPattern = !isList && Glob.isPattern(argument) && LocalFile.kind(of: argument) == nil
        let path = isList ? String(argument.dropFirst()) : isPattern ? NotebookSearch.folder(of: argument) : argument
        guard isList ? path != "-" : LocalFile.kind(of: path) == .folder && NotebookOwner.isBehindLink(path) else {
            return nil
        }
        switch NotebookOwner(of: path) {
        case .root: return nil
        case .user(let owner, only: nil): return Deferred(argument: argument, owner: owner)
        case .unreachable(let code): throw UsageError("\(argument): \(code)")
        case .user, .none:
            throw UsageError("\(argument): root does not read it, because other users can change where the path leads")
        }
    }

    /// Removes duplicates of a file. The path of the file itself is preferred to that of a link.
    private static func distinct(_ found: [NotebookSearch.Found], assignsUsers: Bool) -> [NotebookSearch.Found] {
        var positions: [LocalFile.Identity: Int] = [:]
        // Names that are equal in Unicode may belong to different files.
        var names: Set<PathKey> = []
        var distinct: [NotebookSearch.Found] = []
        for notebook in found where names.insert(PathKey(notebook.path)).inserted {
            // For root, a link of one user must not make the notebook of another user count as a duplicate.
            let identity = assignsUsers ? PathWalk.identity(of: notebook.path) : LocalFile.identity(of: notebook.path)
            if let identity {
                if let position = positions[identity] {
                    if LocalFile.isLink(distinct[position].path), !LocalFile.isLink(notebook.path) {
                        distinct[position] = notebook
                    }
                    continue
                }
                positions[identity] = distinct.count
            }
            distinct.append(notebook)
        }
        return distinct
    }

    private mutating func notebooks(_ argument: String) throws(UsageError) -> [NotebookSearch.Found] {
        var argument = argument
        // nbconvert accepts a name without its extension.
        if isNbconvert, LocalFile.kind(of: argument) == nil, LocalFile.kind(of: argument + ".ipynb") != nil {
            argument += ".ipynb"
        }
        if LocalFile.kind(of: argument) == .folder || Glob.isPattern(argument) && LocalFile.kind(of: argument) == nil {
            isSingle = false
        }
        if let address = try address(argument) { return [address] }
        let (found, leftOut) = search.notebooks(argument)
        self.leftOut += leftOut.map { LeftOutNotebook(path: $0.path, reason: .search($0.reason)) }
        if found.isEmpty, leftOut.isEmpty {
            let reason = LocalFile.kind(of: argument) == .folder ? "there is none in the folder" : "no file matches"
            throw UsageError("no notebook found: \(reason) '\(argument)'")
        }
        return found
    }

    /// Returns the notebook at an address; nil for a local path.
    private func address(_ argument: String) throws(UsageError) -> NotebookSearch.Found? {
        let location = NotebookLocation(argument)
        guard location.scheme != nil, LocalFile.kind(of: argument) == nil else { return nil }
        guard Rooms.storage.contains(where: { $0.opens(location) }) else {
            throw UsageError(
                "\(argument): Galley opens only local files. Download the notebook first; a local file of this name is "
                    + "./\(argument)")
        }
        return NotebookSearch.Found(path: argument, folder: String(argument.directory))
    }

    /// Returns the lines of a list without empty lines and comments.
    private static func lines(of list: String, isUserRun: Bool) throws(UsageError) -> [String] {
        if isUserRun, LocalFile.kind(of: list) == .other {
            throw UsageError("@\(list): root does not read a pipe of another user; name a file")
        }
        if list != "-", LocalFile.kind(of: list) == nil || LocalFile.kind(of: list) == .folder {
            throw UsageError("@\(list): the list cannot be read; check that the file exists")
        }
        let text = list == "-" ? Terminal.readInput() : LocalFile.lines(of: list).map(String.init)
        let lines = text.flatMap { $0.split(separator: "\0") }.map {
            String($0.drop { $0.isWhitespace || $0 == "\u{FEFF}" }).trimmingEnd
        }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        if lines.isEmpty {
            throw UsageError("no notebook found: @\(list) is empty, longer than 16 MB, or cannot be read")
        }
        return lines
    }

    /// Returns the leading folders that all paths share.
    private static func common(_ paths: [String]) -> [PathKey] {
        paths.map { RunPaths.pathComponents(of: $0) }.reduce(nil as [PathKey]?) { common, parts in
            common.map { Array(zip($0, parts).prefix { $0 == $1 }.map(\.0)) } ?? parts
        } ?? []
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

    /// The text without trailing white space.
    fileprivate var trimmingEnd: String {
        String(self[..<(lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex)])
    }
}
