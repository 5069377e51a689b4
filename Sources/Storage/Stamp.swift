import Glibc

/// Tells whether a file is still the one that was seen, without reading it.
struct Stamp: Hashable, Sendable {
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
            try checked { unsafe stat(path, &status) }
        } catch  where error.rawValue == ENOENT {
            return nil
        }
        self.init(status)
    }

    /// Whether both are stamps of one file, whatever has become of it between them.
    func isOfSameFile(as other: Stamp) -> Bool { device == other.device && file == other.file }
}
