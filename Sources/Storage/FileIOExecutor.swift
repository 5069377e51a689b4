import Dispatch

/// Runs an actor's jobs one at a time on a queue of its own, because they may wait for a disk and would block the
/// threads that all tasks share.
package final class FileIOExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "galley.storage")

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            // Safe because each job is enqueued once and run once.
            unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}
