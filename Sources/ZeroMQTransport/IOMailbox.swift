import GalleyConcurrency
import GalleyCZeroMQ
import Dispatch
import Glibc
import GalleyJupyterProtocol
import Synchronization

/// The queue of a connection's thread: messages to send, and jobs to run.
final class IOMailbox: TaskExecutor {
    private struct State {
        var waiting: [Message] = []
        var jobs: [UnownedJob] = []
        var closing: Closing?
        /// The thread, while it processes the queue.
        var thread: pthread_t?
        var isOver = false
        /// Whether the caller must wake the thread. On the thread itself this is not necessary.
        var isElsewhere: Bool { thread.map { pthread_equal($0, pthread_self()) == 0 } ?? true }
    }

    /// The way in which the connection closes.
    enum Closing: Sendable {
        /// At once.
        case immediately
        /// After delivering all messages that have arrived.
        case now
        /// When no more messages are in transit; then with this failure, if there is one.
        case whenQuiet(KernelFailure?)
    }

    /// Fulfilled when the thread has closed the sockets.
    let ended = AsyncPromise<Void>()
    private let state = Mutex(State())
    /// A socket pair: a byte written to one end wakes the thread, which polls the other end.
    private let bell: (ring: Int32, hear: Int32)

    init() throws(KernelFailure) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .disconnected("a socket pair could not be created: \(unsafe String(cString: strerror(errno)))")
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

    /// Queues a job of a task with this executor. After the thread has ended, the job runs on a global queue.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (isOver, isElsewhere) = state.withLock { state in
            if !state.isOver { state.jobs.append(job) }
            return (state.isOver, state.isElsewhere)
        }
        if isOver { runElsewhere(job) } else if isElsewhere { wakeThread() }
    }

    private func runElsewhere(_ job: UnownedJob) {
        // Safe because each job runs only once: here, or on the thread.
        DispatchQueue.global().async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs the queued jobs; returns false if there were none.
    func runJobs() -> Bool {
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        // Safe because each job was removed from the queue and runs only once.
        for job in jobs { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        return !jobs.isEmpty
    }

    /// Marks the current thread as the one that processes the queue.
    func attachThread() { state.withLock { $0.thread = pthread_self() } }

    /// Waits until the kernel has created this socket, or the connection is closed.
    ///
    /// Without this wait, libzmq would try to connect a thousand times per second, at 5% of the processor time of the
    /// kernel's start.
    func wait(for socket: String?) {
        guard let socket else { return }
        while unsafe access(socket, F_OK) != 0, state.withLock({ $0.closing == nil }) {
            if runJobs() { continue }
            var item = pollfd(fd: bell.hear, events: Int16(POLLIN), revents: 0)
            // The wake-up byte of a queued message stays unread until then: without the pause, this would be a busy
            // loop.
            if unsafe poll(&item, 1, 1) > 0 { usleep(1000) }
        }
    }

    /// Ends the processing on this thread. Remaining jobs run elsewhere.
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
        // If the buffer is full, the thread is about to wake up anyway.
        _ = unsafe send(bell.ring, [1], 1, Int32(MSG_NOSIGNAL))
    }

    /// Removes and returns the queued messages, and returns the way to close.
    func takePending() -> (messages: [Message], closing: Closing?) {
        var bytes = [UInt8](repeating: 0, count: 256)
        while unsafe read(bell.hear, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.waiting = [] }
            return (state.waiting, state.closing)
        }
    }
}
