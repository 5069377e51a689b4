import GalleyCLinux
import Glibc
import Synchronization

/// A local file that is written part by part, and gets its name only once it is complete.
package final class NewFile: Sendable {
    /// The path in messages.
    private let path: String
    private let name: String
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var file: TemporaryFile
        let folder: FileDescriptor
        var failure: Errno?

        var version: String { get throws(Errno) { FileVersion(try file.file.status).mark } }

        func hasSameContents(as other: borrowing FileDescriptor) throws(Errno) -> Bool {
            guard try other.status.st_mode & S_IFMT == S_IFREG else { return false }
            let number = file.file.number
            try throwingErrno { lseek(number, 0, SEEK_SET) }
            while true {
                let (left, right) = (try file.file.readUp(to: NewFile.step), try other.readUp(to: NewFile.step))
                if left != right { return false }
                if left.isEmpty { return true }
            }
        }
    }

    /// The number of bytes that are copied at a time.
    private static let step = 1 << 20
    /// How often a file is replaced that other programs replace all the time.
    private static let attemptLimit = 100

    /// Creates a file without its name.
    ///
    /// If the path is a symbolic link, its target is written. Root follows only links that no other user can have created.
    ///
    /// - Throws: `StorageError` if the folder cannot be written to.
    package convenience init(at path: String) throws(StorageError) {
        let place = try ResolvedPath(resolving: path)
        do throws(Errno) {
            let folder = FileDescriptor(owning: try throwingErrno { unsafe clinux_open_folder(place.folder) })
            withExtendedLifetime(place) {}
            try self.init(in: folder, named: place.base, path)
        } catch {
            throw StorageError(.writing, path, error)
        }
    }

    /// Creates a file for a moment, which gets no name.
    package convenience init(unnamedIn folder: String) throws(StorageError) {
        do throws(Errno) {
            try self.init(
                in: FileDescriptor(owning: try throwingErrno { unsafe clinux_open_folder(folder) }), named: "", folder)
        } catch {
            throw StorageError(.writing, folder, error)
        }
    }

    /// Creates a file in an open folder.
    init(in folder: consuming FileDescriptor, named name: String, _ path: String) throws(Errno) {
        (self.path, self.name) = (path, name)
        let file = try TemporaryFile(
            in: FileDescriptor(duplicating: folder.number), mode: 0o666 & ~LocalFile.creationMask)
        state = Mutex(State(file: file, folder: folder))
    }

    /// Adds bytes. ``finish()`` throws an error of it.
    package func append(_ bytes: [UInt8]) {
        perform { file throws(Errno) in try file.write(bytes.span) }
    }

    /// Adds the contents and the permissions of a regular file.
    package func append(fileAt source: String) throws(StorageError) {
        do throws(Errno) {
            let source = try FileDescriptor(source, O_RDONLY)
            let status = try source.status
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(rawValue: EISDIR) }
            while true {
                let bytes = try source.readUp(to: Self.step)
                if bytes.isEmpty { break }
                append(bytes)
            }
            perform { file throws(Errno) in
                let number = file.number
                try throwingErrno { fchmod(number, (status.st_mode & 0o777 | 0o600) & ~LocalFile.creationMask) }
            }
        } catch {
            throw StorageError(reading: source, error)
        }
    }

    /// Removes the bytes.
    package func clear() {
        perform { file throws(Errno) in
            let number = file.number
            try throwingErrno { ftruncate(number, 0) }
            try throwingErrno { lseek(number, 0, SEEK_SET) }
        }
    }

    /// Throws the error of adding bytes, if there was one.
    package func check() throws(StorageError) { try complete { _ throws(Errno) in } }

    private func perform(_ body: (borrowing FileDescriptor) throws(Errno) -> Void) {
        state.withLock { state in
            guard state.failure == nil else { return }
            do throws(Errno) { try body(state.file.file) } catch { state.failure = error }
        }
    }

    /// Calls `body` with each part of the bytes, in order.
    package func forEachPart(_ body: ([UInt8]) -> Void) {
        perform { file throws(Errno) in
            let number = file.number
            try throwingErrno { lseek(number, 0, SEEK_SET) }
            while true {
                let part = try file.readUp(to: Self.step)
                if part.isEmpty { return }
                body(part)
            }
        }
    }

    /// Whether a file of a tree has the same bytes; false if it is not a regular file.
    ///
    /// - Throws: `StorageError` if a file could not be read or written.
    package func hasSameContents(as path: String, in tree: FileTree) throws(StorageError) -> Bool {
        guard let other = try? tree.open(path) else { return false }
        return try complete { state throws(Errno) in try state.hasSameContents(as: other) }
    }

    /// The version that the file has until the next write, also under its name.
    package var version: String { state.withLock { (try? $0.version) ?? "" } }

    /// Gives the file its name.
    ///
    /// - Throws: `StorageError` if a part could not be written, or if the path exists.
    package func finish() throws(StorageError) {
        try complete { [name] state throws(Errno) in
            guard try state.file.claimName(name) else { throw Errno(rawValue: EEXIST) }
            state.file.unlock()
        }
    }

    /// Gives the file its name, unless another file has it that must not be replaced.
    ///
    /// - Parameter mayReplace: Decides about the file with the name.
    /// - Returns: The version of the file; nil if a file with other contents keeps the name.
    /// - Throws: `StorageError` if a part could not be written, or if the name is that of a folder.
    package func finish(replacing mayReplace: (PresentFile) -> Bool) throws(StorageError) -> String? {
        try complete { [self] state throws(Errno) in
            // The contents come first: a power failure must not leave the name without them.
            do throws(Errno) { try state.file.file.flush() } catch  where ![EINVAL, ENOTSUP].contains(error.rawValue) {
                throw error
            } catch {
                // Some network file systems cannot flush.
            }
            let version = try state.version
            for _ in 0..<Self.attemptLimit {
                var status = stat()
                // Safe because the call fills a variable of the right type.
                guard unsafe fstatat(state.folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                    guard try state.file.claimName(name) else { continue }
                    state.file.unlock()
                    return version
                }
                guard status.st_mode & S_IFMT != S_IFDIR else { throw Errno(rawValue: EISDIR) }
                guard mayReplace(PresentFile(path, status)) else {
                    let other = try? FileDescriptor(name, in: state.folder, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
                    guard let other else { return nil }
                    return try state.hasSameContents(as: other) ? FileVersion(status).mark : nil
                }
                if try state.file.replace(name, expecting: FileVersion(status)) {
                    state.file.unlock()
                    return version
                }
            }
            return nil
        }
    }

    /// Calls `body` if all bytes could be added.
    private func complete<Result>(
        _ body: (inout State) throws(Errno) -> sending Result
    ) throws(StorageError) -> sending Result {
        let result: Swift.Result<Result, Errno> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            do throws(Errno) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        do throws(Errno) { return try result.get() } catch { throw StorageError(.writing, path, error) }
    }
}
