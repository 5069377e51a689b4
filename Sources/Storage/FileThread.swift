import Dispatch

/// Runs an actor's jobs one after another, off the threads that all tasks share.
final class FileThread: SerialExecutor {
    private let queue = DispatchQueue(label: "galley.storage")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            // Safe because each job is enqueued once, and run here once.
            unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}
