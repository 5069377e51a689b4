import GalleyConcurrency
import Dispatch
import Glibc
import GalleyStorage
import Synchronization

/// A way out for text that never keeps anybody waiting: whoever reads it may be slow, or have stopped reading.
///
/// What is written waits in memory, up to a bound, and is written by a thread of its own.
final class BackgroundWriter: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var lost = 0
        var isBusy = false
        var isBroken = false
        /// Nil before it is known, and where it could not be opened.
        var descriptor: Int32?
        var isNamedPipe = false
        /// Until when a pipe is waited for; nil while the run goes on.
        var deadline: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "galley.outlet")
    private let limit: Int
    /// What stands in the place of bytes that were left out.
    private let gap: @Sendable (Int) -> [UInt8]

    /// Writes to a descriptor that is open; what would make more than `limit` bytes wait is left out, and that is said.
    init(_ descriptor: Int32, limit: Int, gap: @escaping @Sendable (_ count: Int) -> [UInt8]) {
        state = Mutex(State(descriptor: descriptor))
        self.limit = limit
        self.gap = gap
    }

    /// Writes to a file, which is made where there is none.
    ///
    /// - Parameters:
    ///   - isNew: Whether the file is emptied, and nobody else may write to it meanwhile.
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

    /// Writes to a pipe that has a name, once somebody reads from it.
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

    /// Opens a pipe once something reads from it; nil where nothing does in time.
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

    /// Whether the run is over, and whatever reads had its time since.
    private var isTooLate: Bool { state.withLock { $0.deadline.map { ContinuousClock.now >= $0 } ?? false } }

    /// Adds text, to be written as soon as possible.
    func write(_ text: some Collection<UInt8>) {
        let isIdle = state.withLock { state in
            guard state.waiting.isEmpty || state.waiting.count + text.count <= limit else {
                state.lost += text.count
                return false
            }
            closeGap(&state)
            state.waiting += text
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if isIdle { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let next = state.withLock { state -> (bytes: [UInt8], descriptor: Int32)? in
                if state.waiting.isEmpty { closeGap(&state) }
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

    private func closeGap(_ state: inout State) {
        if state.lost > 0 { state.waiting += gap(state.lost) }
        state.lost = 0
    }

    /// Waits until everything has been written; returns whether it was.
    ///
    /// - Parameter patience: How long the reader of a pipe with a name is waited for that does not read; nil for as long as it
    ///   takes, as for all other readers.
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

/// Why a file that is to be written on the way cannot be.
struct OutputFileError: Error {
    let option: String
    let path: String
    let reason: String
}
