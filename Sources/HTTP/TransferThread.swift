import GalleyCCurl
import GalleyConcurrency
import Glibc
import Synchronization

/// The thread of a client, which performs its transfers. It starts with the first one.
final class TransferThread: Sendable {
    private struct State {
        var waiting: [Transfer] = []
        var canceled: [Transfer] = []
        var isStarted = false
        var isStopped = false
        /// Nil before the thread runs, and after it has ended.
        var set: TransferSet?
    }

    private let state = Mutex(State())

    /// Performs a transfer; its outcome says how it ended.
    func perform(_ transfer: Transfer, _ library: CurlLibrary) {
        let mustStart = state.withLock { state in
            state.waiting.append(transfer)
            state.set?.wake()
            defer { state.isStarted = true }
            return !state.isStarted
        }
        if mustStart, !startThread({ self.run(library) }) { end(.noResources(reason: "no thread can be started")) }
    }

    /// Ends a transfer, which has an outcome already.
    func cancel(_ transfer: Transfer) {
        state.withLock { state in
            state.canceled.append(transfer)
            state.set?.wake()
        }
    }

    /// Ends the thread, with all transfers.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.set?.wake()
        }
    }

    /// The milliseconds after which a waiting thread looks around.
    private static let longestWait: Int32 = 60_000

    private func run(_ library: CurlLibrary) {
        ccurl_block_broken_pipe_signal()
        guard let set = TransferSet(library) else { return end(.noResources(reason: "no memory is left")) }
        state.withLock { $0.set = set }
        while true {
            let (waiting, canceled, isStopped) = state.withLock { state in
                defer { (state.waiting, state.canceled) = ([], []) }
                return (state.waiting, state.canceled, state.isStopped)
            }
            if isStopped {
                for transfer in waiting { transfer.fail(.canceled) }
                break
            }
            for transfer in waiting { set.add(transfer) }
            for transfer in canceled { set.remove(transfer) }
            if !set.advance() { usleep(10_000) }
            set.wait(Self.longestWait)
        }
        // Nothing wakes the set after this.
        state.withLock { $0.set = nil }
        set.removeAll()
    }

    /// Ends the waiting transfers because there is no thread. The next transfer tries again to start one.
    private func end(_ error: HTTPError) {
        let waiting = state.withLock { state in
            defer { (state.waiting, state.isStarted) = ([], false) }
            return state.waiting
        }
        for transfer in waiting { transfer.fail(error) }
    }
}

/// The transfers of a thread, and the connections that they share.
///
/// Safe because only the thread uses it, except for ``wake()``, which libcurl allows on any thread while the set exists.
@safe private final class TransferSet: @unchecked Sendable {
    private let library: CurlLibrary
    private let pointer: UnsafeMutableRawPointer
    /// By the address of libcurl's transfer.
    private var transfers: [UInt: (Transfer, CurlHandle)] = [:]

    init?(_ library: CurlLibrary) {
        guard let pointer = unsafe ccurl_create_set(library.pointer) else { return nil }
        self.library = library
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe ccurl_free_set(library.pointer, pointer) }

    func wake() { unsafe _ = ccurl_wake(library.pointer, pointer) }

    /// Begins a transfer, unless it was canceled before.
    func add(_ transfer: Transfer) {
        guard transfer.outcome.current == nil else { return }
        do throws(HTTPError) {
            let handle = try transfer.start(library)
            guard unsafe ccurl_add(library.pointer, pointer, handle.pointer) == 0 else {
                return transfer.fail(.noResources(reason: "no memory is left"))
            }
            transfers[unsafe UInt(bitPattern: handle.pointer)] = (transfer, handle)
        } catch {
            transfer.fail(error)
        }
    }

    /// Ends a transfer at once.
    func remove(_ transfer: Transfer) {
        for (key, (one, handle)) in transfers where one === transfer {
            unsafe _ = ccurl_remove(library.pointer, pointer, handle.pointer)
            transfers.removeValue(forKey: key)
            transfer.fail(.canceled)
        }
    }

    func removeAll() { for (transfer, _) in transfers.values { remove(transfer) } }

    /// Does what is possible without waiting, and finishes the transfers that have ended; returns false on a failure
    /// of libcurl.
    func advance() -> Bool {
        let isGood = unsafe ccurl_advance(library.pointer, pointer) == 0
        var code: Int32 = 0
        while let ended = unsafe ccurl_next_ended(library.pointer, pointer, &code) {
            unsafe _ = ccurl_remove(library.pointer, pointer, ended)
            transfers.removeValue(forKey: UInt(bitPattern: ended))?.0.finish(code: code)
        }
        return isGood
    }

    /// Waits until a transfer can advance or the set is woken.
    func wait(_ milliseconds: Int32) {
        // A failure would make the thread a busy loop.
        if unsafe ccurl_wait(library.pointer, pointer, milliseconds) != 0 { usleep(10_000) }
    }
}
