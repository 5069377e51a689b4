import GalleyExecution
import Glibc
import GalleyJSON
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// What a run is called, and where it can be found.
struct RunPaths: Sendable {
    let id: String
    /// The notebook, and where its result goes, as whole paths.
    let notebook: String
    let result: String?
    let log: String?
    /// What is kept up to date; the first is the one that people are told of.
    let statusCopies: [StatusFile.Copy]
    /// The process that a signal to the run goes to.
    var process = ProcessIdentity.current()
    private let folder: RunRegistry?
    private let isKept: Bool
    private let rights: (mode: UInt32, group: UInt32?)
    /// Whether Galley chose the path of the log.
    private let ownsLog: Bool

    /// Chooses the paths of a run, and writes nothing. The files of a background run, and of one with `--status`, are kept.
    init(_ arguments: ExecuteArguments) {
        let background = arguments.background
        notebook = Self.absolutePath(arguments.title)
        if case .folder(let path) = arguments.result, !arguments.isSingle {
            result = Self.absolutePath(path)
        } else {
            result =
                arguments.isSingle
                ? arguments.tasks.first.flatMap(arguments.outputPath(of:)).map(Self.absolutePath) : nil
        }
        let folder = RunRegistry.own()
        let id = folder?.newID(for: arguments.title) ?? "galley-\(getpid())"
        (self.folder, self.id, isKept) = (folder, id, background.isDetached || background.status != nil)
        rights = Self.rights(arguments.tasks)
        let (mode, group) = rights
        let own = folder.map { StatusFile.Copy(path: $0.file(of: id), mode: mode, group: group, isWanted: false) }
        statusCopies = [background.status.map { StatusFile.Copy(path: Self.absolutePath($0)) }, own].compactMap(\.self)
        ownsLog = background.isDetached && background.log == nil
        log = background.log.map(Self.absolutePath) ?? (background.isDetached ? folder?.log(of: id) : nil)
    }

    /// Removes the records of old runs, and creates the log of a background run, which only the notebook's readers may read.
    func prepare() {
        folder?.removeOldRuns(always: isKept)
        if ownsLog, let log { try? LocalFile.replaceSmallFile([], at: log, mode: rights.mode, group: rights.group) }
    }

    /// Makes the log of what root's commands print at the end, which root alone may read; nil if it cannot be made.
    func makeCommandsLog() -> String? {
        guard let path = folder?.commandsLog(of: id) else { return nil }
        return (try? LocalFile.replaceSmallFile([], at: path, mode: 0o600)).map { path }
    }

    /// Forgets a run that is over, where nobody will ask for it.
    func removeRecord() { if !isKept { folder?.remove(id) } }

    /// What every line of a log says of the run.
    var members: [(String, Value)] { [("notebook", .string(notebook)), ("run", .string(id))] }

    /// The rights of files that tell of a run: its owner's alone, and those of the group that may read the notebook, where
    /// root runs it for somebody else.
    private static func rights(_ tasks: [NotebookTask]) -> (mode: UInt32, group: UInt32?) {
        var groups: Set<UInt32> = []
        for task in tasks {
            guard case .user(let owner, _) = task.owner, owner.mode & 0o040 != 0 else { return (0o600, nil) }
            groups.insert(owner.group)
        }
        return groups.count == 1 ? (0o640, groups.first) : (0o600, nil)
    }

    /// A path from the root of the file system.
    static func absolutePath(_ path: String) -> String {
        guard !path.isAbsolutePath, path != "-", let folder = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder) + (path == "." ? "" : "/" + path)
    }

    /// The parts of a path from the root, without detours.
    static func pathComponents(of path: String) -> [PathKey] {
        absolutePath(path).pathNames.reduce(into: []) { parts, part in
            if part == ".." { _ = parts.popLast() } else { parts.append(PathKey(part)) }
        }
    }
}
