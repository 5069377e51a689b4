import Dispatch
import GalleyCLinux
import Glibc
import GalleyStorage
import Synchronization

/// What a supervisor does for the process of another user: it writes the places, and nothing else.
///
/// What the process asks for is not trusted: it names places by number, its bytes are written as they are, and a request
/// that is none ends the conversation.
package actor RootFileServer {
    private let queue = FileIOExecutor()
    private let files: RootOwnedFiles
    private let socket: Int32
    private let lineForwarders: [LineForwarder]
    private var stores: [Int: LocalFile] = [:]

    /// The actor waits for its process, and has a queue of its own for that.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    init(_ files: RootOwnedFiles, socket: Int32, lineForwarders: [LineForwarder]) {
        (self.files, self.socket, self.lineForwarders) = (files, socket, lineForwarders)
    }

    /// Opens what the places need; both parts are made before the process of the other user is.
    ///
    /// - Throws: The path of a file that lines cannot be added to, and why.
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

    /// Closes what belongs to this side, in a process that is not the supervisor.
    package nonisolated func closeDescriptors() {
        close(socket)
        for forwarder in lineForwarders { forwarder.closeDescriptors() }
    }

    /// Begins to write what the process asks for.
    package nonisolated func start() {
        for forwarder in lineForwarders { forwarder.start() }
        Task { await serve() }
    }

    /// Waits until all lines are written, once the process has ended; returns the paths of files that are not whole.
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
            // A user's bytes must not come to stand in a file of root's, or of a third user.
            return .refused(
                reason: "\(place.path) belongs to another user than the notebook; remove it, or name another place")
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
                // A store serves one run, and the notebook may be run again.
                stores[request.place] = nil
            case (.notebook(let owner), .checkWritable):
                try await store(request.place, of: owner).checkWritable()
            case (.notebook(let owner), .write):
                let store = await store(request.place, of: owner)
                if case .conflict(let path) = try await store.write(body) { return .conflict(path: path) }
            default: return .refused(reason: "\(place.path): the supervisor does not do that with such a file")
            }
            return .done
        } catch {
            return .refused(reason: "\(error)")
        }
    }

    /// The store that serves one run of a notebook.
    private func store(_ number: Int, of owner: FileOwner) async -> LocalFile {
        if let store = stores[number] { return store }
        // Root does not look for what a killed run of the user's may have left in folders that others can change.
        let store = LocalFile(files.files[number].path, checksForLeftovers: false)
        await store.setOwner(owner)
        stores[number] = store
        return store
    }
}

/// Brings lines from a pipe to a file.
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

    /// Waits until the pipe has ended; returns whether all that came was written.
    func finish() -> Bool {
        let over = DispatchSemaphore(value: 0)
        queue.async { over.signal() }
        // A process that the user's has left behind could keep the pipe open.
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
            // Other runs may add lines too: theirs come between ours, and not within them.
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
            // Safe because the buffer is used within the closure alone.
            let count = unsafe bytes.span.extracting(written...).withUnsafeBufferPointer {
                unsafe Glibc.write(file, $0.baseAddress, $0.count)
            }
            if count > 0 { written += count } else if errno != EINTR { return isWhole.withLock { $0 = false } }
        }
    }
}
