import GalleyFlags
import GalleyLocalKernels
import GalleyStorage
import GalleySupervisor
import Glibc

/// Reads files that options name.
enum OptionFile {
    /// Returns the contents of a file.
    ///
    /// - Parameters:
    ///   - subject: The option with the path, for errors.
    ///   - usesRootsRights: Whether root may read what other users can change.
    static func read(
        _ path: String, for subject: String, noun: String = "file", usesRootsRights: Bool, limit: Int = 1 << 24
    ) throws(UsageError) -> [UInt8] {
        if geteuid() == 0, !usesRootsRights, NotebookOwner(of: path) != .root {
            throw UsageError("\(subject): root does not read it, because other users can change it")
        }
        guard let bytes = LocalFile.readSmallFile(path, limit: limit) else {
            throw UsageError(
                "\(subject): the \(noun) cannot be read; check that it is a file, and not larger than \(limit >> 20) MB"
            )
        }
        return bytes
    }
}
