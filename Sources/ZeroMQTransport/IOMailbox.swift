import GalleyConcurrency
import GalleyCZeroMQ
import Dispatch
import Glibc
import GalleyJupyterProtocol
import Synchronization

/// What the users of a connection leave for its thread: messages to be sent, and work to be done there.
final class IOMailbox: TaskExecutor {
    private struct State {
        var waiting: [Message] = []
        var jobs: [UnownedJob] = []
        var closing: Closing?
        /// The thread, as long as it takes up anything.
        var thread: pthread_t?
        var isOver = false
        /// Whether what is left has to be told of: the thread itself looks before it waits.
        var isElsewhere: Bool { thread.map { pthread_equal($0, pthread_self()) == 0 } ?? true }
    }

    /// How the conversation is to end.
    enum Closing: Sendable {
        /// At once.
        case immediately
        /// When everything is taken out that has arrived.
        case now
        /// When nothing more is on the way; then with this failure, if there is one.
        case whenQuiet(KernelFailure?)
    }

    /// Set when the thread has closed the sockets.
    let ended = AsyncPromise<Void>()
    private let state = Mutex(State())
    /// A byte in one end wakes the thread, which waits at the other.
    private let bell: (ring: Int32, hear: Int32)

    init() throws(KernelFailure) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .disconnected("no socket could be made: \(unsafe String(cString: strerror(errno)))")
        }
        bell = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(bell.ring)
        Glibc.close(bell.hear)
    }

    var pollItem: zmq_pollitem_t {
        unsafe zmq_pollitem_t(socket: nil, fd: bell.hear, events: Int16(ZMQ_POLLIN), revents: 0)
    }

    func enqueueMessage(_ message: Message) {
        let isElsewhere = state.withLock { state in
            state.waiting.append(message)
            return state.isElsewhere
        }
        if isElsewhere { wakeThread() }
    }

    /// Takes a job of a task that prefers this thread; once the thread is over, any other does it.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (isOver, isElsewhere) = state.withLock { state in
            if !state.isOver { state.jobs.append(job) }
            return (state.isOver, state.isElsewhere)
        }
        if isOver { runElsewhere(job) } else if isElsewhere { wakeThread() }
    }

    private func runElsewhere(_ job: UnownedJob) {
        // Safe because each job is run once: here, or on the thread.
        DispatchQueue.global().async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Does the work that was left; returns whether there was any.
    func runJobs() -> Bool {
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        // Safe because each job has been taken out, and is run once.
        for job in jobs { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        return !jobs.isEmpty
    }

    /// Says that this thread takes up what is left.
    func attachThread() { state.withLock { $0.thread = pthread_self() } }

    /// Waits until a kernel has made its sockets, or is not wanted any more.
    ///
    /// libzmq would try to connect a thousand times a second, which takes as much of a processor as a twentieth of the
    /// kernel's own start.
    func wait(for socket: String?) {
        guard let socket else { return }
        while unsafe access(socket, F_OK) != 0, state.withLock({ $0.closing == nil }) {
            if runJobs() { continue }
            var item = pollfd(fd: bell.hear, events: Int16(POLLIN), revents: 0)
            // A bell that has rung for a message would ring on: the message waits as the kernel does.
            if unsafe poll(&item, 1, 1) > 0 { usleep(1000) }
        }
    }

    /// Says that it does not any more.
    func detachThread() {
        let jobs = state.withLock { state in
            state.isOver = true
            state.thread = nil
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { runElsewhere(job) }
        ended.set(())
    }

    func close() { close(.now) }

    func abandon() { close(.immediately) }

    private func close(_ closing: Closing) {
        state.withLock { $0.closing = closing }
        wakeThread()
    }

    func close(with failure: KernelFailure?) {
        state.withLock { if $0.closing == nil { $0.closing = .whenQuiet(failure) } }
        wakeThread()
    }

    private func wakeThread() {
        // When there is no room for one more byte the thread is about to look anyway.
        _ = unsafe send(bell.ring, [1], 1, Int32(MSG_NOSIGNAL))
    }

    /// Takes what has been left.
    func takePending() -> (messages: [Message], closing: Closing?) {
        var bytes = [UInt8](repeating: 0, count: 256)
        while unsafe read(bell.hear, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.waiting = [] }
            return (state.waiting, state.closing)
        }
    }
}
