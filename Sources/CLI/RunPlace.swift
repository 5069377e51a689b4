import GalleyExecution
import Glibc
import GalleyJSON
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// What a run is called, and where it can be found.
struct RunPlace: Sendable {
    let id: String
    /// The notebook, and where its result goes, as whole paths.
    let notebook: String
    let result: String?
    let log: String?
    /// What is kept up to date; the first is the one that people are told of.
    let statusCopies: [StatusFile.Copy]
    /// The process that a signal to the run goes to.
    var process = ProcessMark.current()
    private let folder: RunFolder?
    private let isKept: Bool

    /// Finds a place for a run. What is told of one in the background, or with a status file, stays when it is over.
    init(_ arguments: ExecuteArguments) {
        let background = arguments.background
        notebook = Self.whole(arguments.title)
        if case .folder(let path) = arguments.result, !arguments.isSingle {
            result = Self.whole(path)
        } else {
            result =
                arguments.isSingle ? arguments.tasks.first.flatMap(arguments.place(ofResultOf:)).map(Self.whole) : nil
        }
        let folder = RunFolder.own()
        let id = folder?.newID(for: arguments.title) ?? "galley-\(getpid())"
        (self.folder, self.id, isKept) = (folder, id, background.isDetached || background.status != nil)
        let (mode, group) = Self.rights(arguments.tasks)
        let own = folder.map { StatusFile.Copy(path: $0.file(of: id), mode: mode, group: group, isWanted: false) }
        statusCopies = [background.status.map { StatusFile.Copy(path: Self.whole($0)) }, own].compactMap(\.self)
        folder?.forgetOld(always: isKept)
        log = background.log.map(Self.whole) ?? (background.isDetached ? folder?.log(of: id) : nil)
        guard background.isDetached, background.log == nil, let log else { return }
        // What cells print is not everybody's business.
        try? LocalFile.put([], at: log, mode: mode, group: group)
    }

    /// Makes the log of what root's commands print at the end, which root alone may read; nil if it cannot be made.
    func makeCommandsLog() -> String? {
        guard let path = folder?.commandsLog(of: id) else { return nil }
        return (try? LocalFile.put([], at: path, mode: 0o600)).map { path }
    }

    /// Forgets a run that is over, where nobody will ask for it.
    func leave() { if !isKept { folder?.remove(id) } }

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
    static func whole(_ path: String) -> String {
        guard !path.isAbsolutePath, path != "-", let folder = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder) + (path == "." ? "" : "/" + path)
    }

    /// The parts of a path from the root, without detours.
    static func parts(of path: String) -> [PathKey] {
        whole(path).pathNames.reduce(into: []) { parts, part in
            if part == ".." { _ = parts.popLast() } else { parts.append(PathKey(part)) }
        }
    }
}
