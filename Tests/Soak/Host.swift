import Glibc
import Synchronization
import GalleyZeroMQTransport

/// The rest of the process that notebooks are run in, which has children, signals and descriptors of its own.
final class Host: Sendable {
    struct Findings {
        var children = 0
        var looks = 0
        var complaints: Set<String> = []
    }

    private let state = Mutex(Findings())
    private let isPaused = Atomic(false)
    private let isQuiet = Atomic(false)

    var findings: Findings { state.withLock(\.self) }

    /// Begins; nothing of it is ever ended but with the process.
    func begin() {
        // Whatever this process was given by whoever started it is none of its own.
        for number in Process.names("/proc/self/fd").compactMap({ Int32($0) }) where number > 2 {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
        // A host's signals may come at any time and interrupt any call.
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        _ = unsafe sigaction(SIGALRM, &action, nil)
        let pause = timeval(tv_sec: 0, tv_usec: 7000)
        var often = itimerval(it_interval: pause, it_value: pause)
        _ = unsafe setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &often, nil)
        _ = startThread { while true { self.haveChild() } }
        _ = startThread { while true { self.lookAtDescriptors() } }
    }

    /// Stops having children, and returns when there is none.
    func pause() {
        // It was so the last time, too.
        isQuiet.store(false, ordering: .sequentiallyConsistent)
        isPaused.store(true, ordering: .sequentiallyConsistent)
        while !isQuiet.load(ordering: .sequentiallyConsistent) { wait(milliseconds: 1) }
    }

    func goOn() { isPaused.store(false, ordering: .sequentiallyConsistent) }

    private func complain(_ text: String) { state.withLock { _ = $0.complaints.insert(text) } }

    /// Starts a child as any program does, and waits for it as one does that has no other children.
    private func haveChild() {
        let isPaused = isPaused.load(ordering: .sequentiallyConsistent)
        isQuiet.store(isPaused, ordering: .sequentiallyConsistent)
        guard !isPaused else { return wait(milliseconds: 5) }
        var child: pid_t = 0
        // It sees the three standard descriptors and that of the folder which it looks at.
        let command = "set -- /proc/$$/fd/*; [ $# -le 4 ] || exit 9; exit 7"
        var arguments = unsafe ["sh", "-c", command].map { (word: String) in unsafe strdup(word) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        guard unsafe posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 else {
            return complain("the host could not start a child: \(errno)")
        }
        var (status, ended): (Int32, pid_t) = (0, -1)
        while ended != child {
            ended = unsafe waitpid(-1, &status, 0)
            if ended == -1, errno == EINTR { continue }
            guard ended != -1 else { return complain("the status of a child of the host's did not reach it") }
            if ended != child { complain("the host was told of the end of a child that is not its own") }
        }
        switch status {
        case 7 << 8: state.withLock { $0.children += 1 }
        case 9 << 8: complain("a child of the host's was passed a descriptor")
        default: complain("a child of the host's ended with \(status) instead of \(7 << 8)")
        }
        wait(milliseconds: 20)
    }

    private func lookAtDescriptors() {
        for number in Process.names("/proc/self/fd").compactMap({ Int32($0) }) where number > 2 {
            guard fcntl(number, F_GETFD) == 0 else { continue }
            let link = Process.link("/proc/self/fd/\(number)")
            // libdispatch opens the state of its threads for a moment.
            guard "\(link)".wholeMatch(of: #//proc/\d+/stat/#) == nil else { continue }
            complain("a descriptor can be inherited: \(link)")
        }
        state.withLock { $0.looks += 1 }
        wait(milliseconds: 2)
    }
}

/// Waits, however many signals come meanwhile.
func wait(milliseconds: Int) {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while case let rest = ContinuousClock.now.duration(to: end), rest > .zero {
        usleep(UInt32(rest / .microseconds(1)) + 1)
    }
}

extension Process {
    /// Where a link leads.
    static func link(_ path: String) -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        // Safe because the array is passed with its own length.
        let count = unsafe readlink(path, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
