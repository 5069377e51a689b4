import GalleyCLinux
import Glibc
package import GalleyStorage

/// A copy of this process that this one looks after.
package struct ChildProcess: Sendable {
    private let number: pid_t

    /// Makes a copy of this process, which must have no other thread; returns nil in the copy.
    ///
    /// The copy is sent SIGTERM when this process ends before it.
    ///
    /// - Parameter hasOwnProcessGroup: Whether a signal of the terminal's is for this process alone.
    package static func make(hasOwnProcessGroup: Bool) throws(Errno) -> ChildProcess? {
        signal(SIGCHLD, SIG_DFL)
        set(SIG_BLOCK, [SIGCHLD])
        let parent = getpid()
        let child = clinux_fork()
        guard child >= 0 else { throw Errno(rawValue: errno) }
        guard child == 0 else {
            // Both do it, so that it is done for whichever comes first.
            if hasOwnProcessGroup { setpgid(child, child) }
            return ChildProcess(number: child)
        }
        if hasOwnProcessGroup { setpgid(0, 0) }
        clinux_signal_on_parent_exit(parent, SIGTERM)
        set(SIG_UNBLOCK, [SIGCHLD])
        return nil
    }

    /// Has this process sent SIGTERM when its parent ends, once more: a process that becomes another user forgets it.
    package static func terminateWithParent(of parent: ProcessIdentity) {
        clinux_signal_on_parent_exit(pid_t(exactly: parent.number) ?? 0, SIGTERM)
    }

    /// Makes a copy of this process, which must have no other thread, in a session of its own, deaf to the end of this
    /// one's; returns nil in the copy.
    package static func detach() throws(Errno) -> ChildProcess? {
        let child = clinux_fork()
        guard child >= 0 else { throw Errno(rawValue: errno) }
        guard child == 0 else { return ChildProcess(number: child) }
        setsid()
        signal(SIGHUP, SIG_IGN)
        return nil
    }

    /// Sends it a signal.
    package func send(_ signal: Int32) { kill(number, signal) }

    /// Keeps signals waiting for ``waitForExit(of:forwarding:)``, before this process has another thread that could take them.
    package static func hold(_ signals: [Int32]) { set(SIG_BLOCK, signals) }

    /// How long children may take that do not end by themselves: another user can stop a process of that user's.
    package struct Limits: Sendable {
        /// How long they go on at all; nil for as long as they want. Then they are sent SIGTERM.
        package var whole: Duration?
        /// How long they take to end after a signal. Then they are sent SIGKILL.
        package var ending: Duration

        package init(whole: Duration?, ending: Duration) { (self.whole, self.ending) = (whole, ending) }
    }

    /// How a child has ended.
    package struct ExitReport: Sendable {
        /// What it exited with, or the negative number of the signal that ended it.
        package let status: Int32
        /// Why this process had to end it, if it had to.
        package let cause: Cause

        package enum Cause: Sendable {
            case itself
            /// It went on for longer than its limit.
            case limit
            /// Another user stopped it again and again.
            case stops
        }
    }

    /// How often another user may stop a child.
    private static let allowedStops = 3

    /// Waits until all of several end, and passes on what this process is sent meanwhile; these signals are blocked for it,
    /// and stay so.
    ///
    /// - Parameter limits: How long they may take; nil for as long as they want. With limits, a child that is stopped by
    ///   another user goes on at once, and is ended if it is stopped again and again.
    /// - Returns: How each ended.
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
                // All rest until the user wants them to go on.
                send(SIGSTOP)
                kill(getpid(), SIGSTOP)
                send(SIGCONT)
            case let signal?:
                send(signal)
                for index in watches.indices { watches[index].beginEnding(limits) }
            }
        }
    }

    /// What is known of a child that is waited for.
    private struct WatchedChild {
        let child: ChildProcess
        /// What it exited with; nil while it goes on.
        private(set) var status: Int32?
        private(set) var cause = ExitReport.Cause.itself
        /// When it is asked to end or, if it was asked, is ended by force.
        private(set) var deadline: ContinuousClock.Instant?
        private var isEnding = false
        private var stops = 0

        init(_ child: ChildProcess, _ limits: Limits?) {
            self.child = child
            deadline = limits?.whole.map { ContinuousClock.now + $0 }
        }

        /// Takes note of its end, lets it go on if it was stopped, and ends it if its time is over.
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
            // A process that is stopped takes no signal but the one that kills it.
            child.send(isEnding ? SIGKILL : SIGTERM)
            child.send(SIGCONT)
            isEnding = false
            beginEnding(limits)
        }

        /// Gives it the time that it has after a signal.
        mutating func beginEnding(_ limits: Limits?) {
            guard let limits, !isEnding else { return }
            (deadline, isEnding) = (ContinuousClock.now + limits.ending, true)
        }
    }

    /// Waits for a signal; nil where none comes in time.
    private static func next(in set: inout sigset_t, within limit: Duration?) -> Int32? {
        // A second at least, so that a clock that is a little early does not make this spin; a day at most.
        let seconds = limit.map { min(max(1, Int($0.components.seconds)), 86_400) } ?? 86_400
        var time = timespec(tv_sec: seconds, tv_nsec: 0)
        // Safe because the call reads variables of its own kinds.
        let signal = unsafe sigtimedwait(&set, nil, &time)
        return signal > 0 ? signal : nil
    }

    private enum StatusChange { case stopped, ended(Int32) }

    /// What has become of it since the last look; nil if nothing has.
    private func statusChange() -> StatusChange? {
        var status: Int32 = 0
        // Safe because the call fills a variable of its own kind.
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

/// Has this process keep no more memory than it needs at the moment: what runs that are over have had is left to others that go on.
package func releaseUnusedMemory() { clinux_return_freed_memory() }
