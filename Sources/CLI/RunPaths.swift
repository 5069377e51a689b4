import GalleyExecution
import Glibc
import GalleyJSON
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The ID of a run and the paths of its files.
struct RunPaths: Sendable {
    let id: String
    /// The absolute paths of the notebook and of its result.
    private(set) var notebook: String
    private(set) var result: String?
    let log: String?
    /// The status files. The first one is shown to people.
    let statusCopies: [StatusFile.Copy]
    /// The process that receives the signals to the run.
    var process = ProcessIdentity.current()
    private let folder: RunRegistry?
    private let isKept: Bool
    private let permissions: (mode: UInt32, group: UInt32?)
    /// Whether Galley chose the path of the log.
    private let ownsLog: Bool

    /// Chooses the paths of a run without writing anything. The files of a background run and of one with `--status`
    /// are kept.
    init(_ arguments: ExecuteArguments) {
        let background = arguments.background
        (notebook, result) = Self.titles(of: arguments)
        let folder = RunRegistry.own()
        let id = folder?.newID(for: arguments.title) ?? "galley-\(getpid())"
        (self.folder, self.id, isKept) = (folder, id, background.isDetached || background.status != nil)
        permissions = Self.permissions(arguments.tasks)
        let (mode, group) = permissions
        let own = folder.map { StatusFile.Copy(path: $0.file(of: id), mode: mode, group: group, isWanted: false) }
        statusCopies = [background.status.map { StatusFile.Copy(path: Self.absolutePath($0)) }, own].compactMap(\.self)
        ownsLog = background.isDetached && background.log == nil
        log = background.log.map(Self.absolutePath) ?? (background.isDetached ? folder?.log(of: id) : nil)
    }

    /// Names the notebook and the result anew, once a store has been asked what the command line means.
    mutating func update(for arguments: ExecuteArguments) { (notebook, result) = Self.titles(of: arguments) }

    private static func titles(of arguments: ExecuteArguments) -> (notebook: String, result: String?) {
        let notebook = absolutePath(arguments.title)
        if case .folder(let path) = arguments.result, !arguments.isSingle { return (notebook, absolutePath(path)) }
        let output = arguments.isSingle ? arguments.tasks.first.flatMap(arguments.outputPath(of:)) : nil
        return (notebook, output.map(absolutePath))
    }

    /// Removes the records of old runs, and creates the log of a background run, which only readers of the notebook may
    /// read.
    func prepare() {
        folder?.removeOldRuns(always: isKept)
        let (mode, group) = permissions
        if ownsLog, let log { try? LocalFile.replaceSmallFile([], at: log, mode: mode, group: group) }
    }

    /// Makes the log of what root's commands print at the end, which root alone may read; nil if it cannot be made.
    func makeCommandsLog() -> String? {
        guard let path = folder?.commandsLog(of: id) else { return nil }
        return (try? LocalFile.replaceSmallFile([], at: path, mode: 0o600)).map { path }
    }

    /// Removes the record of a finished run, unless it is kept for later.
    func removeRecord() { if !isKept { folder?.remove(id) } }

    /// The members about the run in every line of a JSON log.
    var members: [(String, Value)] { [("notebook", .string(notebook)), ("run", .string(id))] }

    /// Returns the permissions of the files about a run. The group of the notebooks may read them if it may read all
    /// notebooks and root runs them for another user; otherwise, only the owner may.
    private static func permissions(_ tasks: [NotebookTask]) -> (mode: UInt32, group: UInt32?) {
        var groups: Set<UInt32> = []
        for task in tasks {
            guard case .user(let owner, _) = task.owner, owner.mode & 0o040 != 0 else { return (0o600, nil) }
            groups.insert(owner.group)
        }
        return groups.count == 1 ? (0o640, groups.first) : (0o600, nil)
    }

    /// Returns a path from the root of the file system. A location on a server or in a store stays as it is.
    static func absolutePath(_ path: String) -> String {
        guard !path.isAbsolutePath, path != "-", !NotebookLocation(path).isRemote, let folder = unsafe getcwd(nil, 0)
        else { return path }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder) + (path == "." ? "" : "/" + path)
    }

    /// Returns the components of the absolute path, with `..` resolved. The first component of a location that is not
    /// local is its beginning, such as `s3://`.
    static func pathComponents(of path: String) -> [PathKey] {
        if NotebookLocation(path).isRemote {
            let (prefix, names) = NotebookLocation(path).remoteParts
            return [PathKey(prefix)] + names.map { PathKey($0) }
        }
        return absolutePath(path).pathNames.reduce(into: []) { parts, part in
            if part == ".." { _ = parts.popLast() } else { parts.append(PathKey(part)) }
        }
    }
}
