// The headers of the one are where the compiler finds `sigset_t` of the other.
import GalleyCLinux
import Glibc

/// Signals that ask the program to end.
enum Signals {
    /// Keeps them waiting for ``next()``; the program's other signals are as they usually are.
    ///
    /// An inherited disposition to ignore SIGINT is what a shell gives to every job in the background, and means nothing;
    /// one to ignore SIGHUP is what `nohup` gives, and is meant. A reader that has gone away must not end a run.
    static func block() {
        signal(SIGPIPE, SIG_IGN)
        // A limit for files is to be told as an error.
        signal(SIGXFSZ, SIG_IGN)
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        var set = awaited
        // Safe because the call reads a variable of its own kind. What is started gets none of this.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for the next one.
    static func next() -> Int32 {
        var set = awaited
        var number: Int32 = 0
        // Safe because the call reads and fills variables of its own kinds.
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }

    /// Lets all signals do what they usually do again.
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
