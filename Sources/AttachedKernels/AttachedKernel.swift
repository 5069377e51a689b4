import GalleyConcurrency
import GalleyCLinux
import GalleyJSON
import GalleyJupyterProtocol
import GalleyZeroMQTransport
import Glibc
import Synchronization

/// A kernel that another program started, connected and ready.
///
/// The kernel is left running: ending it here only closes the connection.
final class AttachedKernel: Kernel {
    let info: KernelInfo
    /// The kernel name in the connection file or, without one, the kernel's implementation.
    let name: String
    let user: String?
    private let handshake: ReadinessHandshake
    private let connection: Connection
    private let process: ListeningProcess?
    private let watch: ProcessExitWatcher?
    let session: Session

    /// The interval between kernel info requests.
    private static let patience = Duration.seconds(5)
    /// The time to wait for the reply to an interrupt request.
    private static let interruptPatience = Duration.seconds(1)

    /// Connects to a kernel and waits until it responds.
    static func connect(
        _ file: ConnectionFile, _ path: String, within limit: Duration
    ) async throws -> AttachedKernel {
        let session = Session()
        let handshake = ReadinessHandshake(session: session)
        let connection: Connection
        do throws(KernelFailure) {
            connection = try Connection(to: file.endpoints, key: file.key, encryptedWith: file.keys) {
                handshake.receive($0)
            } onFailure: {
                handshake.connectionFailed.set($0)
            }
        } catch {
            throw AttachedKernelError.broken(path: path, error)
        }
        do {
            let info = try await ready(handshake, connection, path, within: limit)
            // Even a kernel that has just started listens by now.
            let process = ListeningProcess(at: file.endpoints)
            return AttachedKernel(file, info, session, handshake, connection, process)
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Sends a shutdown request to a kernel and waits for the reply, for at most `limit`.
    static func requestShutdown(of file: ConnectionFile, within limit: Duration) async {
        let session = Session()
        let handshake = ReadinessHandshake(session: session)
        let connection = try? Connection(to: file.endpoints, key: file.key, encryptedWith: file.keys) {
            handshake.receive($0)
        }
        guard let connection else { return }
        let request = session.shutdownRequest()
        let answered = handshake.expectReply(to: request)
        connection.send(request)
        _ = await answered.value(within: limit)
        await connection.close()
    }

    private static func ready(
        _ handshake: ReadinessHandshake, _ connection: Connection, _ path: String, within limit: Duration
    ) async throws -> KernelInfo {
        enum News: Sendable {
            case ready(KernelInfo)
            case broken(KernelFailure)
            case cancelled
        }
        let news = AsyncPromise<News>()
        handshake.ready.whenSet { news.set(.ready($0)) }
        handshake.connectionFailed.whenSet { news.set(.broken($0)) }
        let first = await withTaskCancellationHandler {
            let deadline = ContinuousClock.now + limit
            while ContinuousClock.now < deadline {
                // A kernel that runs other code replies late, and one that is restarting can lose the request.
                connection.send(handshake.infoRequest())
                let rest = ContinuousClock.now.duration(to: deadline)
                if let first = await news.value(within: min(rest, patience)) { return News?.some(first) }
            }
            return nil
        } onCancel: {
            news.set(.cancelled)
        }
        switch first {
        case .ready(let info): return info
        case .broken(let failure): throw AttachedKernelError.broken(path: path, failure)
        case .cancelled: throw CancellationError()
        case nil: throw AttachedKernelError.silent(path: path, limit)
        }
    }

    private init(
        _ file: ConnectionFile, _ info: KernelInfo, _ session: Session, _ handshake: ReadinessHandshake,
        _ connection: Connection, _ process: ListeningProcess?
    ) {
        (self.info, self.session, self.handshake) = (info, session, handshake)
        (self.connection, self.process) = (connection, process)
        name = file.kernelName.isEmpty ? info.json["implementation"]?.string ?? "existing" : file.kernelName
        user = process?.userName
        let began = ContinuousClock.now
        watch = process.flatMap { process in
            ProcessExitWatcher(of: process.number) { [weak connection] in
                let end = PostMortem(cause: .unknown, lifetime: began.duration(to: .now))
                connection?.close(with: .died(end))
            }
        }
    }

    /// Whether the end of the kernel's process is detected.
    var isWatched: Bool { watch != nil }
    var messages: KernelMessages { connection.messages }
    var executor: (any TaskExecutor)? { connection.executor }
    func send(_ message: Message) { connection.send(message) }

    /// Sends an interrupt request. If the kernel does not reply, sends SIGINT to its process on this machine.
    func interrupt() async {
        let request = session.interruptRequest()
        let answered = handshake.expectReply(to: request)
        connection.send(request)
        if await answered.value(within: Self.interruptPatience) == nil { process?.interrupt() }
    }

    /// Closes the connection and leaves the kernel running.
    func shutdown() async {
        watch?.cancel()
        await connection.close()
    }

    /// Closes the connection and leaves the kernel running, because Galley did not start it.
    func kill() async { await shutdown() }
}

/// Detects the end of a process that is not a child of this one.
private final class ProcessExitWatcher: Sendable {
    /// The write end of a pipe; closing it stops watching.
    private let stop: Mutex<Int32?>

    /// Calls `body` when the process ends; nil if the system cannot watch the process.
    init?(of process: pid_t, _ body: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        let handle = clinux_open_process(process)
        // Safe because the array has room for both ends.
        guard handle >= 0, unsafe clinux_make_pipe(&ends) == 0 else {
            if handle >= 0 { close(handle) }
            return nil
        }
        let (reading, writing) = (ends[0], ends[1])
        stop = Mutex(writing)
        let isRunning = startThread {
            var items = [reading, handle].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            // Safe because the array is passed with its own length.
            while unsafe poll(&items, 2, -1) == -1, errno == EINTR {}
            close(reading)
            close(handle)
            if items[0].revents == 0 { body() }
        }
        if isRunning { return }
        for end in [reading, writing, handle] { close(end) }
        return nil
    }

    deinit { cancel() }

    /// Stops watching.
    func cancel() {
        stop.withLock { stop in
            if let stop { close(stop) }
            stop = nil
        }
    }
}
