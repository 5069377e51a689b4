import GalleyConcurrency
import Glibc
import Synchronization

/// A host process with its own children, signals and descriptors.
final class BusyHost: Sendable {
    struct Findings {
        var children = 0
        var looks = 0
        var complaints: Set<String> = []
    }

    private let state = Mutex(Findings())
    private let isPaused = Atomic(false)
    private let isQuiet = Atomic(false)

    var findings: Findings { state.withLock(\.self) }

    /// Starts the host's activity, which continues until the process ends.
    func begin() {
        // Inherited descriptors do not belong to the host.
        for number in ProcFileSystem.names("/proc/self/fd").compactMap({ Int32($0) }) where number > 2 {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
        // Signals of the host may arrive at any time and interrupt any system call.
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        _ = unsafe sigaction(SIGALRM, &action, nil)
        let pause = timeval(tv_sec: 0, tv_usec: 7000)
        var often = itimerval(it_interval: pause, it_value: pause)
        _ = unsafe setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &often, nil)
        _ = startThread { while true { self.haveChild() } }
        _ = startThread { while true { self.lookAtDescriptors() } }
    }

    /// Stops starting children, and returns when there is none.
    func pause() {
        // It may still be true from the last pause.
        isQuiet.store(false, ordering: .sequentiallyConsistent)
        isPaused.store(true, ordering: .sequentiallyConsistent)
        while !isQuiet.load(ordering: .sequentiallyConsistent) { wait(milliseconds: 1) }
    }

    func goOn() { isPaused.store(false, ordering: .sequentiallyConsistent) }

    private func complain(_ text: String) { state.withLock { _ = $0.complaints.insert(text) } }

    /// Starts a child process, and waits for any child as a program does that has no other children.
    private func haveChild() {
        let isPaused = isPaused.load(ordering: .sequentiallyConsistent)
        isQuiet.store(isPaused, ordering: .sequentiallyConsistent)
        guard !isPaused else { return wait(milliseconds: 5) }
        var child: pid_t = 0
        // The child sees the three standard descriptors and the descriptor of the folder that it lists.
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
            guard ended != -1 else { return complain("the host did not receive the status of its child") }
            if ended != child { complain("the host received the status of a child that is not its own") }
        }
        switch status {
        case 7 << 8: state.withLock { $0.children += 1 }
        case 9 << 8: complain("a child of the host inherited a descriptor")
        default: complain("a child of the host ended with \(status) instead of \(7 << 8)")
        }
        wait(milliseconds: 20)
    }

    private func lookAtDescriptors() {
        for number in ProcFileSystem.names("/proc/self/fd").compactMap({ Int32($0) }) where number > 2 {
            guard fcntl(number, F_GETFD) == 0 else { continue }
            let link = ProcFileSystem.link("/proc/self/fd/\(number)")
            // libdispatch reads the state of its threads for a moment.
            guard "\(link)".wholeMatch(of: #//proc/\d+/stat/#) == nil else { continue }
            complain("a descriptor can be inherited: \(link)")
        }
        state.withLock { $0.looks += 1 }
        wait(milliseconds: 2)
    }
}

/// Waits for a time, even if signals arrive.
func wait(milliseconds: Int) {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while case let rest = ContinuousClock.now.duration(to: end), rest > .zero {
        usleep(UInt32(rest / .microseconds(1)) + 1)
    }
}

extension ProcFileSystem {
    /// Returns the target of a link.
    static func link(_ path: String) -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        // Safe because the array is passed with its own length.
        let count = unsafe readlink(path, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
