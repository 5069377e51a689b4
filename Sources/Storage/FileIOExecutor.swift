import Dispatch

/// Runs an actor's jobs one after another, off the few threads that all tasks share: they may wait for a disk.
package final class FileIOExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "galley.storage")

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            // Safe because each job is enqueued once, and run here once.
            unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}
