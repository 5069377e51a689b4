import Dispatch
import Glibc
import Synchronization

/// Runs a task and waits on this thread, which must not be one of the shared pool, for its result.
///
/// A signal that asks the program to end does so at once, because no run has begun.
func waitForTask<Result: Sendable>(_ operation: @escaping @Sendable () async throws -> Result) throws -> Result {
    let result = Mutex<Swift.Result<Result, any Error>?>(nil)
    let isOver = DispatchSemaphore(value: 0)
    Task {
        do {
            let value = try await operation()
            result.withLock { $0 = .success(value) }
        } catch {
            result.withLock { $0 = .failure(error) }
        }
        isOver.signal()
    }
    while true {
        if isOver.wait(timeout: .now() + .milliseconds(50)) == .success, let result = result.withLock(\.self) {
            return try result.get()
        }
        if let signal = Signals.pending { exit(ExitStatus.signal(signal)) }
    }
}
