import Glibc

/// The identity, timestamps and size of a file, to detect changes without reading it.
struct FileVersion: Hashable, Sendable {
    private let device: dev_t
    private let file: ino_t
    private let seconds: Int
    private let nanoseconds: Int
    private let changeSeconds: Int
    private let changeNanoseconds: Int
    let size: Int

    init(_ status: stat) {
        device = status.st_dev
        file = status.st_ino
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        // Programs can set the modification time, but not the change time.
        changeSeconds = status.st_ctim.tv_sec
        changeNanoseconds = status.st_ctim.tv_nsec
        size = Int(status.st_size)
    }

    /// Gets the version of the file that `path` leads to; nil if there is none.
    init?(ofFileAt path: String) throws(Errno) {
        var status = stat()
        do throws(Errno) {
            try throwingErrno { unsafe stat(path, &status) }
        } catch  where error.rawValue == ENOENT {
            return nil
        }
        self.init(status)
    }

    /// Combines the status of a file with the modification time and size that it had at `earlier`. The result differs
    /// from later versions if a program has written to the file since then.
    init(_ status: stat, writtenAt earlier: stat) {
        var status = status
        (status.st_mtim, status.st_size) = (earlier.st_mtim, earlier.st_size)
        self.init(status)
    }

    /// Gets the version of an entry of a folder without following links; nil if there is none.
    init?(of name: String, in folder: borrowing FileDescriptor) {
        var status = stat()
        // Safe because the call fills a variable of the right type.
        guard unsafe fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        self.init(status)
    }

    /// Whether both are versions of one file with no write between them. Its names and permissions may differ.
    func hasSameContents(as other: FileVersion) -> Bool {
        isOfSameFile(as: other) && seconds == other.seconds && nanoseconds == other.nanoseconds && size == other.size
    }

    /// Identifies the file and its contents within a folder, as part of a file name.
    var mark: String {
        [String(file, radix: 16), String(seconds, radix: 16), String(nanoseconds, radix: 16), String(size, radix: 16)]
            .joined(separator: ".")
    }

    /// Whether both are versions of one file, even if its contents have changed.
    func isOfSameFile(as other: FileVersion) -> Bool { device == other.device && file == other.file }
}
