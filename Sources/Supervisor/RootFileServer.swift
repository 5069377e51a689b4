import Dispatch
import GalleyCLinux
import Glibc
import GalleyStorage
import Synchronization

/// The part of the supervisor that writes root's files for a process of another user, and does nothing else.
///
/// It does not trust the process's requests. A request names a file by number, its bytes are written unchanged, and an
/// invalid request closes the connection.
package actor RootFileServer {
    private let queue = FileIOExecutor()
    private let files: RootOwnedFiles
    private let socket: Int32
    private let lineForwarders: [LineForwarder]
    private var stores: [Int: LocalFile] = [:]

    /// The actor blocks while it waits for the process, so it has its own queue.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    init(_ files: RootOwnedFiles, socket: Int32, lineForwarders: [LineForwarder]) {
        (self.files, self.socket, self.lineForwarders) = (files, socket, lineForwarders)
    }

    /// Opens the files, and creates both ends of the connection before the other user's process exists.
    ///
    /// - Throws: A `StorageError` with the path of a file that cannot be opened for appending, and the reason.
    package static func make(_ files: RootOwnedFiles) throws -> (server: RootFileServer, files: SupervisedFiles) {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw StorageError.failed(.opening, path: "the supervisor", Errno(rawValue: errno))
        }
        var lineForwarders: [LineForwarder] = []
        var lines: [Int: Int32] = [:]
        for (number, place) in files.files.enumerated() {
            guard case .lines(let isNew, let mode) = place.use else { continue }
            let (pump, end) = try LineForwarder.make(place, isNew: isNew, mode: mode)
            lineForwarders.append(pump)
            lines[number] = end
        }
        return (
            RootFileServer(files, socket: ends[0], lineForwarders: lineForwarders),
            SupervisedFiles(files, socket: ends[1], lines: lines)
        )
    }

    /// Closes the descriptors of this end, in a process that is not the supervisor.
    package nonisolated func closeDescriptors() {
        close(socket)
        for forwarder in lineForwarders { forwarder.closeDescriptors() }
    }

    /// Starts to handle the process's requests.
    package nonisolated func start() {
        for forwarder in lineForwarders { forwarder.start() }
        Task { await serve() }
    }

    /// Waits until all lines are written, after the process has ended. Returns the paths of incomplete files.
    package nonisolated func finish() -> [String] { lineForwarders.filter { !$0.finish() }.map(\.name) }

    private func serve() async {
        while let header = SocketIO.read(FileRequest.size, from: socket), let request = FileRequest(header),
            files.files.indices.contains(request.place), let body = SocketIO.read(request.count, from: socket)
        {
            let reply = await reply(to: request, body).bytes
            guard SocketIO.write(reply.span, to: socket) else { break }
        }
        shutdown(socket, Int32(SHUT_RDWR))
    }

    private func reply(to request: FileRequest, _ body: [UInt8]) async -> FileReply {
        let place = files.files[request.place]
        if case .notebook(let owner) = place.use, let now = try? PathWalk(place.path).owner?.user, now != owner.user {
            // A user's data must not be written to a file of root or of a third user.
            return .refused(
                reason: "\(place.path) belongs to a different user than the notebook; remove it, or name another path")
        }
        do {
            switch (place.use, request.operation) {
            case (.document, .makeFolder), (.notebook, .makeFolder): try LocalRunFileWriter().makeFolder(of: place.path)
            case (.document(let mode, let group), .write):
                try LocalFile.replaceSmallFile(body, at: place.path, mode: mode & request.mode, group: group)
            case (.document, .clear): try await LocalRunFileWriter().removeOldDocument(place.path)
            case (.notebook(let owner), .lock): try await store(request.place, of: owner).lock()
            case (.notebook(let owner), .unlock):
                await store(request.place, of: owner).unlock()
                // A store serves one run, and the notebook may run again.
                stores[request.place] = nil
            case (.notebook(let owner), .checkWritable):
                try await store(request.place, of: owner).checkWritable()
            case (.notebook(let owner), .write):
                let store = await store(request.place, of: owner)
                if case .conflict(let path) = try await store.write(body) { return .conflict(path: path) }
            default: return .refused(reason: "\(place.path): the supervisor does not support this for this file")
            }
            return .done
        } catch {
            return .refused(reason: "\(error)")
        }
    }

    /// Returns the store for one run of a notebook.
    private func store(_ number: Int, of owner: FileOwner) async -> LocalFile {
        if let store = stores[number] { return store }
        // In folders that others can change, root does not search for files of the user's killed runs.
        let store = LocalFile(files.files[number].path, checksForLeftovers: false)
        await store.setOwner(owner)
        stores[number] = store
        return store
    }
}

/// Copies lines from a pipe to a file.
final class LineForwarder: Sendable {
    let name: String
    private let pipe: Int32
    private let file: Int32
    private let queue = DispatchQueue(label: "galley.lines")
    private let isWhole = Mutex(true)

    private init(_ name: String, from pipe: Int32, to file: Int32) {
        (self.name, self.pipe, self.file) = (name, pipe, file)
    }

    static func make(_ place: RootOwnedFiles.File, isNew: Bool, mode: UInt32) throws -> (LineForwarder, end: Int32) {
        do throws(Errno) {
            let file = try LocalFile.openForAppending(place.path, mode: mode)
            if isNew {
                if flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                    close(file)
                    throw Errno(rawValue: EBUSY)
                }
                _ = ftruncate(file, 0)
            }
            var ends: [Int32] = [-1, -1]
            guard unsafe clinux_make_pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
            return (LineForwarder(place.path, from: ends[0], to: file), ends[1])
        } catch {
            let busy = "another run writes to it; name another file"
            throw StorageError.refused(
                path: place.path, reason: "\(place.path): \(error.rawValue == EBUSY ? busy : "\(error)")")
        }
    }

    func closeDescriptors() {
        close(pipe)
        close(file)
    }

    func start() { queue.async { self.run() } }

    /// Waits until the pipe has closed; returns whether all data was written.
    func finish() -> Bool {
        let over = DispatchSemaphore(value: 0)
        queue.async { over.signal() }
        // The limit is for a child of the user's process that keeps the pipe open.
        return over.wait(timeout: .now() + 5) == .success && isWhole.withLock(\.self)
    }

    private func run() {
        var part = [UInt8](repeating: 0, count: 1 << 16)
        var waiting: [UInt8] = []
        while true {
            // Safe because the array is passed with its own length.
            let count = unsafe Glibc.read(pipe, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            waiting += part[..<count]
            // Write whole lines, because other runs can append to the same file.
            guard let end = waiting.lastIndex(of: 10) ?? (waiting.count > 1 << 22 ? waiting.endIndex - 1 : nil) else {
                continue
            }
            write(Array(waiting[...end]))
            waiting.removeFirst(end + 1)
        }
        write(waiting)
    }

    private func write(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            // Safe because the buffer is used only within the closure.
            let count = unsafe bytes.span.extracting(written...).withUnsafeBufferPointer {
                unsafe Glibc.write(file, $0.baseAddress, $0.count)
            }
            if count > 0 { written += count } else if errno != EINTR { return isWhole.withLock { $0 = false } }
        }
    }
}
