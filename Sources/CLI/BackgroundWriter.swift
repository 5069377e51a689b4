import GalleyConcurrency
import Dispatch
import Glibc
import GalleyStorage
import Synchronization

/// Writes text on its own thread, so that a slow or stopped reader never blocks the run.
///
/// Text waits in memory, at most `limit` bytes. Text beyond the limit is dropped and replaced by a notice.
final class BackgroundWriter: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var droppedCount = 0
        var isBusy = false
        var isBroken = false
        /// Nil before the named pipe is open, and after opening it has failed.
        var descriptor: Int32?
        var isNamedPipe = false
        /// When to stop waiting for the reader of a named pipe; nil during the run.
        var deadline: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "galley.background-writer")
    private let limit: Int
    /// Makes the notice that replaces a number of dropped bytes.
    private let gap: @Sendable (Int) -> [UInt8]

    /// Writes to an open descriptor.
    init(_ descriptor: Int32, limit: Int, gap: @escaping @Sendable (_ count: Int) -> [UInt8]) {
        state = Mutex(State(descriptor: descriptor))
        self.limit = limit
        self.gap = gap
    }

    /// Writes to a file, and creates it if it does not exist.
    ///
    /// - Parameters:
    ///   - isNew: Whether to empty the file and lock it against other runs.
    convenience init(
        file path: String, of option: String, _ files: any RunFileWriter, isNew: Bool = false, limit: Int,
        gap: @escaping @Sendable (_ count: Int) -> [UInt8]
    ) throws(OutputFileError) {
        let descriptor: Int32
        do throws(Errno) {
            if LocalFile.isNamedPipe(path) {
                self.init(pipe: try PinnedPath(path), limit: limit, gap: gap)
                return
            }
            descriptor = try files.openForAppending(path)
        } catch {
            throw OutputFileError(option: option, path: path, reason: "\(error)")
        }
        if isNew {
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(descriptor)
                throw OutputFileError(option: option, path: path, reason: "another run writes to it; name another file")
            }
            _ = ftruncate(descriptor, 0)
        }
        self.init(descriptor, limit: limit, gap: gap)
    }

    /// Writes to a named pipe once a process reads from it.
    private init(pipe: PinnedPath, limit: Int, gap: @escaping @Sendable (_ count: Int) -> [UInt8]) {
        state = Mutex(State(isBusy: true, isNamedPipe: true))
        self.limit = limit
        self.gap = gap
        queue.async { [self] in
            let descriptor = waitForReader(of: pipe)
            state.withLock { $0.descriptor = descriptor }
            drain()
        }
    }

    /// Opens a pipe once a process reads from it; returns nil if none does in time.
    private func waitForReader(of pipe: PinnedPath) -> Int32? {
        while true {
            do throws(Errno) {
                return try pipe.open(O_WRONLY | O_NONBLOCK)
            } catch  where error.rawValue == ENXIO && !isTooLate {
                _ = poll(nil, 0, 20)
            } catch {
                return nil
            }
        }
    }

    /// Whether the run is over and the reader has had its time since.
    private var isTooLate: Bool { state.withLock { $0.deadline.map { ContinuousClock.now >= $0 } ?? false } }

    /// Adds text, to be written as soon as possible.
    func write(_ text: some Collection<UInt8>) {
        let isIdle = state.withLock { state in
            guard state.waiting.isEmpty || state.waiting.count + text.count <= limit else {
                state.droppedCount += text.count
                return false
            }
            appendNotice(&state)
            state.waiting += text
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if isIdle { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let next = state.withLock { state -> (bytes: [UInt8], descriptor: Int32)? in
                if state.waiting.isEmpty { appendNotice(&state) }
                guard let descriptor = state.descriptor, !state.waiting.isEmpty else {
                    state.isBusy = false
                    return nil
                }
                defer { state.waiting = [] }
                return (state.waiting, descriptor)
            }
            guard let (bytes, descriptor) = next else { return }
            if !Terminal.write(bytes, to: descriptor, unless: { self.isTooLate }) {
                state.withLock { $0.isBroken = true }
            }
        }
    }

    private func appendNotice(_ state: inout State) {
        if state.droppedCount > 0 { state.waiting += gap(state.droppedCount) }
        state.droppedCount = 0
    }

    /// Waits until everything has been written; returns whether it was.
    ///
    /// - Parameter readerTimeout: How long to wait for the reader of a named pipe; nil waits without a limit, as for
    ///   all other files.
    func finish(within readerTimeout: Duration? = nil) async -> Bool {
        state.withLock { state in
            if state.isNamedPipe { state.deadline = readerTimeout.map { ContinuousClock.now + $0 } }
        }
        let isWritten = AsyncPromise<Bool>()
        queue.async {
            self.drain()
            isWritten.set(self.state.withLock { !$0.isBroken && $0.descriptor != nil })
        }
        return await isWritten.value() ?? false
    }
}

/// The reason why Galley cannot write a file during the run, such as the log.
struct OutputFileError: Error {
    let option: String
    let path: String
    let reason: String
}
