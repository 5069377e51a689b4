import GalleyCLinux
import GalleyConcurrency
import Glibc
import Synchronization

/// Runs a program without a shell, and collects what it prints.
struct ProgramOutput: Sendable {
    /// The exit status; for a signal 128 plus its number.
    let status: Int32
    let output: [UInt8]
    let errors: [UInt8]

    /// The reason why there is no output.
    enum Failure: Error, Hashable {
        case notFound(String)
        case notStarted(reason: String)
        case timedOut
        case tooLong
        case canceled
    }

    /// The greatest number of bytes of each stream.
    private static let limit = 1 << 16

    /// Runs a program to its end. A program that is not over in time, or prints too much, is killed with the processes
    /// of its group; also if the task is canceled.
    static func run(
        _ words: [String], environment: [String: String], within patience: Duration
    ) async throws(Failure) -> ProgramOutput {
        guard let program = path(of: words.first ?? "", environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin") else {
            throw .notFound(words.first ?? "")
        }
        let result = AsyncPromise<Result<ProgramOutput, Failure>>()
        let stop = Stop()
        let deadline = ContinuousClock.now + patience
        let starts = startThread {
            result.set(
                Result { () throws(Failure) in
                    try RunningProgram(program, words, environment).output(until: deadline, limit: Self.limit, stop)
                })
        }
        guard starts else { throw .notStarted(reason: "the system can start no thread") }
        let answer = await withTaskCancellationHandler {
            await result.value()
        } onCancel: {
            stop.set()
        }
        guard let answer else { throw .canceled }
        return try answer.get()
    }

    /// Returns the path of a program; nil if there is none.
    private static func path(of name: String, _ search: String) -> String? {
        guard !name.isEmpty else { return nil }
        let candidates =
            name.utf8.contains(UInt8(ascii: "/"))
            ? [name] : search.split(separator: ":").map { "\($0)/\(name)" }
        return candidates.first { candidate in
            var status = stat()
            // Safe because the call fills a value of its own size.
            return unsafe stat(candidate, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                && access(candidate, X_OK) == 0
        }
    }

    /// Whether the program is to be killed.
    final class Stop: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock(\.self) }
        func set() { value.withLock { $0 = true } }
    }
}

// What a program prints may be a secret.
extension ProgramOutput: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The exit status.
    var description: String { "status \(status)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// A program that runs, with the ends of its pipes.
private struct RunningProgram: ~Copyable {
    private let process: pid_t
    private let pipes: [Int32]

    /// Starts a program in a process group of its own, without an input.
    init(_ program: String, _ words: [String], _ environment: [String: String]) throws(ProgramOutput.Failure) {
        let variables = environment.map { "\($0.key)=\($0.value)" }
        guard !(words + variables).contains(where: { $0.utf8.contains(0) }) else {
            throw .notStarted(reason: "an argument or variable contains NUL")
        }
        var (output, errors): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        // Safe because each array has room for both ends.
        guard unsafe clinux_make_pipe(&output) == 0 else { throw Self.failure(errno) }
        guard unsafe clinux_make_pipe(&errors) == 0 else {
            let code = errno
            for end in output { close(end) }
            throw Self.failure(code)
        }
        var process: pid_t = 0
        let code = Self.spawn(&process, program, words, variables, output[1], errors[1])
        for end in [output[1], errors[1]] { close(end) }
        guard code == 0 else {
            for end in [output[0], errors[0]] { close(end) }
            throw Self.failure(code)
        }
        self.process = process
        pipes = [output[0], errors[0]]
        for pipe in pipes { _ = fcntl(pipe, F_SETFL, O_NONBLOCK) }
    }

    deinit { for pipe in pipes { close(pipe) } }

    /// Waits for the end of the program.
    consuming func output(
        until deadline: ContinuousClock.Instant, limit: Int, _ stop: ProgramOutput.Stop
    ) throws(ProgramOutput.Failure) -> ProgramOutput {
        var streams: [[UInt8]] = [[], []]
        var isOpen = [true, true]
        var status: Int32 = 0
        while true {
            // The program's own children may hold the pipes open, so its end counts, not theirs.
            // Safe because the call fills a variable of its own type.
            let isOver = unsafe waitpid(process, &status, WNOHANG) == process
            for index in 0...1 where isOpen[index] { isOpen[index] = read(pipes[index], &streams[index], limit) }
            if isOver {
                guard streams.allSatisfy({ $0.count <= limit }) else { throw .tooLong }
                let signal = clinux_ending_signal(status)
                return ProgramOutput(
                    status: signal == 0 ? clinux_exit_status(status) : 128 + signal, output: streams[0],
                    errors: streams[1])
            }
            let failure: ProgramOutput.Failure? =
                stop.isSet
                ? .canceled
                : ContinuousClock.now >= deadline ? .timedOut : streams.contains { $0.count > limit } ? .tooLong : nil
            if let failure {
                kill(-process, SIGKILL)
                kill(process, SIGKILL)
                // Safe because the call fills a variable of its own type.
                while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
                throw failure
            }
            wait(isOpen)
        }
    }

    /// Waits a short time for output.
    private borrowing func wait(_ isOpen: [Bool]) {
        var items = (0...1).filter { isOpen[$0] }.map { pollfd(fd: pipes[$0], events: Int16(POLLIN), revents: 0) }
        // Safe because the array is passed with its own length.
        _ = unsafe poll(&items, nfds_t(items.count), 20)
    }

    /// Reads what is available; returns false at the end.
    private borrowing func read(_ pipe: Int32, _ bytes: inout [UInt8], _ limit: Int) -> Bool {
        var part = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= limit {
            // Safe because the array is passed with its own length.
            let count = unsafe Glibc.read(pipe, &part, part.count)
            if count > 0 { bytes += part[..<count] }
            if count == 0 { return false }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
        }
        return true
    }

    private static func spawn(
        _ process: inout pid_t, _ program: String, _ words: [String], _ variables: [String], _ output: Int32,
        _ errors: Int32
    ) -> Int32 {
        // Safe because every string lives until the call has returned.
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        let environment = unsafe variables.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
        return unsafe posix_spawn(&process, program, &actions, &attributes, arguments, environment)
    }

    private static func failure(_ code: Int32) -> ProgramOutput.Failure {
        // Safe because strerror returns a string that lives until this thread calls it again.
        .notStarted(reason: unsafe String(cString: strerror(code)))
    }
}
