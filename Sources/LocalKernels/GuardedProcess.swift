import GalleyConcurrency
import GalleyCLinux
import Glibc
import GalleyJupyterProtocol
import Synchronization
import GalleyZeroMQTransport

/// A program under a guard that ends it, and all that descends from it, when this process is gone.
final class GuardedProcess: Sendable {
    /// How the program ended.
    struct Ending: Sendable {
        var cause: PostMortem.Cause
        var peakMemory: Int
    }

    /// Set when the program has ended.
    let ending = AsyncPromise<Ending>()
    /// Set when its guard has ended too, and with it everything that the program left behind.
    let gone = AsyncPromise<Void>()
    /// Set with the program's number when it runs.
    let program = AsyncPromise<pid_t>()
    /// Set with the guard's number when it keeps the program without this process, or with nil when it never will.
    private let kept = AsyncPromise<pid_t?>()

    /// The watcher, which is the guard's parent.
    let watcherProcess: pid_t
    private let isKeepable: Bool
    /// A closed descriptor may be somebody else's a moment later, so nobody gets to use this one without the lock.
    private let socket: Mutex<Int32?>
    private let tail = Mutex(Tail())
    /// Set when the program runs, or with why it does not.
    private let started = AsyncPromise<StartFailure?>()

    /// Why a program could not be started.
    struct StartFailure: Error {
        var step: clinux_step
        var code: Int32
        // Safe because the string is copied at once.
        var reason: String { unsafe String(cString: strerror(code)) }
    }

    /// Starts a program and waits until it runs; its folder goes with it when this process cannot see to that.
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
        // Safe because every string lives until the guard has been forked, which takes its own view of them along.
        let argv = unsafe launch.arguments.map { unsafe strdup($0) } + [nil]
        let envp = unsafe launch.environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        let paths = unsafe [
            launch.program, options.workingDirectory ?? ".", privateFolder.path, privateFolder.otherPath ?? "",
        ].map { (path: String) in unsafe strdup(path) }
        let locks = isKeepable ? privateFolder.locks : (-1, -1)
        let reader = isKeepable && !options.leavesChildren ? output.read : -1
        // Nobody will read what a service writes that outlives the kernel: a pipe would end it.
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
            // Without its socket the guard ends everything.
            self.socket.withLock { $0 = nil }
            close(guardEnd)
            close(programEnd)
            clinux_wait_for_guard(watcherProcess)
            throw StartFailure(step: clinux_step_fork, code: EAGAIN)
        }
    }

    /// Sends a signal to the program's process group, if it is still there.
    func signal(_ number: Int32) { order(clinux_order(signal: number, everything: 0, keeps: 0)) }

    /// Ends the program and everything that descends from it at once.
    func killEverything() { order(clinux_order(signal: SIGKILL, everything: 1, keeps: 0)) }

    /// Lets the guard keep the program without this process; returns the guard's number, or nil if the program has ended.
    func keep() async -> pid_t? {
        guard isKeepable else { return nil }
        order(clinux_order(signal: 0, everything: 0, keeps: 1))
        return await kept.value() ?? nil
    }

    /// The last lines of the program's standard output and error.
    var lastLines: [String] { tail.withLock { $0.lines } }

    /// How much memory the program and its descendants have to themselves.
    var memory: Int? { gone.current == nil ? SystemResources.memory(underWatcher: Int(watcherProcess)) : nil }

    /// Forgets what it has written so far.
    func forgetOutput() { tail.withLock { $0 = Tail() } }

    private func order(_ order: clinux_order) {
        socket.withLock { socket in
            guard let socket else { return }
            // A cell can have stopped the watcher, which would keep everything alive. Its number is its own until it is waited for,
            // which comes after the socket is gone.
            kill(watcherProcess, SIGCONT)
            var order = order
            // Safe because the size is that of the value. A guard that does not listen any more needs no orders.
            _ = unsafe send(socket, &order, MemoryLayout<clinux_order>.size, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
    }

    private static func pipe() throws(StartFailure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // Safe because the array has room for both.
        guard unsafe clinux_make_pipe(&ends) == 0 else { throw StartFailure(step: clinux_step_fork, code: errno) }
        return (ends[0], ends[1])
    }

    /// Moves a descriptor out of the way of the standard streams, which may be closed; it is not passed on to children.
    private static func raised(_ descriptor: Int32) -> Int32 {
        defer { close(descriptor) }
        return fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    }

    // MARK: What is heard

    /// Hears the guard and the program until the guard is gone.
    ///
    /// What the program started may hold its output open long after it, so the end of that means nothing.
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
            // A descriptor below zero is not waited for any more.
            if items[1].revents != 0, readOutput(programEnd) == 0 { items[1].fd = -1 }
            guard items[0].revents != 0 else { continue }
            var report = clinux_report()
            // Safe because the size is that of the value, and every bit pattern is one.
            let count = unsafe recv(guardEnd, &report, MemoryLayout<clinux_report>.size, 0)
            if count == MemoryLayout<clinux_report>.size {
                // What was written before the end may not have been read yet.
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
        // A program that may be kept does not go with its guard, so one that has lost guard and watcher has nobody else.
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

    /// Reads once; returns the number of bytes, 0 at the end and -1 where nothing is there.
    private func readOutput(_ pipe: Int32) -> Int {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe read(pipe, &bytes, bytes.count)
        if count > 0 { tail.withLock { $0.append(bytes[..<count]) } }
        return count
    }
}

/// The end of what a program has written.
private struct Tail {
    private var bytes: [UInt8] = []

    /// More is not of interest to anybody who asks why a program ended.
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
