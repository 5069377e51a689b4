import GalleyFlags
import GalleyLocalKernels
import GalleyStorage
import GalleySupervisor
import Glibc

/// The notebooks that a command line names.
struct TaskList {
    private(set) var tasks: [NotebookTask] = []
    /// Whether the command line names a single notebook directly.
    private(set) var isSingle = true
    /// The notebooks that the arguments seem to name, and that are not run.
    private(set) var leftOut: [LeftOutNotebook] = []
    /// The common folder of all notebooks. The paths of results count from it.
    private(set) var root = ""

    /// Arguments that are read later.
    private(set) var deferred: [Deferred] = []

    private let search: NotebookSearch
    private let isNbconvert: Bool

    /// An argument that is read later: by the process of its owner, if root does not read it, or from a server.
    struct Deferred: Sendable {
        let argument: String
        /// The owner of a list, or of a folder behind a link; nil for a folder of a server.
        let owner: FileOwner?
    }

    /// The notebooks of folders that are not local.
    private let listed: [PathKey: [NotebookLocation]]
    /// Refuses a location that no storage provider of the run opens.
    private let checkLocation: LocationCheck

    typealias LocationCheck = (NotebookLocation) throws(UsageError) -> Void

    /// - Parameters:
    ///   - output: The folder for results, which is not searched.
    ///   - root: The folder from which the paths of results count; nil for the common folder of all notebooks.
    ///   - assignsUsers: Whether root determines the user of each notebook, and reads nothing of other users.
    ///   - isUserRun: Whether this is the process of a user whose supervisor is root.
    init(
        _ arguments: [String], excluding: [String], output: String?, root: String?,
        _ dialect: ExecuteArguments.Dialect, assignsUsers: Bool, isUserRun: Bool,
        listed: [PathKey: [NotebookLocation]] = [:], checkLocation: @escaping LocationCheck
    ) throws(UsageError) {
        (self.listed, self.checkLocation) = (listed, checkLocation)
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
        let roots = Self.roots(of: found, root)
        self.root = Self.path(of: roots[nil] ?? roots.values.first ?? [])
        tasks = found.map { notebook in
            var task = NotebookTask(path: notebook.path)
            task.reason = reasons[PathKey(notebook.path)] ?? task.reason
            let parts = RunPaths.pathComponents(of: notebook.path)
            let root = roots[Self.place(of: notebook.path)] ?? []
            task.relativePath = parts.dropFirst(root.count).map(\.text).joined(separator: "/")
            // A notebook on a server or in a store has no owner here; the default is root.
            if assignsUsers, !NotebookLocation(task.path).isRemote {
                task.owner = task.path == "-" ? .ofStandardInput : NotebookOwner(of: task.path)
            }
            return task
        }
    }

    /// Returns why the notebooks of an argument run.
    private static func reason(_ argument: String) -> String {
        let location = NotebookLocation(argument)
        if location.isRemoteFolder { return "in \(argument)" }
        if location.isRemote { return location.isRemotePattern ? "matches '\(argument)'" : "named" }
        return switch LocalFile.kind(of: argument) {
        case nil where argument.endsInSlash: "in \(argument)"
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
        if NotebookLocation(argument).isRemote { return nil }
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
        if let found = try notebooks(at: NotebookLocation(argument)) { return found }
        if LocalFile.kind(of: argument) == .folder || Glob.isPattern(argument) && LocalFile.kind(of: argument) == nil {
            isSingle = false
        }
        let (found, leftOut) = search.notebooks(argument)
        self.leftOut += leftOut.map { LeftOutNotebook(path: $0.path, reason: .search($0.reason)) }
        if found.isEmpty, leftOut.isEmpty {
            let reason = LocalFile.kind(of: argument) == .folder ? "there is none in the folder" : "no file matches"
            throw UsageError("no notebook found: \(reason) '\(argument)'")
        }
        return found
    }

    /// Returns the notebooks at a location that is not local, or defers a folder and a pattern; nil for a local path.
    private mutating func notebooks(at location: NotebookLocation) throws(UsageError) -> [NotebookSearch.Found]? {
        let argument = location.text
        guard location.isRemote else { return nil }
        try checkLocation(location)
        guard location.isRemoteFolder || location.isRemotePattern else {
            let path = location.normalized.text
            return [NotebookSearch.Found(path: path, folder: String(path.directory))]
        }
        isSingle = false
        guard let listed = listed[PathKey(argument)] else {
            deferred.append(Deferred(argument: argument, owner: nil))
            return []
        }
        let (found, leftOut) = search.select(
            listed.map(\.text), in: location.searchedFolder.text, matching: location.isRemoteFolder ? nil : argument)
        self.leftOut += leftOut.map { LeftOutNotebook(path: $0.path, reason: .search($0.reason)) }
        guard !found.isEmpty || !leftOut.isEmpty else {
            throw UsageError("no notebook found: there is none in '\(argument)'")
        }
        return found
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

    /// The kind of place that a path leads to: a scheme, or nil for local files.
    private static func place(of path: String) -> String? {
        let location = NotebookLocation(path)
        return location.isRemote ? location.scheme : nil
    }

    /// Returns for each kind of place the folder from which the paths of results count.
    private static func roots(of found: [NotebookSearch.Found], _ root: String?) -> [String?: [PathKey]] {
        var roots: [String?: [PathKey]] = [:]
        for (place, notebooks) in Dictionary(grouping: found, by: { Self.place(of: $0.path) }) {
            roots[place] =
                root.flatMap { Self.place(of: $0) == place ? RunPaths.pathComponents(of: $0) : nil }
                ?? common(notebooks.map { $0.folder.isEmpty ? "." : $0.folder })
        }
        return roots
    }

    /// Returns the path with these components.
    private static func path(of components: [PathKey]) -> String {
        let text = components.map(\.text).joined(separator: "/")
        guard let first = components.first?.text, first == "jupyter:" || first.hasSuffix("://") else {
            return "/" + text
        }
        return first + components.dropFirst().map(\.text).joined(separator: "/")
    }

    /// Returns the leading folders that all paths share.
    private static func common(_ paths: [String]) -> [PathKey] {
        paths.map { RunPaths.pathComponents(of: $0) }.reduce(nil as [PathKey]?) { common, parts in
            common.map { Array(zip($0, parts).prefix { $0 == $1 }.map(\.0)) } ?? parts
        } ?? []
    }
}

extension [any StorageProvider] {
    /// Waits for the list of the notebooks that a folder or a pattern stands for, without local ones.
    func notebooks(of argument: String) throws -> [NotebookLocation] {
        let folder = NotebookLocation(argument).searchedFolder
        let provider = try provider(of: folder)
        return try waitForTask { try await provider.notebooks(in: folder) }
    }
}

extension String {
    /// The text without trailing white space.
    fileprivate var trimmingEnd: String {
        String(self[..<(lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex)])
    }
}
