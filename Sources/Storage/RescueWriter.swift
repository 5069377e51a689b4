import Glibc

/// Writes a result where it does not belong, because it cannot be written where it does.
///
/// Each value has a queue of its own: a disk that does not answer keeps nothing else waiting.
package actor RescueWriter {
    private let queue = FileIOExecutor()

    /// Makes one.
    package init() {}

    /// The actor runs on its queue.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Writes the file, as ``LocalFile`` does it.
    package func write(
        _ bytes: some ByteRuns, as name: String, in folder: String, for owner: FileOwner?
    ) throws(StorageError) -> String {
        try LocalFile.writeRescueCopy(bytes, as: name, in: folder, for: owner)
    }
}

extension LocalFile {
    /// Writes a file in a new folder that nobody else can enter, for what cannot be written where it belongs.
    ///
    /// - Parameters:
    ///   - name: What the file is called.
    ///   - folder: Where the new folder is made, such as the one for temporary files.
    ///   - owner: Who is to own both, where root makes them.
    /// - Returns: Where it is. It is there also where the disk does not say that it has it; what could not be written leaves
    ///   nothing behind.
    package static func writeRescueCopy(
        _ bytes: some ByteRuns, as name: String, in folder: String, for owner: FileOwner?
    ) throws(StorageError) -> String {
        try writeRescueCopy(bytes, as: name, in: folder, for: owner, flush: { fsync($0) })
    }

    static func writeRescueCopy(
        _ bytes: some ByteRuns, as name: String, in folder: String, for owner: FileOwner?, flush: (Int32) -> Int32
    ) throws(StorageError) -> String {
        // A name that nobody can guess: where everybody may write, somebody could have put a link in its place.
        var template = Array("\(folder)/galley-rescue-XXXXXX".utf8CString)
        // Safe because the array ends with a NUL and keeps its length.
        guard unsafe mkdtemp(&template) != nil else { throw StorageError(.writing, folder, .last) }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = "\(made)/\(name)"
        do throws(Errno) {
            let file = try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try file.write(bytes)
            _ = flush(file.number)
            guard let owner, geteuid() == 0 else { return path }
            // The folder last: whoever has it could put something else in the place of the file. One that stays root's is
            // a rescue still.
            try? file.changeOwner(to: owner)
            try? FileDescriptor(made, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).changeOwner(to: owner)
        } catch {
            _ = unsafe unlink(path)
            _ = unsafe rmdir(made)
            throw StorageError(.writing, path, error, needed: bytes.count)
        }
        return path
    }
}
