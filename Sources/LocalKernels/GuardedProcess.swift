import GalleyConcurrency
import GalleyCLinux
import Glibc
import GalleyJupyterProtocol
import Synchronization
import GalleyZeroMQTransport

/// A program under a guard process, which ends the program and all its descendants when this process ends.
final class GuardedProcess: Sendable {
    /// How the program ended.
    struct Ending: Sendable {
        var cause: PostMortem.Cause
        var peakMemory: Int
    }

    /// Set when the program has ended.
    let ending = AsyncPromise<Ending>()
    /// Set when the guard has ended too, and with it every process that the program left behind.
    let gone = AsyncPromise<Void>()
    /// Set to the program's process ID when it runs.
    let program = AsyncPromise<pid_t>()
    /// Set to the guard's process ID when the guard keeps the program without this process; nil if it never will.
    private let kept = AsyncPromise<pid_t?>()

    /// The process ID of the watcher, which is the guard's parent.
    let watcherProcess: pid_t
    private let isKeepable: Bool
    /// The socket to the guard, used only under the lock: once it is closed, its number can belong to another file.
    private let socket: Mutex<Int32?>
    private let tail = Mutex(Tail())
    /// Set to nil when the program runs, or to the reason why it does not.
    private let started = AsyncPromise<StartFailure?>()

    /// Why a program could not be started.
    struct StartFailure: Error {
        var step: clinux_step
        var code: Int32
        // Safe because the string is copied at once.
        var reason: String { unsafe String(cString: strerror(code)) }
    }

    /// Starts a program and waits until it runs. If this process ends first, the guard removes `privateFolder`.
    static func start(
        _ launch: ProcessLaunch, _ options: KernelOptions, in privateFolder: RuntimeFolder
    ) async throws(StartFailure) -> GuardedProcess {
        let process = try GuardedProcess(launch, options, privateFolder)
        if case let refusal?? = await process.started.value() {
            _ = await process.gone.value()
            throw refusal
        }
        return process
    }

    private init(_ launch: ProcessLaunch, _ options: KernelOptions, _ privateFolder: RuntimeFolder) throws(StartFailure)
    {
        isKeepable = options.isKeepable
        let output = try Self.pipe()
        // Safe because every string lives until the guard has been forked, which gets its own copy.
        let argv = unsafe launch.arguments.map { unsafe strdup($0) } + [nil]
        let envp = unsafe launch.environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        let paths = unsafe [
            launch.program, options.workingDirectory ?? ".", privateFolder.path, privateFolder.otherPath ?? "",
        ].map { (path: String) in unsafe strdup(path) }
        let locks = isKeepable ? privateFolder.locks : (-1, -1)
        let reader = isKeepable && !options.leavesChildren ? output.read : -1
        // A service that outlives the kernel would be ended by a pipe that no process reads.
        let nowhere = options.leavesChildren ? Self.raised(unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)) : -1
        defer {
            if nowhere >= 0 { close(nowhere) }
            unsafe (argv + envp + paths).forEach { unsafe free($0) }
            close(output.write)
        }
        var socket: Int32 = -1
        let watcherProcess = unsafe argv.withUnsafeBufferPointer { argv in
            unsafe envp.withUnsafeBufferPointer { envp -> pid_t in
                guard let arguments = argv.baseAddress, let environment = envp.baseAddress,
                    let program = unsafe paths[0], let folder = unsafe paths[1], let privateFolder = unsafe paths[2],
                    let otherFolder = unsafe paths[3]
                else { return -1 }
                var launch = unsafe clinux_launch(
                    program: program, arguments: arguments, environment: environment, folder: folder,
                    private_folder: privateFolder, other_folder: otherFolder,
                    output: nowhere >= 0 ? nowhere : output.write,
                    memory: UInt64(max(0, options.limits.memory ?? 0)),
                    processor_seconds: UInt64(
                        options.limits.processorTime.map { max(1, $0.components.seconds) } ?? 0),
                    open_files: UInt64(max(0, options.limits.openFiles ?? 0)),
                    leaves_children: options.leavesChildren ? 1 : 0, may_be_kept: options.isKeepable ? 1 : 0,
                    output_reader: reader, locks: locks, kept: 0)
                return unsafe clinux_start_guarded(&launch, &socket)
            }
        }
        guard watcherProcess > 0 else {
            let code = errno
            close(output.read)
            throw StartFailure(step: clinux_step_fork, code: code)
        }
        self.watcherProcess = watcherProcess
        self.socket = Mutex(socket)
        let (guardEnd, programEnd) = (socket, output.read)
        if !startThread({ self.listen(to: guardEnd, programEnd) }) {
            // When the socket closes, the guard ends everything.
            self.socket.withLock { $0 = nil }
            close(guardEnd)
            close(programEnd)
            clinux_wait_for_guard(watcherProcess)
            throw StartFailure(step: clinux_step_fork, code: EAGAIN)
        }
    }

    /// Sends a signal to the program's process group, if it still exists.
    func signal(_ number: Int32) { order(clinux_order(signal: number, everything: 0, keeps: 0)) }

    /// Kills the program and all its descendants immediately.
    func killEverything() { order(clinux_order(signal: SIGKILL, everything: 1, keeps: 0)) }

    /// Has the guard keep the program without this process. Returns the guard's process ID, or nil if the program has
    /// ended.
    func keep() async -> pid_t? {
        guard isKeepable else { return nil }
        order(clinux_order(signal: 0, everything: 0, keeps: 1))
        return await kept.value() ?? nil
    }

    /// The last lines of the program's standard output and error.
    var lastLines: [String] { tail.withLock { $0.lines } }

    /// The memory, in bytes, that the program and its descendants do not share with other processes.
    var memory: Int? { gone.current == nil ? SystemResources.memory(underWatcher: Int(watcherProcess)) : nil }

    /// Discards the output so far.
    func forgetOutput() { tail.withLock { $0 = Tail() } }

    private func order(_ order: clinux_order) {
        socket.withLock { socket in
            guard let socket else { return }
            // A cell can stop the watcher, which would keep everything alive. Its process ID is not reused before it is
            // waited for, which happens after the socket is gone.
            kill(watcherProcess, SIGCONT)
            var order = order
            // Safe because the size is that of the value. A guard that has closed its socket needs no orders.
            _ = unsafe send(socket, &order, MemoryLayout<clinux_order>.size, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
    }

    private static func pipe() throws(StartFailure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // Safe because the array has room for both.
        guard unsafe clinux_make_pipe(&ends) == 0 else { throw StartFailure(step: clinux_step_fork, code: errno) }
        return (ends[0], ends[1])
    }

    /// Duplicates a descriptor to a number above the standard streams, which may be closed. Children do not inherit it.
    private static func raised(_ descriptor: Int32) -> Int32 {
        defer { close(descriptor) }
        return fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    }

    // MARK: Receiving reports and output

    /// Receives the guard's reports and the program's output until the guard is gone.
    ///
    /// Child processes can hold the program's output open long after it has ended, so the end of the output means
    /// nothing.
    private func listen(to guardEnd: Int32, _ programEnd: Int32) {
        _ = fcntl(programEnd, F_SETFL, O_NONBLOCK)
        var items = [
            pollfd(fd: guardEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: programEnd, events: Int16(POLLIN), revents: 0),
        ]
        var handle: Int32 = -1
        while kept.current == nil {
            // Safe because the array is passed with its own length.
            if unsafe poll(&items, 2, -1) == -1 { continue }
            // `poll` ignores negative descriptors.
            if items[1].revents != 0, readOutput(programEnd) == 0 { items[1].fd = -1 }
            guard items[0].revents != 0 else { continue }
            var report = clinux_report()
            // Safe because the size is that of the value, and every bit pattern is valid.
            let count = unsafe recv(guardEnd, &report, MemoryLayout<clinux_report>.size, 0)
            if count == MemoryLayout<clinux_report>.size {
                // Output from before the end may still be unread.
                var rounds = 0
                while rounds < 64, readOutput(programEnd) > 0 { rounds += 1 }
                note(report)
                if isKeepable, report.event == Int32(clinux_started.rawValue) {
                    handle = clinux_open_process(report.value)
                }
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        socket.withLock { $0 = nil }
        close(guardEnd)
        close(programEnd)
        // A program that may be kept outlives its guard. If the guard and the watcher are both gone, only this process
        // can end it.
        if ending.current == nil, kept.current == nil, handle >= 0 { clinux_signal_process(handle, SIGKILL) }
        if handle >= 0 { close(handle) }
        kept.set(nil)
        clinux_wait_for_guard(watcherProcess)
        started.set(StartFailure(step: clinux_step_fork, code: ECHILD))
        ending.set(Ending(cause: .unknown, peakMemory: 0))
        gone.set(())
    }

    private func note(_ report: clinux_report) {
        switch clinux_event(UInt32(report.event)) {
        case clinux_started:
            program.set(report.value)
            started.set(nil)
        case clinux_failed:
            started.set(StartFailure(step: clinux_step(UInt32(report.detail)), code: report.value))
        case clinux_ended:
            let signal = clinux_ending_signal(report.value)
            let cause: PostMortem.Cause = signal == 0 ? .exited(clinux_exit_status(report.value)) : .signalled(signal)
            ending.set(Ending(cause: cause, peakMemory: Int(report.detail) * 1024))
        case clinux_kept: kept.set(report.value)
        default: break
        }
    }

    /// Reads once. Returns the number of bytes, 0 at the end, or -1 if there is nothing to read.
    private func readOutput(_ pipe: Int32) -> Int {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe read(pipe, &bytes, bytes.count)
        if count > 0 { tail.withLock { $0.append(bytes[..<count]) } }
        return count
    }
}

/// The end of a program's output.
private struct Tail {
    private var bytes: [UInt8] = []

    /// Enough to show why a program ended.
    private static let limit = 8192

    mutating func append(_ more: ArraySlice<UInt8>) {
        bytes += more
        if bytes.count > 2 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
    }

    var lines: [String] {
        String(decoding: bytes.suffix(Self.limit), as: UTF8.self).split(whereSeparator: \.isNewline).suffix(20).map(
            String.init)
    }
}
