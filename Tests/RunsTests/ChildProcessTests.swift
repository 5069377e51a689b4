import Glibc
import Testing

@testable import GalleyRuns

/// Supervision of a child that its user stops, or that does not end.
@Suite struct `A child that another user may stop` {
    /// Supervises a child that runs a closure, and returns whether it ended as expected.
    ///
    /// The test runs in a process without other threads, as in the program, because threads would take the signals.
    static func isEnd(
        _ status: Int32, _ cause: ChildProcess.ExitReport.Cause, of body: () -> Void, within limits: ChildProcess.Limits
    ) throws -> Bool {
        guard try ChildProcess.make(hasOwnProcessGroup: false) == nil else {
            var status: Int32 = 0
            return waitpid(-1, &status, 0) > 0 && status == 0
        }
        guard let child = try? ChildProcess.make(hasOwnProcessGroup: false) else {
            body()
            _exit(7)
        }
        let end = ChildProcess.waitForExit(of: [child], forwarding: [], within: limits)[0]
        _exit(end.status == status && end.cause == cause ? 0 : 1)
    }

    static func limits(whole: Duration? = nil) -> ChildProcess.Limits {
        ChildProcess.Limits(whole: whole, ending: .milliseconds(10))
    }

    @Test func `A child process continues after a stop, and ends by itself`() async {
        await #expect(processExitsWith: .success) {
            let end = try Self.isEnd(
                7, .itself, of: { for _ in 0..<3 { raise(SIGSTOP) } }, within: Self.limits())
            try #require(end)
        }
    }

    @Test func `A child process that is stopped again and again is killed`() async {
        await #expect(processExitsWith: .success) {
            let end = try Self.isEnd(
                -SIGKILL, .stops,
                of: {
                    signal(SIGTERM, SIG_IGN)
                    while true { raise(SIGSTOP) }
                }, within: Self.limits())
            try #require(end)
        }
    }

    @Test func `A child process that exceeds its limit is killed`() async {
        await #expect(processExitsWith: .success) {
            let end = try Self.isEnd(
                -SIGKILL, .limit,
                of: {
                    signal(SIGTERM, SIG_IGN)
                    while true { pause() }
                }, within: Self.limits(whole: .milliseconds(10)))
            try #require(end)
        }
    }

    @Test func `A child process has its own limit, apart from that of others`() async {
        await #expect(processExitsWith: .success) {
            guard try ChildProcess.make(hasOwnProcessGroup: false) == nil else {
                var status: Int32 = 0
                try #require(waitpid(-1, &status, 0) > 0 && status == 0)
                return
            }
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0, let first = try? ChildProcess.make(hasOwnProcessGroup: false) else {
                close(ends[0])
                signal(SIGTERM, SIG_IGN)
                while true { raise(SIGSTOP) }
            }
            guard let second = try? ChildProcess.make(hasOwnProcessGroup: false) else {
                // The second child ends after the first one, when the pipe is closed.
                close(ends[1])
                var byte: UInt8 = 0
                _ = read(ends[0], &byte, 1)
                _exit(7)
            }
            close(ends[1])
            let all = ChildProcess.waitForExit(of: [first, second], forwarding: [], within: Self.limits())
            _exit(all.map(\.status) == [-SIGKILL, 7] && all.map(\.cause) == [.stops, .itself] ? 0 : 1)
        }
    }
}
