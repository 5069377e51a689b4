/// Writes the files that come out of a run: results, reports, logs, and what keeps its state.
///
/// Where a process has become another user, its supervisor writes some of them.
package protocol RunFileWriter: Sendable {
    /// Makes a folder for a file, where it does not exist.
    func makeFolder(of path: String) throws(StorageError)
    /// Finds out whether a document could be written, and removes the one that is there.
    func removeOldDocument(_ path: String) async throws
    /// Replaces a file whole, or makes it, without waiting for the disk.
    func write(_ bytes: some ByteRuns, to path: String, mode: UInt32, group: UInt32?) throws(StorageError)
    /// Writes a document: to a file, which is replaced whole, or to a pipe, which is waited for until it is read.
    func writeDocument(_ path: String, with bytes: some ByteRuns, mode: UInt32, within patience: Duration)
        throws(StorageError)
    /// Opens a file that lines are added to; the caller closes the descriptor.
    func openForAppending(_ path: String) throws(Errno) -> Int32
    /// The notebook that is kept in a file.
    func notebook(_ path: String, reading bounds: LocalFile.ReadRestrictions) -> any NotebookStore
}

/// Writes files with the rights of this process.
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
