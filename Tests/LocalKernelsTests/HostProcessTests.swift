import Foundation
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Testing

/// Each test changes the whole process, and therefore runs in its own process.
// The tests run serially, because two of them keep a processor busy.
@Suite(.serialized) struct `In a host process` {
    @Test func `A host that waits for any child does not get a kernel's status`() async throws {
        await #expect(processExitsWith: .success) {
            // The host has to receive the statuses of all its own children, and no others.
            let host = Thread {
                for _ in 0..<150 {
                    let child = HostProcess.spawn("exit 7")
                    var status: Int32 = 0
                    while waitpid(-1, &status, 0) != child { exit(70) }
                    if status >> 8 != 7 { exit(71) }
                }
                HostProcess.isDone.signal()
            }
            host.start()
            for _ in 0..<5 { try await HostProcess.runKernel() }
            await Task.detached { HostProcess.isDone.wait() }.value
            #expect(HostProcess.hasNoChildren)
        }
    }

    @Test func `A host that ignores SIGCHLD starts and ends kernels as usual`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGCHLD, SIG_IGN)
            for _ in 0..<3 { try await HostProcess.runKernel() }
            await #expect(throws: KernelError.self) {
                try await withKernel(FixtureKernel.spec("stillborn")) { _ in }
            }
        }
    }

    @Test(.realKernel) func `A host that is short of descriptors starts kernels once it has enough`()
        async throws
    {
        await #expect(processExitsWith: .success) {
            // libdispatch opens its timer descriptors with the first timer, and crashes if it cannot.
            try await Task.sleep(for: .milliseconds(1))
            await withCheckedContinuation { timer in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(1)) { timer.resume() }
            }
            HostProcess.forgivesDispatch()
            // A busy test process can leave many descriptors to this one.
            let limit = try rlim_t(FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count + 64)
            var few = rlimit(rlim_cur: limit, rlim_max: limit)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
            for free in [0, 4, 6, 8, 12, 20] {
                var held: [Int32] = []
                while case let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC), descriptor >= 0 {
                    held.append(descriptor)
                }
                for _ in 0..<free { close(held.removeLast()) }
                await #expect(throws: KernelError.self) { try await HostProcess.runKernel() }
                if free == 0 {
                    #expect {
                        try FixtureKernel.finder().find("python3")
                    } throws: {
                        "\($0)".contains("Too many open files")
                    }
                }
                for descriptor in held { close(descriptor) }
            }
            try await HostProcess.runKernel()
        }
    }

    @Test func `A host whose signals interrupt every call starts and ends kernels as usual`() async throws {
        await #expect(processExitsWith: .success) {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            sigaction(SIGALRM, &action, nil)
            var often = itimerval(
                it_interval: timeval(tv_sec: 0, tv_usec: 500), it_value: timeval(tv_sec: 0, tv_usec: 500))
            setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &often, nil)
            for _ in 0..<5 { try await HostProcess.runKernel() }
            var never = itimerval()
            setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &never, nil)
            #expect(HostProcess.hasNoChildren)
        }
    }

    @Test func `A child of the host inherits no descriptor of a kernel`() async throws {
        await #expect(processExitsWith: .success) {
            for number in 3..<1024 as Range<Int32> { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
            let links = (0..<64).map { "/proc/self/fd/\($0)" }
            let watch = Thread {
                while true {
                    for number in 3..<64 as Range<Int32> where fcntl(number, F_GETFD) == 0 {
                        // The link is read at once, because a descriptor may be closed within microseconds.
                        var link = [CChar](repeating: 0, count: 64)
                        let length = readlink(links[Int(number)], &link, link.count)
                        // A descriptor that is closed too soon has no name; it is seen again in another round.
                        if length < 0 { continue }
                        let name = String(decoding: link.prefix(length).map(UInt8.init), as: UTF8.self)
                        // libdispatch reads the state of its threads once a second under load.
                        if name.wholeMatch(of: /\/proc\/[0-9]+\/stat/) != nil { continue }
                        // The number may belong to another descriptor by now.
                        if fcntl(number, F_GETFD) != 0 { continue }
                        FileHandle.standardError.write(Data("descriptor \(number): \(name)\n".utf8))
                        exit(70)
                    }
                    sched_yield()
                }
            }
            watch.start()
            var ports = KernelOptions()
            ports.transport = .tcp
            for _ in 0..<10 {
                try await HostProcess.runKernel()
                try await HostProcess.runKernel(ports)
            }
        }
    }

    @Test func `A kernel changes no state of the whole process`() async throws {
        await #expect(processExitsWith: .success) {
            umask(0o027)
            let before = HostProcess.state
            for _ in 0..<3 { try await HostProcess.runKernel() }
            #expect(HostProcess.state == before)
        }
    }
}

/// A process that runs kernels and other children.
private enum HostProcess {
    static let isDone = DispatchSemaphore(value: 0)

    static func runKernel(_ options: KernelOptions = KernelOptions()) async throws {
        let text = try await withKernel(FixtureKernel.spec("good"), options: options) { try await $0.run("hello").text }
        #expect(text == "hello")
    }

    /// Exits with status 0 where libdispatch would crash.
    ///
    /// Under load, libdispatch reads the state of its threads once a second, and crashes if it has no descriptor for
    /// that, even if the host has used them up.
    static func forgivesDispatch() {
        // Symbols cannot be looked up in a signal handler.
        _ = dispatch
        var action = sigaction()
        action.sa_flags = SA_SIGINFO
        action.__sigaction_handler.sa_sigaction = { number, info, _ in
            let place = UInt(bitPattern: info?.pointee._sifields._sigfault.si_addr)
            if HostProcess.dispatch.contains(where: { $0.contains(place) }) { _exit(0) }
            signal(number, SIG_DFL)
        }
        for trap in [SIGILL, SIGTRAP] { sigaction(trap, &action, nil) }
    }

    /// The address range of libdispatch.
    private static let dispatch: [Range<UInt>] = {
        // Foundation's shorter functions read only the first part of a file in /proc.
        let maps = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
        return String(decoding: maps ?? Data(), as: UTF8.self).split(separator: "\n").filter {
            $0.contains("/libdispatch")
        }.compactMap { line in
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            return ends.count == 2 ? ends[0]..<ends[1] : nil
        }
    }()

    /// Starts a shell with a command, and returns its process ID.
    static func spawn(_ command: String) -> pid_t {
        var child: pid_t = 0
        var arguments = ["sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
        defer { arguments.forEach { free($0) } }
        return posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 ? child : -1
    }

    /// Whether `waitpid` finds no child, with any options.
    static var hasNoChildren: Bool {
        let all: Int32 = 0x4000_0000  // __WALL
        return waitpid(-1, nil, all) == -1 && errno == ECHILD
    }

    /// The working directory, the environment, the umask, and the ignored and caught signals.
    static var state: [String] {
        let mask = umask(0)
        umask(mask)
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let signals = status.split(separator: "\n").filter { line in
            ["SigIgn", "SigCgt"].contains { line.hasPrefix($0) }
        }
        let variables = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }.sorted()
        return [FileManager.default.currentDirectoryPath, "\(mask)"] + variables + signals.map(String.init)
    }
}
