import Glibc
import GalleyJupyterProtocol
import GalleyStorage

/// The folder in which a user's runs are told of, so that they can be found.
///
/// It is where files stay over a restart of the machine, so that a run which such a restart has cut off is found too.
package struct RunRegistry: Sendable {
    /// Its path.
    package let path: String
    /// The user whose runs they are.
    package let user: UInt32

    private static let prefix = "galley-runs-"

    /// Makes or finds the folder of whoever runs this process; nil where nothing can be written.
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
        // Another user may have taken the first name, and any other that can be guessed.
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

    /// The folders of all users, the own ones first, then root's: what others write there they may have made up.
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

    /// Who owns a folder that nobody else can write to.
    private static func owner(of path: String) -> UInt32? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o022 == 0 else {
            return nil
        }
        return status.st_uid
    }

    /// A name that no run has: of the notebook's and four letters.
    package func newID(for notebook: String) -> String {
        let base = LocalFile.fileName(of: notebook)
        let stem = (base.hasSuffix(".ipynb") ? String(base.dropLast(6)) : base).map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || letter == "_") ? letter : "-"
        }
        let name = String(stem.prefix(40)).drop { $0 == "-" }
        while true {
            let mark = (0..<4).compactMap { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() }
            let id = "\(name.isEmpty ? "notebook" : name)-\(String(mark))"
            if unsafe access(file(of: id), F_OK) != 0, unsafe access(file(ofKernel: id), F_OK) != 0 { return id }
        }
    }

    /// Where a run is told of.
    package func file(of id: String) -> String { "\(path)/\(id).json" }

    /// Where a run in the background says how it goes, unless it was told otherwise.
    package func log(of id: String) -> String { "\(path)/\(id).log" }

    /// Where root's commands print at the end of a run of another user's in the background.
    package func commandsLog(of id: String) -> String { "\(path)/\(id).commands.log" }

    /// What is told of a run; nil where there is none of this name.
    package func run(_ id: String) -> RunStatus? {
        guard Self.isName(id), var status = LocalFile.readSmallFile(file(of: id), of: user).flatMap({ RunStatus($0) }),
            status.id == id, !status.process.isInOtherContainer
        else { return nil }
        status.owner = user
        return status
    }

    /// Whether a run can be called so: what others write must not do anything to a terminal.
    static func isName(_ id: String) -> Bool {
        !id.isEmpty
            && id.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
            }
    }

    /// What is told of all runs.
    package var runs: [RunStatus] {
        LocalFile.names(in: path).filter { $0.hasSuffix(".json") }.compactMap { run(String($0.dropLast(5))) }
    }

    /// Whether something in it may tell of a run that goes on, and cannot be read or cannot be believed for certain.
    package var isPartlyUnreadable: Bool {
        guard let names = LocalFile.namesIfReadable(in: path) else { return true }
        return names.contains { name in
            guard name.hasSuffix(".json"), Self.isName(String(name.dropLast(5))) else { return false }
            // What is gone meanwhile is over.
            if unsafe access("\(path)/\(name)", R_OK) != 0 { return errno != ENOENT }
            return run(String(name.dropLast(5)))?.isHidden == true
        }
    }

    /// Whether something is told of a run that cannot be read, or is no record.
    package func hasUnreadable(_ id: String) -> Bool {
        guard Self.isName(id), unsafe access(file(of: id), F_OK) == 0 else { return false }
        guard let bytes = LocalFile.readSmallFile(file(of: id), of: user), let status = RunStatus(bytes) else {
            return true
        }
        return status.id != id
    }

    /// Whether nobody but the user of this process, or root, has written what it tells.
    package var isTrusted: Bool { [0, geteuid()].contains(user) }

    /// Forgets a run.
    package func remove(_ id: String) {
        for path in [file(of: id), log(of: id), commandsLog(of: id)] { _ = unsafe unlink(path) }
    }

    /// Forgets runs that ended long ago, and those of which there are too many.
    ///
    /// - Parameter always: Whether it is worth the time also where there are few.
    package func removeOldRuns(always: Bool) {
        _ = removeEndedKernels()
        guard always || LocalFile.names(in: path).count > 250 else { return }
        let over = runs.filter { $0.currentState == .ended || $0.currentState == .lost }
            .sorted { $0.activity.microseconds > $1.activity.microseconds }
        let week = Timestamp.now().microseconds - 7 * 86_400_000_000
        for (place, run) in over.enumerated() where place >= 100 || run.activity.microseconds < week { remove(run.id) }
    }
}
