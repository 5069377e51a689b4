import Glibc
import ZeroMQTransport

/// Signals that ask the program to end.
enum Signals {
    /// Calls `body` on a thread of its own, with each signal that arrives from now on.
    ///
    /// An inherited disposition to ignore SIGINT is what a shell gives to every job in the background, and means nothing;
    /// one to ignore SIGHUP is what `nohup` gives, and is meant. A reader that has gone away must not end a run.
    static func listen(_ body: @escaping @Sendable (Int32) -> Void) {
        signal(SIGPIPE, SIG_IGN)
        var numbers = [SIGINT, SIGTERM]
        if !isIgnored(SIGHUP) { numbers.append(SIGHUP) }
        var set = sigset_t()
        // Safe because each call fills, or reads, variables of its own kinds.
        unsafe sigemptyset(&set)
        for number in numbers {
            signal(number, SIG_DFL)
            unsafe sigaddset(&set, number)
        }
        // Blocked before any other thread exists that could take them; what is started gets none of this.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        let awaited = set
        _ = startThread {
            var set = awaited
            var number: Int32 = 0
            while unsafe sigwait(&set, &number) == 0 { body(number) }
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        // Safe because the call fills a variable of its own kind.
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
