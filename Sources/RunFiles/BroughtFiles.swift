import GalleyStorage
import Synchronization

/// The files that the runs of one process have brought, so that runs in one folder share them: the last run removes a
/// file.
package final class BroughtFiles: Sendable {
    private let files = Mutex<[PathKey: Brought]>([:])

    private struct Brought {
        /// The number of runs that use the file.
        var count = 1
        /// The file; nil while it is being copied.
        var entry: FileTree.Entry?
    }

    /// What a run that needs a file has to do.
    enum Claim {
        /// Copy it, and then call ``complete(_:_:)`` or ``release(_:)``.
        case copy
        /// Wait, because another run copies it.
        case wait
        /// Use the file of another run, and later call ``release(_:)``.
        case use
    }

    /// Creates a list without files.
    package init() {}

    /// Claims a path for a run.
    func claim(_ path: String) -> Claim {
        files.withLock { files in
            guard let brought = files[PathKey(path)] else {
                files[PathKey(path)] = Brought()
                return .copy
            }
            if brought.entry == nil { return .wait }
            files[PathKey(path)]?.count += 1
            return .use
        }
    }

    /// Lets other runs use a file that has been copied.
    func complete(_ path: String, _ entry: FileTree.Entry?) { files.withLock { $0[PathKey(path)]?.entry = entry } }

    /// Ends the use of a file by a run; returns the file if no other run uses it.
    func release(_ path: String) -> FileTree.Entry? {
        files.withLock { files in
            guard let brought = files[PathKey(path)] else { return nil }
            if brought.count > 1 {
                files[PathKey(path)]?.count -= 1
                return nil
            }
            files[PathKey(path)] = nil
            return brought.entry
        }
    }
}
