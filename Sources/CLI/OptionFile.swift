import GalleyFlags
import GalleyLocalKernels
import GalleyStorage
import GalleySupervisor
import Glibc

/// Reads files that options name.
enum OptionFile {
    /// Returns the contents of a file, or of a descriptor of this process: `-`, `/dev/stdin`, or the pipe of `<(...)`.
    ///
    /// - Parameters:
    ///   - subject: The option with the path, for errors.
    ///   - usesRootsRights: Whether root may read what other users can change.
    static func read(
        _ path: String, for subject: String, noun: String = "file", usesRootsRights: Bool, limit: Int = 1 << 24
    ) throws(UsageError) -> [UInt8] {
        let path = path == "-" ? standardInput : path
        if geteuid() == 0, !usesRootsRights, NotebookOwner(of: path) != .root {
            throw UsageError("\(subject): root does not read it, because other users can change it")
        }
        let bytes =
            if let descriptor = LocalFile.ownDescriptor(path) {
                StandardStreams.read(descriptor, limit: limit)
            } else {
                LocalFile.readSmallFile(path, limit: limit)
            }
        guard let bytes else {
            throw UsageError(
                "\(subject): the \(noun) cannot be read; check that it is a file, and not larger than \(limit >> 20) MB"
            )
        }
        return bytes
    }

    /// Whether a path stands for standard input.
    static func isStandardInput(_ path: String) -> Bool {
        path == "-" || LocalFile.ownDescriptor(path) == STDIN_FILENO
    }

    private static let standardInput = "/dev/stdin"
}
