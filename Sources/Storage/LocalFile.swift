import Glibc

/// A notebook in a file of this machine.
///
/// Reading and writing wait for the disk, so they happen on a thread of the file's own and not on one of those that
/// all tasks share.
public actor LocalFile: NotebookStore {
    /// The path as it was given.
    public nonisolated let name: String
    private let thread = FileThread()

    /// Where the next write goes: the file itself or, once somebody else has changed that, the one beside it.
    private var target: Target
    /// What the file had besides its contents: a file that is made in its stead gets the same.
    private var attributes: Attributes?

    /// Where a notebook goes, and what is known to be there.
    private struct Target {
        var path: String
        var known: Known
        var isConflict = false
    }

    private enum Known {
        /// Nothing: whatever is there may be replaced.
        case nothing
        /// There was no such file.
        case absence
        /// The file as it was read or written last, and the bytes that were read.
        case file(Stamp, bytes: [UInt8]?)
    }

    /// Names the file at `path`, which need not exist yet.
    public init(_ path: String) {
        name = path
        target = Target(path: path, known: .nothing)
    }

    /// The actor runs on its file's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// Returns the file's bytes.
    public func read() throws(StorageError) -> [UInt8] {
        do throws(Errno) {
            let file = try FileDescriptor(target.path, O_RDONLY)
            let status = try file.status
            guard status.st_mode & S_IFMT != S_IFDIR else { throw Errno(rawValue: EISDIR) }
            guard status.st_size < UInt32.max else { throw Errno(rawValue: EFBIG) }
            let bytes = try file.readToEnd(expecting: Int(status.st_size))
            // As it was before it was read: what somebody wrote in between must not be taken for what was read.
            target.known = .file(Stamp(status), bytes: bytes)
            if status.st_mode & S_IFMT == S_IFREG { attributes = try Attributes(of: file) }
            return bytes
        } catch {
            throw StorageError(reading: target.path, error)
        }
    }

    /// Finds out, before anything is run, whether the file could be written.
    public func checkWritable() throws(StorageError) { try Replacement(of: target.path).checkWritable() }

    /// Replaces the file, or makes it.
    ///
    /// The new contents are complete and on the disk before they take the name. Owner, group, mode, access list and
    /// extended attributes stay; a symbolic link stays one. A file that has several names, or is in a folder that takes no new
    /// files, cannot be replaced: it is written in place, after a copy has been made.
    public func write(_ bytes: some ByteRuns) throws(StorageError) -> Destination {
        if try isChangedByOthers() {
            target = Target(path: Self.conflictPath(beside: name), known: .absence, isConflict: true)
        }
        let stamp = try Replacement(of: target.path).write(bytes, attributes: attributes)
        target.known = .file(stamp, bytes: nil)
        return target.isConflict ? .conflict(target.path) : .original
    }

    /// Whether the file is not what was read or written last.
    private func isChangedByOthers() throws(StorageError) -> Bool {
        do throws(Errno) {
            guard let stamp = try Stamp(ofFileAt: target.path) else { return false }
            switch target.known {
            case .nothing: return false
            case .absence: return true
            case .file(let known, let bytes):
                if known == stamp { return false }
                // Somebody may have touched it, or saved just what was there.
                guard let bytes, stamp.size == bytes.count else { return true }
                return try FileDescriptor(target.path, O_RDONLY).readToEnd(expecting: bytes.count) != bytes
            }
        } catch {
            throw StorageError(reading: target.path, error)
        }
    }

    /// A name of its own for what cannot go to `path` itself: `report.galley-conflict.ipynb`, then with a number.
    private static func conflictPath(beside path: String) -> String {
        let suffix = path.hasSuffix(".ipynb") ? ".ipynb" : ""
        let stem = path.dropLast(suffix.count)
        var number = 1
        while true {
            let candidate = "\(stem).galley-conflict\(number == 1 ? "" : "-\(number)")\(suffix)"
            if unsafe access(candidate, F_OK) != 0 { return candidate }
            number += 1
        }
    }
}
