import Glibc
import GalleyStorage

/// The permissions of files that show the contents of notebooks.
enum NewFileMode {
    /// Returns the permissions of a new file: only users who may read all of these notebooks may read it.
    static func ofFile(showing notebooks: [String]) -> UInt32 {
        // `umask` can read the mask only by changing it for a moment.
        let line = LocalFile.lines(of: "/proc/self/status").first { $0.hasPrefix("Umask:") }
        let mask = line.flatMap { UInt32($0.dropFirst(6).drop(while: \.isWhitespace), radix: 8) } ?? 0o077
        return notebooks.reduce(0o666 & ~mask) { mode, path in
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return mode }
            return mode & (status.st_mode | 0o600)
        }
    }
}
