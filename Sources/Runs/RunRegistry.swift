import Glibc
import GalleyJupyterProtocol
import GalleyStorage

/// The folder that contains the status files of a user's runs.
///
/// Files in it survive a restart of the machine, so that a run that the restart cut off is found too.
package struct RunRegistry: Sendable {
    /// The path of the folder.
    package let path: String
    /// The user whose runs are in the folder.
    package let user: UInt32

    private static let prefix = "galley-runs-"

    /// Finds or creates the folder of this process's user; nil if no folder is writable.
    package static func own() -> RunRegistry? {
        let user = geteuid()
        for parent in ["/var/tmp", "/tmp"] {
            if let folder = own(in: parent, user) { return folder }
        }
        return nil
    }

    static func own(in parent: String, _ user: UInt32) -> RunRegistry? {
        func usable(_ path: String) -> RunRegistry? {
            guard owner(of: path) == user, unsafe access(path, W_OK) == 0 else { return nil }
            return RunRegistry(path: path, user: user)
        }
        let first = "\(parent)/\(prefix)\(user)"
        if let folder = usable(first) { return folder }
        // Another user may have taken the first name and any other name that can be guessed.
        let others = LocalFile.names(in: parent).filter { $0.hasPrefix("\(prefix)\(user)-") }
        if let folder = others.lazy.compactMap({ usable("\(parent)/\($0)") }).first { return folder }
        for number in 0..<100 {
            let path = number == 0 ? first : "\(first)-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
            if unsafe mkdir(path, 0o755) == 0 {
                _ = unsafe chmod(path, 0o755)
                return usable(path)
            }
            if errno != EEXIST { return nil }
        }
        return nil
    }

    /// The folders of all users: this user's first, then root's, then the others', whose contents are not trusted.
    package static var all: [RunRegistry] {
        let found: [RunRegistry] = ["/var/tmp", "/tmp"].flatMap { parent in
            LocalFile.names(in: parent).compactMap { name in
                guard name.hasPrefix(prefix), let user = UInt32(name.dropFirst(prefix.count).prefix { $0 != "-" }),
                    owner(of: "\(parent)/\(name)") == user
                else { return nil }
                return RunRegistry(path: "\(parent)/\(name)", user: user)
            }
        }
        func rank(_ folder: RunRegistry) -> Int { folder.user == geteuid() ? 0 : folder.user == 0 ? 1 : 2 }
        return found.sorted { rank($0) < rank($1) }
    }

    /// Returns the owner of a folder that only the owner can write to; nil if other users can.
    private static func owner(of path: String) -> UInt32? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o022 == 0 else {
            return nil
        }
        return status.st_uid
    }

    /// Returns an unused ID: the notebook's name and four random characters.
    package func newID(for notebook: String) -> String {
        let base = LocalFile.fileName(of: notebook)
        let stem = (base.hasSuffix(".ipynb") ? String(base.dropLast(6)) : base).map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || letter == "_") ? letter : "-"
        }
        let name = String(stem.prefix(40)).drop { $0 == "-" }
        while true {
            let mark = (0..<4).compactMap { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() }
            let id = "\(name.isEmpty ? "notebook" : name)-\(String(mark))"
            if unsafe access(file(of: id), F_OK) != 0, unsafe access(file(of: KeptKernelRecord.self, id), F_OK) != 0 {
                return id
            }
        }
    }

    /// Returns the path of a run's status file.
    package func file(of id: String) -> String { "\(path)/\(id).json" }

    /// Returns the default path of a background run's log.
    package func log(of id: String) -> String { "\(path)/\(id).log" }

    /// Returns the path of the output of root's commands at the end of another user's background run.
    package func commandsLog(of id: String) -> String { "\(path)/\(id).commands.log" }

    /// Returns the status of a run; nil if there is none with this ID.
    package func run(_ id: String) -> RunStatus? {
        guard Self.isName(id), var status = LocalFile.readSmallFile(file(of: id), of: user).flatMap({ RunStatus($0) }),
            status.id == id, !status.process.isInOtherContainer
        else { return nil }
        status.owner = user
        return status
    }

    /// Returns whether an ID is valid. Other users' IDs must not contain characters that control a terminal.
    static func isName(_ id: String) -> Bool {
        !id.isEmpty
            && id.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
            }
    }

    /// The statuses of all runs.
    package var runs: [RunStatus] {
        LocalFile.names(in: path).filter { $0.hasSuffix(".json") }.compactMap { run(String($0.dropLast(5))) }
    }

    /// Whether the folder may contain a run in progress whose status cannot be read or verified.
    package var isPartlyUnreadable: Bool {
        guard let names = LocalFile.namesIfReadable(in: path) else { return true }
        return names.contains { name in
            guard name.hasSuffix(".json"), Self.isName(String(name.dropLast(5))) else { return false }
            // A file that was removed in the meantime belonged to a finished run.
            if unsafe access("\(path)/\(name)", R_OK) != 0 { return errno != ENOENT }
            return run(String(name.dropLast(5)))?.isHidden == true
        }
    }

    /// Returns whether a run has a status file that cannot be read or is not valid.
    package func hasUnreadable(_ id: String) -> Bool {
        guard Self.isName(id), unsafe access(file(of: id), F_OK) == 0 else { return false }
        guard let bytes = LocalFile.readSmallFile(file(of: id), of: user), let status = RunStatus(bytes) else {
            return true
        }
        return status.id != id
    }

    /// Whether the folder belongs to this process's user or to root.
    package var isTrusted: Bool { [0, geteuid()].contains(user) }

    /// Removes the files of a run.
    package func remove(_ id: String) {
        for path in [file(of: id), log(of: id), commandsLog(of: id)] { _ = unsafe unlink(path) }
    }

    /// Removes runs that ended more than a week ago, and the oldest ones beyond 100.
    ///
    /// - Parameter always: Whether to check the runs even if the folder has few files.
    package func removeOldRuns(always: Bool) {
        _ = removeEndedKernels()
        guard always || LocalFile.names(in: path).count > 250 else { return }
        let over = runs.filter { $0.currentState == .ended || $0.currentState == .lost }
            .sorted { $0.activity.microseconds > $1.activity.microseconds }
        let week = Timestamp.now().microseconds - 7 * 86_400_000_000
        for (place, run) in over.enumerated() where place >= 100 || run.activity.microseconds < week { remove(run.id) }
    }
}
