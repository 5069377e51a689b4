import GalleyCLinux
import Glibc

/// A copy of the old contents of a file that is being overwritten.
///
/// Its name identifies the file and the new contents. The copy is locked as long as the writer lives.
struct SafetyCopy: ~Copyable {
    let path: String
    let file: FileDescriptor

    /// Copies `original`, the file at `place`, before it is overwritten with `bytes`.
    init(of original: borrowing FileDescriptor, at place: ResolvedPath, for bytes: some ByteRuns) throws(Errno) {
        let status = try original.status
        let name = SafetyName(of: status, for: bytes)
        var path = ""
        file = try Self.make(of: original, name, in: Self.folders(for: place, on: status.st_dev), beside: place, &path)
        self.path = path
    }

    /// Creates the copy in the first folder that accepts it.
    private static func make(
        of original: borrowing FileDescriptor, _ name: SafetyName, in folders: [String], beside place: ResolvedPath,
        _ path: inout String
    ) throws(Errno) -> FileDescriptor {
        var refusal: Errno?
        for folder in folders {
            do throws(Errno) {
                // The copy gets its name when it is complete and on the disk.
                var new = try TemporaryFile(in: folder, mode: 0o600)
                try new.file.replaceContents(from: original)
                let base = name.text(isHidden: folder == place.folder)
                guard try new.claimName(base) else { throw Errno(rawValue: EEXIST) }
                path = "\(folder)/\(base)"
                // The lock belongs to the open file and ends with its last descriptor.
                return try FileDescriptor(duplicating: new.file.number)
            } catch {
                refusal = refusal ?? error
            }
        }
        throw refusal ?? Errno(rawValue: ENOENT)
    }

    func remove() { _ = unsafe unlink(path) }

    /// Returns the folders for a copy in order of preference: the file's own folder, its parent folders, then temporary
    /// folders. After the file's own folder, those on the same disk come first.
    private static func folders(for place: ResolvedPath, on device: dev_t) -> [String] {
        let own = takesFiles(place.folder) ? [place.folder] : []
        let others = (above(place) + temporary).filter { takesFiles($0) && $0 != place.folder }
        return own + others.filter { isOn(device, $0) } + temporary.filter { takesFiles($0) && !isOn(device, $0) }
    }

    private static func isOn(_ device: dev_t, _ folder: String) -> Bool {
        var status = stat()
        return unsafe stat(folder, &status) == 0 && status.st_dev == device
    }

    private static func takesFiles(_ folder: String) -> Bool {
        unsafe faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0
    }

    private static func above(_ place: ResolvedPath) -> [String] {
        var folder = LocalFile.canonicalPath(of: place.folder)
        var folders: [String] = []
        while folder != "/", let next = LocalFile.folder(of: folder) {
            folders.append(next)
            folder = next
        }
        return folders
    }

    /// Folders whose files survive a restart come before those that are cleared.
    private static var temporary: [String] {
        // Safe because the string is copied immediately.
        let named = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
        return [named, "/var/tmp", "/tmp"].compactMap(\.self)
    }
}

extension SafetyCopy {
    /// Returns the folder for the old contents of a file if it is not on the file's disk; nil if it is, or if the file
    /// can be replaced.
    static func folderOnOtherDisk(for path: String) -> String? {
        var status = stat()
        guard let place = try? ResolvedPath(resolving: path), unsafe stat(place.path, &status) == 0,
            !isReplaced(status, place), let folder = folders(for: place, on: status.st_dev).first
        else { return nil }
        return isOn(status.st_dev, folder) ? nil : folder
    }

    /// Whether a file is replaced, not overwritten.
    private static func isReplaced(_ status: stat, _ place: ResolvedPath) -> Bool {
        status.st_nlink == 1 && takesFiles(place.folder)
    }

    /// Finds the copies of a file that killed runs have left.
    ///
    /// Removes copies that are not needed because the file still has its old contents or has all of its new contents.
    ///
    /// - Returns: The paths of the other copies.
    static func leftovers(of path: String) -> [String] {
        guard let place = try? ResolvedPath(resolving: path),
            let file = try? FileDescriptor(place.path, O_RDONLY | O_NONBLOCK),
            let status = try? file.status, status.st_mode & S_IFMT == S_IFREG
        else { return [] }
        let folders = isReplaced(status, place) ? [place.folder] : [place.folder] + above(place) + temporary
        var seen: Set<String> = []
        return folders.filter { seen.insert($0).inserted }.flatMap { folder -> [String] in
            let isBeside = folder == place.folder
            return LocalFile.namesWithPrefix(in: folder, beginningWith: isBeside ? ".galley-safety-" : "galley-safety-")
                .filter { base in
                    guard let name = SafetyName(base), name.isOf(status, isBeside: isBeside),
                        let folder = try? FileDescriptor(folder, O_RDONLY | O_DIRECTORY)
                    else { return false }
                    return isNeeded(base, name, in: folder, of: file, status)
                }
                .map { "\(folder)/\($0)" }
        }
    }

    private static func isNeeded(
        _ base: String, _ name: SafetyName, in folder: borrowing FileDescriptor, of file: borrowing FileDescriptor,
        _ status: stat
    ) -> Bool {
        // A locked copy belongs to an active run.
        guard let copy = LeftoverFiles.lockedFile(base, in: folder), let its = try? copy.status,
            its.st_mode & S_IFMT == S_IFREG, its.st_size < UInt32.max, status.st_size < UInt32.max,
            its.st_uid == status.st_uid || its.st_uid == geteuid(),
            let contents = try? file.rewound().readToEnd(expecting: Int(status.st_size)),
            let old = try? copy.readToEnd(expecting: Int(its.st_size))
        else { return false }
        guard contents == old || name.matchesNewContents(contents) else { return true }
        _ = unsafe unlinkat(folder.number, base, 0)
        return false
    }
}

/// The name of a safety copy.
private struct SafetyName {
    private let file: UInt64
    private let device: UInt64
    /// The length and hash of the new contents.
    private let count: UInt64
    private let hash: UInt64
    private let random: Substring

    private static let mark = "galley-safety-"

    init(of status: stat, for bytes: some ByteRuns) {
        (file, device) = (UInt64(status.st_ino), UInt64(status.st_dev))
        (count, hash) = (UInt64(bytes.count), Self.hash(of: bytes))
        random = LeftoverFiles.random[...]
    }

    init?(_ text: String) {
        let text = text.hasPrefix(".") ? text.dropFirst() : text[...]
        guard text.hasPrefix(Self.mark) else { return nil }
        let parts = text.dropFirst(Self.mark.count).split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.dropLast().compactMap { UInt64($0, radix: 16) }
        guard parts.count == 5, numbers.count == 4 else { return nil }
        (file, device, count, hash, random) = (numbers[0], numbers[1], numbers[2], numbers[3], parts[4])
    }

    /// The copy is hidden beside the file. Elsewhere it is visible, because only a message leads to it.
    func text(isHidden: Bool) -> String {
        let numbers = [file, device, count, hash].map { String($0, radix: 16) }.joined(separator: "-")
        return "\(isHidden ? "." : "")\(Self.mark)\(numbers)-\(random)"
    }

    /// Whether the copy belongs to a file. Device numbers may change when the machine restarts.
    func isOf(_ status: stat, isBeside: Bool) -> Bool {
        file == UInt64(status.st_ino) && (isBeside || device == UInt64(status.st_dev))
    }

    /// Whether `bytes` are the new contents that the file was to get.
    func matchesNewContents(_ bytes: [UInt8]) -> Bool { UInt64(bytes.count) == count && Self.hash(of: bytes) == hash }

    /// FNV-1a, which gives the same hash in every process.
    private static func hash(of bytes: some ByteRuns) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        bytes.forEachRun { run in
            for index in run.indices { hash = (hash ^ UInt64(run[index])) &* 0x100_0000_01B3 }
        }
        return hash
    }
}

extension FileDescriptor {
    fileprivate borrowing func rewound() throws(Errno) -> FileDescriptor {
        try rewind()
        return try FileDescriptor(duplicating: number)
    }
}
