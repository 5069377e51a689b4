import Glibc
package import GalleyStorage
import Synchronization

/// The files of a run in a process that has become another user. The supervisor writes root's files; the process itself
/// writes all others.
package final class SupervisedFiles: RunFileWriter {
    private let places: RootOwnedFiles
    /// The lock allows one request at a time.
    private let socket: Mutex<Int32>
    private let lines: [Int: Int32]

    init(_ places: RootOwnedFiles, socket: Int32, lines: [Int: Int32]) {
        (self.places, self.lines) = (places, lines)
        self.socket = Mutex(socket)
    }

    /// Closes the descriptors of this end, in a process that is not the user's.
    package func closeDescriptors() {
        socket.withLock { socket in
            close(socket)
            socket = -1
        }
        for end in lines.values { close(end) }
    }

    package func makeFolder(of path: String) throws(StorageError) {
        guard let number = places.number(of: path) else { return try LocalRunFileWriter().makeFolder(of: path) }
        try ask(FileRequest(.makeFolder, number), of: path)
    }

    package func removeOldDocument(_ path: String) async throws {
        guard let number = places.number(of: path) else {
            return try await LocalRunFileWriter().removeOldDocument(path)
        }
        try ask(FileRequest(.clear, number), of: path)
    }

    package func write(_ bytes: some ByteRuns, to path: String, mode: UInt32, group: UInt32?) throws(StorageError) {
        guard let number = places.number(of: path) else {
            // A file that the user creates has one of the user's groups.
            return try LocalRunFileWriter().write(bytes, to: path, mode: mode, group: nil)
        }
        var request = FileRequest(.write, number)
        request.mode = mode
        try ask(request, bytes, of: path)
    }

    package func writeDocument(
        _ path: String, with bytes: some ByteRuns, mode: UInt32, within patience: Duration
    ) throws(StorageError) {
        guard places.number(of: path) == nil else { return try write(bytes, to: path, mode: mode, group: nil) }
        try LocalRunFileWriter().writeDocument(path, with: bytes, mode: mode, within: patience)
    }

    package func openForAppending(_ path: String) throws(Errno) -> Int32 {
        guard let end = places.number(of: path).flatMap({ lines[$0] }) else {
            return try LocalRunFileWriter().openForAppending(path)
        }
        let copy = fcntl(end, F_DUPFD_CLOEXEC, 3)
        if copy < 0 { throw Errno(rawValue: errno) }
        return copy
    }

    package func notebook(_ path: String, reading bounds: LocalFile.ReadRestrictions) -> any NotebookStore {
        let file = LocalFile(path, reading: bounds)
        return places.number(of: path).map { SupervisedFile(file, number: $0, self) } ?? file
    }

    /// Sends a request to the supervisor and waits for the reply. Returns the path of the result if it was saved beside
    /// the file.
    @discardableResult
    fileprivate func ask(
        _ request: FileRequest, _ bytes: some ByteRuns = [UInt8](), of path: String
    ) throws(StorageError) -> String? {
        var request = request
        request.count = bytes.count
        guard request.count <= FileRequest.limit else { throw .tooLong(path: path) }
        let header = request.header
        let reply = socket.withLock { socket -> FileReply? in
            var isSent = SocketIO.write(header.span, to: socket)
            bytes.forEachRun { run in isSent = isSent && SocketIO.write(run, to: socket) }
            return isSent ? FileReply(from: socket) : nil
        }
        switch reply {
        case .done: return nil
        case .conflict(let path): return path
        case .refused(let reason): throw .refused(path: path, reason: reason)
        case nil: throw .refused(path: path, reason: "\(path): root's supervisor, which writes it, has ended")
        }
    }
}

/// A notebook in a folder of root's: the user's process reads it, and the supervisor writes it.
actor SupervisedFile: NotebookStore {
    nonisolated let name: String
    nonisolated let canBeWrittenAgain = true
    nonisolated var workingDirectory: String? { file.workingDirectory }
    private let queue = FileIOExecutor()
    private let number: Int
    private let files: SupervisedFiles
    private let file: LocalFile

    init(_ file: LocalFile, number: Int, _ files: SupervisedFiles) {
        (name, self.file, self.number, self.files) = (file.name, file, number, files)
    }

    /// The actor blocks while it waits for the supervisor, so it has its own queue.
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    func lock() throws(StorageError) { try ask(.lock) }

    func unlock() async { _ = try? ask(.unlock) }

    func read() async throws -> [UInt8] { try await file.read() }

    func owner() async -> FileOwner? { await file.owner() }

    func checkWritable() throws(StorageError) { try ask(.checkWritable) }

    func write(_ bytes: some ByteRuns) throws(StorageError) -> WriteOutcome {
        let request = FileRequest(.write, number)
        return try files.ask(request, bytes, of: name).map { .conflict($0) } ?? .original
    }

    private func ask(_ operation: FileOperation) throws(StorageError) {
        try files.ask(FileRequest(operation, number), of: name)
    }
}
