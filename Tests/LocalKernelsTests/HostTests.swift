import Foundation
import GalleyJupyterProtocol
import GalleyLocalKernels
import Testing

/// What each of these does is done to the whole process, which is therefore one of its own.
// One after the other: two of them keep a processor busy, and all of them need one.
@Suite(.serialized) struct `Beside a host` {
    @Test func `that waits for any child, a kernel is none of those it hears of`() async throws {
        await #expect(processExitsWith: .success) {
            // Every status that reaches the host has to be of a child of its own, and each of those has to reach it.
            let host = Thread {
                for _ in 0..<150 {
                    let child = Host.spawn("exit 7")
                    var status: Int32 = 0
                    while waitpid(-1, &status, 0) != child { exit(70) }
                    if status >> 8 != 7 { exit(71) }
                }
                Host.isDone.signal()
            }
            host.start()
            for _ in 0..<5 { try await Host.runKernel() }
            await Task.detached { Host.isDone.wait() }.value
            #expect(Host.hasNoChildren)
        }
    }

    @Test func `that ignores the end of children, kernels start and end as ever`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGCHLD, SIG_IGN)
            for _ in 0..<3 { try await Host.runKernel() }
            await #expect(throws: KernelError.self) {
                try await withKernel(Fixture.spec("stillborn")) { _ in }
            }
        }
    }

    @Test func `that is short of descriptors at first, kernels start when it is not any more`() async throws {
        await #expect(processExitsWith: .success) {
            // Dispatch has descriptors for its timers, which it makes with the first ones, or ends the process.
            try await Task.sleep(for: .milliseconds(1))
            await withCheckedContinuation { timer in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(1)) { timer.resume() }
            }
            Host.forgivesDispatch()
            var few = rlimit(rlim_cur: 128, rlim_max: 128)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
            for free in [0, 4, 6, 8, 12, 20] {
                var held: [Int32] = []
                while case let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC), descriptor >= 0 {
                    held.append(descriptor)
                }
                for _ in 0..<free { close(held.removeLast()) }
                await #expect(throws: KernelError.self) { try await Host.runKernel() }
                if free == 0 {
                    #expect {
                        try Fixture.finder().find("python3")
                    } throws: {
                        "\($0)".contains("Too many open files")
                    }
                }
                for descriptor in held { close(descriptor) }
            }
            try await Host.runKernel()
        }
    }

    @Test func `whose signals interrupt every call, kernels start and end as ever`() async throws {
        await #expect(processExitsWith: .success) {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            sigaction(SIGALRM, &action, nil)
            var often = itimerval(
                it_interval: timeval(tv_sec: 0, tv_usec: 500), it_value: timeval(tv_sec: 0, tv_usec: 500))
            setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &often, nil)
            for _ in 0..<5 { try await Host.runKernel() }
            var never = itimerval()
            setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &never, nil)
            #expect(Host.hasNoChildren)
        }
    }

    @Test func `no descriptor can be inherited by what the host starts, not for a moment`() async throws {
        await #expect(processExitsWith: .success) {
            for number in 3..<1024 as Range<Int32> { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
            let links = (0..<64).map { "/proc/self/fd/\($0)" }
            let watch = Thread {
                while true {
                    for number in 3..<64 as Range<Int32> where fcntl(number, F_GETFD) == 0 {
                        // At once: what it is can be gone in a few microseconds.
                        var link = [CChar](repeating: 0, count: 64)
                        let length = readlink(links[Int(number)], &link, link.count)
                        // What is gone before it has a name cannot be told from what is not ours; it is seen more often.
                        if length < 0 { continue }
                        let name = String(decoding: link.prefix(length).map(UInt8.init), as: UTF8.self)
                        // Dispatch looks so at its own threads, once a second where many of them are at work.
                        if name.wholeMatch(of: /\/proc\/[0-9]+\/stat/) != nil { continue }
                        // Another may have got the number since it was looked at.
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
                try await Host.runKernel()
                try await Host.runKernel(ports)
            }
        }
    }

    @Test func `a kernel changes nothing of what belongs to the whole process`() async throws {
        await #expect(processExitsWith: .success) {
            umask(0o027)
            let before = Host.state
            for _ in 0..<3 { try await Host.runKernel() }
            #expect(Host.state == before)
        }
    }
}

/// A process that uses this library among other things.
private enum Host {
    static let isDone = DispatchSemaphore(value: 0)

    static func runKernel(_ options: KernelOptions = KernelOptions()) async throws {
        let text = try await withKernel(Fixture.spec("good"), options: options) { try await $0.run("hello").text }
        #expect(text == "hello")
    }

    /// Ends the process in peace where Dispatch would end it.
    ///
    /// Where there is more to do than its threads can, it looks at them once a second, and takes the lack of a descriptor for
    /// that for the end of the world, whoever has used them up.
    static func forgivesDispatch() {
        // Nothing can be looked up then.
        _ = dispatch
        var action = sigaction()
        action.sa_flags = SA_SIGINFO
        action.__sigaction_handler.sa_sigaction = { number, info, _ in
            let place = UInt(bitPattern: info?.pointee._sifields._sigfault.si_addr)
            if Host.dispatch.contains(where: { $0.contains(place) }) { _exit(0) }
            signal(number, SIG_DFL)
        }
        for trap in [SIGILL, SIGTRAP] { sigaction(trap, &action, nil) }
    }

    /// Where Dispatch is in memory.
    private static let dispatch: [Range<UInt>] = {
        // Such a file comes in pieces, of which Foundation's shorter ways read the first.
        let maps = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
        return String(decoding: maps ?? Data(), as: UTF8.self).split(separator: "\n").filter {
            $0.contains("/libdispatch")
        }.compactMap { line in
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            return ends.count == 2 ? ends[0]..<ends[1] : nil
        }
    }()

    /// Starts a shell with a command; returns its number.
    static func spawn(_ command: String) -> pid_t {
        var child: pid_t = 0
        var arguments = ["sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
        defer { arguments.forEach { free($0) } }
        return posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 ? child : -1
    }

    /// Whether nothing is left to be waited for, however it is asked for.
    static var hasNoChildren: Bool {
        let all: Int32 = 0x4000_0000  // __WALL
        return waitpid(-1, nil, all) == -1 && errno == ECHILD
    }

    /// The folder, the variables, the mask for new files, and which signals are ignored or caught.
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
