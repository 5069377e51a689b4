import GalleyCLinux
import Glibc
package import GalleyStorage

/// A forked child of this process.
package struct ChildProcess: Sendable {
    private let number: pid_t

    /// Forks this process, which must have a single thread; returns nil in the child.
    ///
    /// The child receives SIGTERM if this process ends first.
    ///
    /// - Parameter hasOwnProcessGroup: Whether terminal signals reach only this process, not the child.
    package static func make(hasOwnProcessGroup: Bool) throws(Errno) -> ChildProcess? {
        signal(SIGCHLD, SIG_DFL)
        set(SIG_BLOCK, [SIGCHLD])
        let parent = getpid()
        let child = clinux_fork()
        guard child >= 0 else { throw Errno(rawValue: errno) }
        guard child == 0 else {
            // Both processes set the group, so that it is set no matter which one runs first.
            if hasOwnProcessGroup { setpgid(child, child) }
            return ChildProcess(number: child)
        }
        if hasOwnProcessGroup { setpgid(0, 0) }
        clinux_signal_on_parent_exit(parent, SIGTERM)
        set(SIG_UNBLOCK, [SIGCHLD])
        return nil
    }

    /// Requests SIGTERM for this process when its parent ends. A process that becomes another user must repeat this
    /// request.
    package static func terminateWithParent(of parent: ProcessIdentity) {
        clinux_signal_on_parent_exit(pid_t(exactly: parent.number) ?? 0, SIGTERM)
    }

    /// Forks this process, which must have a single thread, into its own session; returns nil in the child.
    ///
    /// The child ignores SIGHUP, so it outlives the terminal and this process's session.
    package static func detach() throws(Errno) -> ChildProcess? {
        let child = clinux_fork()
        guard child >= 0 else { throw Errno(rawValue: errno) }
        guard child == 0 else { return ChildProcess(number: child) }
        setsid()
        signal(SIGHUP, SIG_IGN)
        return nil
    }

    /// Sends a signal to the child.
    package func send(_ signal: Int32) { kill(number, signal) }

    /// Blocks signals until ``waitForExit(of:forwarding:within:)`` receives them. Call it before this process has
    /// another thread, which could receive them.
    package static func hold(_ signals: [Int32]) { set(SIG_BLOCK, signals) }

    /// The time limits for children that may not end on their own, because another user can stop them.
    package struct Limits: Sendable {
        /// The time limit for the child as a whole, after which it receives SIGTERM; nil for none.
        package var whole: Duration?
        /// The time limit to end after a signal, after which the child receives SIGKILL.
        package var ending: Duration

        package init(whole: Duration?, ending: Duration) { (self.whole, self.ending) = (whole, ending) }
    }

    /// The way a child ended.
    package struct ExitReport: Sendable {
        /// The exit status, or the negative number of the signal that ended the child.
        package let status: Int32
        /// The reason why this process ended the child, if it did.
        package let cause: Cause

        package enum Cause: Sendable {
            case itself
            /// The child exceeded its time limit.
            case limit
            /// Another user stopped the child repeatedly.
            case stops
        }
    }

    /// The number of times that another user may stop a child.
    private static let allowedStops = 3

    /// Waits until all children end, and forwards signals to them. The signals stay blocked in this process.
    ///
    /// - Parameter limits: The time limits; nil for none. With limits, a child that another user stops is continued
    ///   immediately, and is ended if it is stopped repeatedly.
    /// - Returns: How each child ended, in the order of `children`.
    package static func waitForExit(
        of children: [ChildProcess], forwarding signals: [Int32], within limits: Limits? = nil
    ) -> [ExitReport] {
        hold(signals)
        var set = set(of: signals + [SIGCHLD])
        var watches = children.map { WatchedChild($0, limits) }
        func send(_ signal: Int32) { for watch in watches where watch.status == nil { watch.child.send(signal) } }
        while true {
            for index in watches.indices { watches[index].look(limits) }
            let ends = watches.compactMap { watch in watch.status.map { ExitReport(status: $0, cause: watch.cause) } }
            if ends.count == watches.count { return ends }
            let next = watches.filter { $0.status == nil }.compactMap(\.deadline).min()
            switch self.next(in: &set, within: next.map { ContinuousClock.now.duration(to: $0) }) {
            case nil, SIGCHLD: continue
            case SIGTSTP:
                // All processes stop until the user continues them.
                send(SIGSTOP)
                kill(getpid(), SIGSTOP)
                send(SIGCONT)
            case let signal?:
                send(signal)
                for index in watches.indices { watches[index].beginEnding(limits) }
            }
        }
    }

    /// The state of a child that is waited for.
    private struct WatchedChild {
        let child: ChildProcess
        /// The exit status; nil while the child runs.
        private(set) var status: Int32?
        private(set) var cause = ExitReport.Cause.itself
        /// The time when the child receives SIGTERM or, after a signal, SIGKILL.
        private(set) var deadline: ContinuousClock.Instant?
        private var isEnding = false
        private var stops = 0

        init(_ child: ChildProcess, _ limits: Limits?) {
            self.child = child
            deadline = limits?.whole.map { ContinuousClock.now + $0 }
        }

        /// Checks whether the child has ended, continues it if it was stopped, and ends it if its time is up.
        mutating func look(_ limits: Limits?) {
            guard status == nil else { return }
            let statusChange = child.statusChange()
            if case .ended(let status) = statusChange { return self.status = status }
            guard let limits else { return }
            if case .stopped = statusChange {
                stops += 1
                if stops > ChildProcess.allowedStops, !isEnding {
                    cause = .stops
                    child.send(SIGTERM)
                    beginEnding(limits)
                }
                child.send(SIGCONT)
            }
            guard let deadline, ContinuousClock.now >= deadline else { return }
            if !isEnding { cause = .limit }
            // A stopped process handles only SIGKILL until it continues.
            child.send(isEnding ? SIGKILL : SIGTERM)
            child.send(SIGCONT)
            isEnding = false
            beginEnding(limits)
        }

        /// Starts the time limit that follows a signal.
        mutating func beginEnding(_ limits: Limits?) {
            guard let limits, !isEnding else { return }
            (deadline, isEnding) = (ContinuousClock.now + limits.ending, true)
        }
    }

    /// Waits for a signal; nil if none arrives within `limit`.
    private static func next(in set: inout sigset_t, within limit: Duration?) -> Int32? {
        // At least a second, so that a clock that is slightly early does not cause a busy loop; at most a day.
        let seconds = limit.map { min(max(1, Int($0.components.seconds)), 86_400) } ?? 86_400
        var time = timespec(tv_sec: seconds, tv_nsec: 0)
        // Safe because the call reads variables of its own types.
        let signal = unsafe sigtimedwait(&set, nil, &time)
        return signal > 0 ? signal : nil
    }

    private enum StatusChange { case stopped, ended(Int32) }

    /// Returns the change since the last call; nil if there is none.
    private func statusChange() -> StatusChange? {
        var status: Int32 = 0
        // Safe because the call fills a variable of its own type.
        guard unsafe waitpid(number, &status, WNOHANG | WUNTRACED) == number else { return nil }
        if clinux_is_stopped(status) != 0 { return .stopped }
        let signal = clinux_ending_signal(status)
        return .ended(signal == 0 ? clinux_exit_status(status) : -signal)
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }

    private static func set(_ how: Int32, _ signals: [Int32]) {
        var set = set(of: signals)
        unsafe pthread_sigmask(how, &set, nil)
    }
}

/// Makes this process return freed memory to the system, so that other runs can use the memory of finished ones.
package func releaseUnusedMemory() { clinux_return_freed_memory() }
