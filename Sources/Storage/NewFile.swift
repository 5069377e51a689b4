import Glibc
import Synchronization

/// A new local file that is written part by part, and gets its name only once it is complete.
package final class NewFile: Sendable {
    private let path: String
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var file: TemporaryFile
        var failure: Errno?
    }

    /// Creates the file without its name.
    ///
    /// - Throws: `StorageError` if the folder cannot be written to.
    package init(at path: String) throws(StorageError) {
        self.path = path
        let mask = umask(0)
        umask(mask)
        do throws(Errno) {
            state = Mutex(
                State(file: try TemporaryFile(in: LocalFile.folder(of: path) ?? ".", mode: 0o666 & ~mask)))
        } catch {
            throw StorageError(.writing, path, error)
        }
    }

    /// Adds bytes. ``finish()`` throws an error of it.
    package func append(_ bytes: [UInt8]) {
        perform { file throws(Errno) in try file.write(bytes.span) }
    }

    /// Removes the bytes.
    package func clear() {
        perform { file throws(Errno) in
            let number = file.number
            try throwingErrno { ftruncate(number, 0) }
            try throwingErrno { lseek(number, 0, SEEK_SET) }
        }
    }

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
                let part = try file.readUp(to: 1 << 20)
                if part.isEmpty { return }
                body(part)
            }
        }
    }

    /// Gives the file its name.
    ///
    /// - Throws: `StorageError` if a part could not be written, or if the path exists.
    package func finish() throws(StorageError) {
        let failure: Errno? = state.withLock { state in
            if let failure = state.failure { return failure }
            do throws(Errno) {
                guard try state.file.claimName(LocalFile.fileName(of: path)) else { return Errno(rawValue: EEXIST) }
                state.file.unlock()
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw StorageError(.writing, path, failure) }
    }
}
