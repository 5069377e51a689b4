/// Writes the files of a run: results, reports, logs and state files.
///
/// If this process has changed its user, its supervisor writes some of them.
package protocol RunFileWriter: Sendable {
    /// Creates the folder of a file if it does not exist.
    func makeFolder(of path: String) throws(StorageError)
    /// Checks that a document can be written, and removes the existing document.
    func removeOldDocument(_ path: String) async throws
    /// Creates or replaces a file, without waiting for the disk.
    func write(_ bytes: some ByteRuns, to path: String, mode: UInt32, group: UInt32?) throws(StorageError)
    /// Writes a document. A regular file is replaced; a pipe is written to once it has a reader.
    func writeDocument(_ path: String, with bytes: some ByteRuns, mode: UInt32, within patience: Duration)
        throws(StorageError)
    /// Opens a file for appending. The caller closes the descriptor.
    func openForAppending(_ path: String) throws(Errno) -> Int32
    /// Returns a store for a notebook in a file.
    func notebook(_ path: String, reading bounds: LocalFile.ReadRestrictions) -> any NotebookStore
}

/// Writes files with the permissions of this process.
package struct LocalRunFileWriter: RunFileWriter {
    package init() {}

    package func makeFolder(of path: String) throws(StorageError) {
        if let folder = LocalFile.folder(of: path) { try LocalFile.makeFolder(folder) }
    }

    package func removeOldDocument(_ path: String) async throws {
        guard LocalFile.kind(of: path) != .other else { return }
        try await LocalFile(path).checkWritable()
        try LocalFile.remove(path)
    }

    package func write(_ bytes: some ByteRuns, to path: String, mode: UInt32, group: UInt32?) throws(StorageError) {
        try LocalFile.replaceSmallFile(bytes, at: path, mode: mode, group: group)
    }

    package func writeDocument(
        _ path: String, with bytes: some ByteRuns, mode: UInt32, within patience: Duration
    ) throws(StorageError) {
        try LocalFile.writeDocument(path, with: bytes, mode: mode, within: patience)
    }

    package func openForAppending(_ path: String) throws(Errno) -> Int32 { try LocalFile.openForAppending(path) }

    package func notebook(_ path: String, reading bounds: LocalFile.ReadRestrictions) -> any NotebookStore {
        LocalFile(path, reading: bounds)
    }
}
