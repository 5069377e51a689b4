// GalleyCLinux provides the headers in which the compiler finds Glibc's `sigset_t`.
import GalleyCLinux
import Glibc

/// Signals that ask the program to end.
enum Signals {
    /// Blocks the signals until ``next()`` takes them, and sets the dispositions of the others.
    ///
    /// An inherited disposition to ignore SIGINT is reset: shells set it for every background job. One to ignore SIGHUP
    /// stays: `nohup` sets it. SIGPIPE is ignored, so that a reader that has closed its pipe does not end the run.
    static func block() {
        signal(SIGPIPE, SIG_IGN)
        // Writing beyond the file size limit should fail with an error.
        signal(SIGXFSZ, SIG_IGN)
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        var set = awaited
        // Safe because the call reads a variable of its own kind. Programs that Galley starts get an empty mask.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for the next signal.
    static func next() -> Int32 {
        var set = awaited
        var number: Int32 = 0
        // Safe because the call reads and fills variables of its own kinds.
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }

    /// A signal that has arrived and that ``next()`` would take; nil if there is none.
    static var pending: Int32? {
        var set = sigset_t()
        // Safe because the calls fill and read a variable of their own kind.
        guard unsafe sigpending(&set) == 0 else { return nil }
        return ending.first { unsafe sigismember(&set, $0) == 1 }
    }

    /// Unblocks all signals.
    static func unblock() {
        var none = sigset_t()
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
    }

    /// The signals that ask the program to end.
    static var ending: [Int32] { [SIGINT, SIGTERM] + (isIgnored(SIGHUP) ? [] : [SIGHUP]) }

    private static var awaited: sigset_t {
        var set = sigset_t()
        for number in ending { unsafe sigaddset(&set, number) }
        return set
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        // Safe because the call fills a variable of its own kind.
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
