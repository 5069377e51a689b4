import Dispatch
import GalleyCLinux
import Glibc

/// Runs `body` on a new detached thread; returns false if the system cannot start one.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Job: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // Safe because the job is retained here once and released there once.
    let job = unsafe Unmanaged.passRetained(Job(body)).toOpaque()
    let failed = unsafe pthread_create(
        &thread, nil,
        { argument in
            guard let argument = unsafe argument else { return nil }
            // Without a name, the thread would show the name of the thread that created it.
            unsafe clinux_name_thread("galley")
            unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, job)
    if failed != 0 { unsafe Unmanaged<Job>.fromOpaque(job).release() }
    if failed == 0 { pthread_detach(thread) }
    return failed == 0
}

/// Checks, by starting them, whether this process can start this number of additional threads.
package func canStartThreads(_ count: Int) -> Bool {
    let gate = DispatchSemaphore(value: 0)
    var threads: [pthread_t] = []
    for _ in 0..<count {
        var thread = pthread_t()
        // Safe because the semaphore is retained here and released once: by the thread, or here if there is no thread.
        let argument = unsafe Unmanaged.passRetained(gate).toOpaque()
        let failed = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<DispatchSemaphore>.fromOpaque(argument).takeRetainedValue().wait()
                return nil
            }, argument)
        guard failed == 0 else {
            unsafe Unmanaged<DispatchSemaphore>.fromOpaque(argument).release()
            break
        }
        threads.append(thread)
    }
    for _ in threads { gate.signal() }
    for thread in threads { pthread_join(thread, nil) }
    return threads.count == count
}
