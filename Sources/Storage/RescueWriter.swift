import Glibc

/// Writes a result to a temporary folder because it cannot be written to its own place.
///
/// Each instance has a queue of its own, so that an unresponsive disk blocks nothing else.
package actor RescueWriter {
    private let queue = FileIOExecutor()

    /// Creates a writer.
    package init() {}

    /// The queue that the actor runs on.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Writes the file in a new private folder within `folder`, and returns its path.
    package func write(
        _ bytes: some ByteRuns, as name: String, in folder: String, for owner: FileOwner?
    ) throws(StorageError) -> String {
        try LocalFile.writeRescueCopy(bytes, as: name, in: folder, for: owner)
    }
}

extension LocalFile {
    /// Writes a file that cannot be written to its own place, in a new folder that only its owner can enter.
    ///
    /// - Parameters:
    ///   - name: The name of the file.
    ///   - folder: The folder for the new folder, such as the one for temporary files.
    ///   - owner: The owner of both, if this process runs as root.
    /// - Returns: The path of the file, even if flushing it to the disk failed. A failed write leaves nothing behind.
    package static func writeRescueCopy(
        _ bytes: some ByteRuns, as name: String, in folder: String, for owner: FileOwner?
    ) throws(StorageError) -> String {
        try writeRescueCopy(bytes, as: name, in: folder, for: owner, flush: { fsync($0) })
    }

    static func writeRescueCopy(
        _ bytes: some ByteRuns, as name: String, in folder: String, for owner: FileOwner?, flush: (Int32) -> Int32
    ) throws(StorageError) -> String {
        // A random name: in a folder that all users can write to, a predictable name could be another user's link.
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
            // The folder changes its owner last, because its owner can replace the file. A copy that still belongs to
            // root is better than none.
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
