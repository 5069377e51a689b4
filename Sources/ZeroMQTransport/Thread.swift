import GalleyCZeroMQ
import Glibc

/// Runs `body` on a new thread, which ends with it; returns whether there was one to be had.
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
            // Whoever looks at the threads of a process sees whose they are; otherwise they have their maker's name.
            _ = unsafe pthread_setname_np(pthread_self(), "galley")
            unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, job)
    if failed != 0 { unsafe Unmanaged<Job>.fromOpaque(job).release() }
    if failed == 0 { pthread_detach(thread) }
    return failed == 0
}
