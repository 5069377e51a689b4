import Dispatch
package import GalleyStorage
import Synchronization

/// Writes the status of a run to files and keeps them up to date.
package final class StatusFile: Sendable {
    /// A file to write the status to.
    package struct Copy: Sendable {
        package var path: String
        package var mode: UInt32
        /// The group that may read the file, if it is not the process's own.
        package var group: UInt32?
        /// Whether a failure to write the file is an error.
        package var isWanted: Bool

        package init(path: String, mode: UInt32 = 0o644, group: UInt32? = nil, isWanted: Bool = true) {
            self.path = path
            self.isWanted = isWanted
            self.mode = mode
            self.group = group
        }
    }

    private struct State {
        var status: RunStatus
        var isScheduled = false
        var last: ContinuousClock.Instant?
        var failure: StorageError?
    }

    private let copies: [Copy]
    private let files: any RunFileWriter
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "galley.status")

    /// The minimum time between two writes.
    private static let pause = Duration.milliseconds(250)

    package init(_ status: RunStatus, copies: [Copy], files: any RunFileWriter = LocalRunFileWriter()) {
        (self.copies, self.files) = (copies, files)
        state = Mutex(State(status: status))
    }

    /// Changes the status; the files follow shortly. Does nothing after the end of the run.
    package func update(_ change: (inout RunStatus) -> Void) {
        let wait: Duration? = state.withLock { state in
            guard state.status.state != .ended else { return nil }
            change(&state.status)
            guard !state.isScheduled else { return nil }
            state.isScheduled = true
            return state.last.map { max(.zero, Self.pause - $0.duration(to: .now)) } ?? .zero
        }
        guard let wait else { return }
        let (seconds, attoseconds) = wait.components
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))) {
            // After `finish`, the files are complete and may have been removed.
            if self.state.withLock(\.isScheduled) { self.write() }
        }
    }

    /// Changes the status and writes the files before returning.
    ///
    /// - Throws: The error of the first file that could not be written.
    package func finish(_ change: (inout RunStatus) -> Void = { _ in }) throws(StorageError) {
        state.withLock { change(&$0.status) }
        queue.sync {
            write()
            for copy in copies { LocalFile.removeLeftovers(beside: copy.path) }
        }
        if let failure = state.withLock(\.failure) { throw failure }
    }

    /// The current status. The files contain it after the next write.
    package var status: RunStatus { state.withLock(\.status) }

    private func write() {
        let bytes = state.withLock { state in
            (state.isScheduled, state.last, state.failure) = (false, .now, nil)
            return state.status.bytes
        }
        for copy in copies {
            do throws(StorageError) {
                try files.write(bytes, to: copy.path, mode: copy.mode, group: copy.group)
            } catch {
                if copy.isWanted { state.withLock { $0.failure = $0.failure ?? error } }
            }
        }
    }
}
