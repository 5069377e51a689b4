import GalleyCLinux
import Glibc
import Synchronization

/// The files and folders in a folder that must not outlive this process.
///
/// A hidden file there lists them, and is locked. If the process is killed, a later one that brings files there finds the
/// list unlocked, and removes what has not changed since.
package final class TransientFiles: Sendable {
    private let state: Mutex<State>

    private struct State: ~Copyable {
        let folder: FileDescriptor
        let file: FileDescriptor
        let name: String
    }

    private static let prefix = ".galley-input-"
    /// The greatest size of a list.
    private static let limit = 16 << 20

    /// Creates an empty list in a folder.
    package init(in tree: FileTree) throws(StorageError) {
        do throws(Errno) {
            let folder = try FileDescriptor(tree.folder, O_RDONLY | O_DIRECTORY)
            var name = ""
            let file = try TemporaryFile.namedFile(&name, Self.prefix, in: folder, mode: 0o600)
            state = Mutex(State(folder: folder, file: file, name: name))
        } catch {
            throw StorageError(.writing, tree.folder, error)
        }
    }

    deinit {
        state.withLock { state in
            _ = unsafe unlinkat(state.folder.number, state.name, 0)
            FileLock.unlock(state.file)
        }
    }

    /// Adds a file with the version that it will have, before it gets its name.
    package func add(_ path: String, version: String) throws(StorageError) { try append([path, version]) }

    /// Adds a folder.
    package func addFolder(_ path: String) throws(StorageError) { try append([path, ""]) }

    private func append(_ fields: [String]) throws(StorageError) {
        let bytes = fields.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] }
        let failure: Errno? = state.withLock { state in
            do throws(Errno) { try state.file.write(bytes.span) } catch { return error }
            return nil
        }
        if let failure { throw StorageError(.writing, fields[0], failure) }
    }

    /// Removes what killed processes of this user have left in a folder.
    package static func removeLeftovers(in tree: FileTree) {
        let names = LocalFile.namesWithPrefix(in: tree.folder, beginningWith: prefix)
        guard !names.isEmpty, let folder = try? FileDescriptor(tree.folder, O_RDONLY | O_DIRECTORY),
            // If locks are not shared between machines, another machine may be using an unlocked file.
            clinux_has_reliable_locks(folder.number) != 0
        else { return }
        for name in names {
            guard let file = LeftoverFiles.lockedFile(name, in: folder), let list = read(file) else { continue }
            let others = listed(in: tree, except: name)
            // The inner folders come after the outer ones.
            for (path, version) in list.reversed() {
                if version.isEmpty {
                    tree.removeEmptyFolder(path)
                } else if others[PathKey(path)]?.contains(version) != true {
                    tree.remove(path, version: version)
                }
            }
            _ = unsafe unlinkat(folder.number, name, 0)
            FileLock.unlock(file)
        }
    }

    /// Returns the versions of the files in all lists but `own`: those that other processes have brought or use.
    package static func listed(in tree: FileTree, exceptIn own: TransientFiles?) -> [PathKey: Set<String>] {
        listed(in: tree, except: own?.state.withLock { $0.name })
    }

    private static func listed(in tree: FileTree, except own: String?) -> [PathKey: Set<String>] {
        var found: [PathKey: Set<String>] = [:]
        guard let folder = try? FileDescriptor(tree.folder, O_RDONLY | O_DIRECTORY) else { return found }
        for name in LocalFile.namesWithPrefix(in: tree.folder, beginningWith: prefix) where name != own {
            guard let file = try? FileDescriptor(name, in: folder, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { continue }
            for (path, version) in read(file) ?? [] { found[PathKey(path), default: []].insert(version) }
        }
        return found
    }

    /// Returns the entries of a list; nil if another user has written it, or can.
    private static func read(_ file: borrowing FileDescriptor) -> [(path: String, version: String)]? {
        guard let status = try? file.status, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0, let bytes = try? file.readUp(to: limit)
        else { return nil }
        // The last field may be incomplete.
        let fields = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        return stride(from: 0, to: fields.count - fields.count % 2, by: 2).map { (fields[$0], fields[$0 + 1]) }
    }
}
