import Glibc

/// Tells whether a file is still the one that was seen, without reading it.
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
        // The time of modification can be set at will, that of a change cannot.
        changeSeconds = status.st_ctim.tv_sec
        changeNanoseconds = status.st_ctim.tv_nsec
        size = Int(status.st_size)
    }

    /// Makes the stamp of the file that `path` leads to; nil where there is none.
    init?(ofFileAt path: String) throws(Errno) {
        var status = stat()
        do throws(Errno) {
            try throwingErrno { unsafe stat(path, &status) }
        } catch  where error.rawValue == ENOENT {
            return nil
        }
        self.init(status)
    }

    /// Makes the stamp of a file that differs from its next one where a program has written to it since `earlier`.
    init(_ status: stat, writtenAt earlier: stat) {
        var status = status
        (status.st_mtim, status.st_size) = (earlier.st_mtim, earlier.st_size)
        self.init(status)
    }

    /// Makes the stamp of what has a name in a folder, which is not followed; nil where there is nothing.
    init?(of name: String, in folder: borrowing FileDescriptor) {
        var status = stat()
        // Safe because the call fills a variable of its own kind.
        guard unsafe fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        self.init(status)
    }

    /// Whether both are stamps of one file that was not written to between them; its names and rights may differ.
    func hasSameContents(as other: FileVersion) -> Bool {
        isOfSameFile(as: other) && seconds == other.seconds && nanoseconds == other.nanoseconds && size == other.size
    }

    /// Which file of a folder it is, and which contents, as a part of a name.
    var mark: String {
        [String(file, radix: 16), String(seconds, radix: 16), String(nanoseconds, radix: 16), String(size, radix: 16)]
            .joined(separator: ".")
    }

    /// Whether both are stamps of one file, whatever has become of it between them.
    func isOfSameFile(as other: FileVersion) -> Bool { device == other.device && file == other.file }
}
