import GalleyFlags
import GalleyExecution
import Galley
import Glibc
import GalleyNotebook
import GalleyStorage
import GalleySupervisor

/// A notebook that is to be run.
struct NotebookTask: Sendable {
    /// Its path; `-` is standard input.
    let path: String
    /// Where it is within the folder that all the notebooks were looked for in.
    var relativePath = ""
    /// How long it took before; nil where that was not looked up, or is not known.
    var earlierDuration: Duration?
    /// The user whose process runs it, where root has found that out.
    var owner = NotebookOwner.root
    /// The only file that its process may read; nil where no other user can change where the path leads.
    var only: LocalFile.Identity?

    /// Takes note of the user that was chosen to run it, whoever its owner is.
    mutating func assign(to user: FileOwner) {
        only = NotebookOwner.pin(path, for: user.user)
        // A link of a third user's could lead to a private file of the one that was chosen.
        if NotebookOwner.isBehindLink(path, ofOthersThan: user.user) {
            owner = .none
        } else {
            owner = .user(Self.owner(of: path, user), only: only)
        }
    }

    /// The owner of a file, for its rights; the user if that is not known, and then nobody else may read what comes of it.
    private static func owner(of path: String, _ user: FileOwner) -> FileOwner {
        guard case .user(let owner, _) = NotebookOwner(of: path), owner.user == user.user else {
            return FileOwner(user: user.user, group: user.group, mode: 0o600)
        }
        return owner
    }
}

/// Finds the notebooks that a command line means.
struct TaskList {
    private(set) var tasks: [NotebookTask] = []
    /// Whether it is one notebook that was called by its name.
    private(set) var isSingle = true

    /// Arguments that only the process of their owner may look into.
    private(set) var deferred: [Deferred] = []

    private let search: NotebookSearch
    private let isDialectOfNbconvert: Bool

    /// An argument that root does not look into: a list of another user's, or a folder behind a link of another user's.
    struct Deferred: Sendable {
        let argument: String
        let owner: FileOwner
    }

    /// - Parameters:
    ///   - output: The folder that results go to, which is not looked through.
    ///   - isUserRun: Whether this is the process of a user for whom root waits.
    ///   - assignsUsers: Whether root finds out which user runs which notebook, and reads nothing of other users.
    init(
        _ arguments: [String], excluding: [String], output: String?, _ dialect: ExecuteArguments.Dialect,
        assignsUsers: Bool,
        isUserRun: Bool
    ) throws(UsageError) {
        search = NotebookSearch(excluding: excluding)
        isDialectOfNbconvert = dialect == .nbconvert
        isSingle = arguments.count == 1
        var found: [NotebookSearch.Found] = []
        for argument in arguments {
            if assignsUsers, argument == "@-" { try Self.checkListOfStandardInput() }
            if assignsUsers, let one = try Self.deferred(argument) {
                isSingle = isSingle && !argument.hasPrefix("@")
                deferred.append(one)
                continue
            }
            guard argument.hasPrefix("@"), LocalFile.kind(of: argument) == nil else {
                found += try notebooks(argument)
                continue
            }
            isSingle = false
            for line in try Self.lines(of: String(argument.dropFirst()), isUserRun: isUserRun) {
                found += try notebooks(line)
            }
        }
        if let output {
            let (parts, named) = (RunPaths.pathComponents(of: output), Set(arguments.map { PathKey($0) }))
            // Unless it is that folder which is to be looked through, or a file in it was named.
            found.removeAll { notebook in
                let folder = RunPaths.pathComponents(of: notebook.folder.isEmpty ? "." : notebook.folder)
                return !named.contains(PathKey(notebook.path)) && !folder.starts(with: parts)
                    && RunPaths.pathComponents(of: notebook.path).starts(with: parts)
            }
        }
        guard !found.isEmpty || !deferred.isEmpty else {
            throw UsageError(
                "no notebook is left: \(arguments.joined(separator: " ")) holds none but what --exclude says")
        }
        found = Self.distinct(found, assignsUsers: assignsUsers)
        let root = Self.common(found.map { $0.folder.isEmpty ? "." : $0.folder })
        tasks = found.map { notebook in
            var task = NotebookTask(path: notebook.path)
            let parts = RunPaths.pathComponents(of: notebook.path)
            task.relativePath = parts.dropFirst(root.count).map(\.text).joined(separator: "/")
            if assignsUsers { task.owner = task.path == "-" ? .ofStandardInput : NotebookOwner(of: task.path) }
            return task
        }
    }

    /// Refuses a list by standard input that another user has made: it could name notebooks of root's.
    private static func checkListOfStandardInput() throws(UsageError) {
        switch NotebookOwner.ofStandardInput {
        case .root: return
        case .user: throw UsageError("@-: the list comes from a file of another user; name the file, as @FILE")
        default: throw UsageError("@-: another user may have made the list; name a file of it, as @FILE")
        }
    }

    /// What root leaves to its owner; nil for what root may look into.
    private static func deferred(_ argument: String) throws(UsageError) -> Deferred? {
        let isList = argument.hasPrefix("@") && LocalFile.kind(of: argument) == nil
        let isPattern = !isList && Glob.isPattern(argument) && LocalFile.kind(of: argument) == nil
        let place = isList ? String(argument.dropFirst()) : isPattern ? NotebookSearch.folder(of: argument) : argument
        guard isList ? place != "-" : LocalFile.kind(of: place) == .folder && NotebookOwner.isBehindLink(place) else {
            return nil
        }
        switch NotebookOwner(of: place) {
        case .root: return nil
        case .user(let owner, only: nil): return Deferred(argument: argument, owner: owner)
        case .unreachable(let code): throw UsageError("\(argument): \(code)")
        case .user, .none:
            throw UsageError("\(argument): root does not read it, because other users can change where that leads")
        }
    }

    /// One file is run once, whatever the number of its names; that of the file itself comes before one of a link.
    private static func distinct(_ found: [NotebookSearch.Found], assignsUsers: Bool) -> [NotebookSearch.Found] {
        var places: [LocalFile.Identity: Int] = [:]
        // What Unicode holds for the same name may be another file's.
        var names: Set<PathKey> = []
        var distinct: [NotebookSearch.Found] = []
        for notebook in found where names.insert(PathKey(notebook.path)).inserted {
            // Root is not led by a link of another user's to take a third one's notebook for the same.
            let identity = assignsUsers ? PathWalk.identity(of: notebook.path) : LocalFile.identity(of: notebook.path)
            if let identity {
                if let place = places[identity] {
                    if LocalFile.isLink(distinct[place].path), !LocalFile.isLink(notebook.path) {
                        distinct[place] = notebook
                    }
                    continue
                }
                places[identity] = distinct.count
            }
            distinct.append(notebook)
        }
        return distinct
    }

    private mutating func notebooks(_ argument: String) throws(UsageError) -> [NotebookSearch.Found] {
        var argument = argument
        // nbconvert takes a name without its ending.
        if isDialectOfNbconvert, LocalFile.kind(of: argument) == nil, LocalFile.kind(of: argument + ".ipynb") != nil {
            argument += ".ipynb"
        }
        if LocalFile.kind(of: argument) == .folder || Glob.isPattern(argument) && LocalFile.kind(of: argument) == nil {
            isSingle = false
        }
        if let address = try address(argument) { return [address] }
        let found = search.notebooks(argument)
        if found.isEmpty, NotebookSearch().notebooks(argument).isEmpty {
            let what = LocalFile.kind(of: argument) == .folder ? "there is none in the folder" : "nothing is called"
            throw UsageError("no notebook found: \(what) '\(argument)'")
        }
        return found
    }

    /// The notebook at an address; nil for a path of this machine.
    private func address(_ argument: String) throws(UsageError) -> NotebookSearch.Found? {
        let location = NotebookLocation(argument)
        guard location.scheme != nil, LocalFile.kind(of: argument) == nil else { return nil }
        guard Rooms.storage.contains(where: { $0.opens(location) }) else {
            throw UsageError("\(UnknownStorage(location: location))")
        }
        return NotebookSearch.Found(path: argument, folder: String(argument.directory))
    }

    /// The lines of a list, but for empty ones and comments.
    private static func lines(of list: String, isUserRun: Bool) throws(UsageError) -> [String] {
        if isUserRun, LocalFile.kind(of: list) == .other {
            throw UsageError("@\(list): root does not wait for a pipe of another user; name a file")
        }
        if list != "-", LocalFile.kind(of: list) == nil || LocalFile.kind(of: list) == .folder {
            throw UsageError("@\(list): the list cannot be read; is there such a file?")
        }
        let text = list == "-" ? Terminal.readInput() : LocalFile.lines(of: list).map(String.init)
        let lines = text.flatMap { $0.split(separator: "\0") }.map {
            String($0.drop { $0.isWhitespace || $0 == "\u{FEFF}" }).trimmingEnd
        }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        if lines.isEmpty {
            throw UsageError("no notebook found: @\(list) is empty, or longer than 16 MB, or cannot be read")
        }
        return lines
    }

    /// The folders that all paths begin with.
    private static func common(_ paths: [String]) -> [PathKey] {
        paths.map { RunPaths.pathComponents(of: $0) }.reduce(nil as [PathKey]?) { common, parts in
            common.map { Array(zip($0, parts).prefix { $0 == $1 }.map(\.0)) } ?? parts
        } ?? []
    }
}

extension [NotebookTask] {
    /// Looks up how long each took when it was run last.
    mutating func readDurations() {
        for index in indices where self[index].path != "-" && RefusedNotebook(self[index]) == nil {
            guard let bytes = LocalFile.readSmallFile(self[index].path, limit: 1 << 30),
                let notebook = try? UnvalidatedNotebook(parsing: bytes)
            else { continue }
            self[index].earlierDuration = notebook.earlierDuration
        }
    }

    /// Keeps one part of several that take about the same time, as far as that is known.
    ///
    /// Every machine that finds the same files comes to the same parts, and no notebook is in two of them.
    mutating func keep(_ shard: (number: Int, count: Int)) {
        let known = compactMap(\.earlierDuration)
        let usual = known.isEmpty ? .seconds(1) : known.reduce(.zero, +) / known.count
        let durations = map { $0.earlierDuration ?? usual }
        // The longest first, each to the part that has least to do: no part gets much more than another.
        let order = indices.sorted { (durations[$1], $0) < (durations[$0], $1) }
        var loads = [Duration](repeating: .zero, count: shard.count)
        var kept: Set<Int> = []
        for index in order {
            let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            // What takes no time at all takes part all the same.
            loads[least] += Swift.max(durations[index], .milliseconds(1))
            if least == shard.number - 1 { kept.insert(index) }
        }
        self = indices.filter(kept.contains).map { self[$0] }
    }
}

extension String {
    /// The text without white space at its end.
    fileprivate var trimmingEnd: String {
        String(self[..<(lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex)])
    }
}
