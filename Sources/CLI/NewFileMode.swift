import Glibc
import GalleyStorage

/// The permissions of files that show the contents of notebooks.
enum NewFileMode {
    /// Returns the permissions of a new file: only users who may read all of these notebooks may read it.
    static func ofFile(showing notebooks: [String]) -> UInt32 {
        notebooks.reduce(0o666 & ~LocalFile.creationMask) { mode, path in
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return mode }
            return mode & (status.st_mode | 0o600)
        }
    }
}
