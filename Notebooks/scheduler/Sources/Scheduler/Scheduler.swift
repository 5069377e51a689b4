import Foundation
import Galley

/// Runs the notebooks that the jobs in a folder describe, three at a time.
///
///     scheduler FOLDER [--once]
///
/// A ``Job`` is a file `jobs/NAME.json`; waiting jobs run in the order of their names. The result is written to
/// `results/NAME.ipynb`, and the report of the run to `reports/NAME.json`. Then the job file moves to `done/`, even if
/// the run failed. `status.json` lists the jobs that wait, run and have ended.
///
/// SIGTERM and SIGINT stop the scheduler in an orderly way: running jobs are interrupted, their notebooks are saved,
/// and their files stay in `jobs/`, so the next start runs them again. With `--once`, the scheduler ends when no job is
/// left.
@main struct Scheduler {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        let folders = arguments.filter { $0 != "--once" }
        guard folders.count == 1, let folder = folders.first, !folder.hasPrefix("-") else {
            fail("usage: scheduler FOLDER [--once]")
        }
        let work = Task { try await Scheduler(folder: folder, isOnce: arguments.contains("--once")).run() }
        let signals = [SIGTERM, SIGINT].map { number in
            // Kernels do not inherit this: Galley starts them with the default action for all signals.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler {
                work.cancel()
                // The next signal ends the program at once, and its kernels end within a second.
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
        do { try await work.value } catch { fail("scheduler: \(error)") }
        for source in signals { source.cancel() }
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(1)
    }

    private let folder: String
    private let isOnce: Bool
    private let page: StatusPage
    /// The number of seconds before the second attempt; it doubles for each further attempt.
    private let firstPause = ProcessInfo.processInfo.environment["SCHEDULER_FIRST_PAUSE"].flatMap(Double.init) ?? 1

    private init(folder: String, isOnce: Bool) throws {
        for name in ["jobs", "results", "reports", "done"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        // The system releases the lock when the process ends for any reason.
        guard flock(open(folder, O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(description: "another scheduler works in \(folder)")
        }
        (self.folder, self.isOnce) = (folder, isOnce)
        page = StatusPage(file: "\(folder)/status.json", jobs: "\(folder)/jobs")
    }

    /// Runs jobs until the task is canceled or, with `--once`, until no job is left.
    private func run() async throws {
        async let _ = page.keepWriting()
        try await withThrowingTaskGroup { group in
            for _ in 1...3 { group.addTask { try await runOneAfterAnother() } }
            // If one of the three cannot store its results, its error ends the others too.
            for try await _ in group {}
        }
    }

    private func runOneAfterAnother() async throws {
        while !Task.isCancelled {
            if let name = await page.takeJob() {
                try await run(name)
            } else if isOnce, await page.isIdle {
                return
            } else {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Runs a job, and stores its report.
    private func run(_ name: String) async throws {
        let (jobFile, reportFile) = ("\(folder)/jobs/\(name).json", "\(folder)/reports/\(name).json")
        // A report of an earlier job with this name would be mistaken for this job's report.
        try? FileManager.default.removeItem(atPath: reportFile)
        var (report, failure): (Report?, (any Error)?)
        do {
            report = try await run(Job(readingFrom: jobFile), name)
        } catch {
            (report, failure) = ((error as? UnsavedRun)?.report, error)
        }
        if let report { try write(report, to: reportFile) }
        let isInterrupted = if case .stopped? = report?.outcome { true } else { failure is CancellationError }
        // If the file is missing, the job was withdrawn.
        if !isInterrupted, rename(jobFile, "\(folder)/done/\(name).json") != 0, access(jobFile, F_OK) == 0 {
            throw Failure(description: "\(jobFile) cannot be moved to done: \(String(cString: strerror(errno)))")
        }
        await page.finish(name, report, failure)
    }

    /// Runs a notebook, and retries after transient failures. An error in a cell is not retried.
    ///
    /// If the task is canceled, the events end, the run stops in an orderly way, and its report says so.
    private func run(_ job: Job, _ name: String) async throws -> Report {
        let notebook = job.notebook.hasPrefix("/") ? job.notebook : "\(folder)/\(job.notebook)"
        var options = job.options
        options.result = .file("\(folder)/results/\(name).ipynb")
        options.hasTemporaryDirectory = true
        var attempt = 1
        while true {
            let isLast = attempt >= job.attempts ?? 3
            do {
                let run = Run(notebook, options)
                for await event in run.events { await page.note(event, of: name) }
                let report = try await run.report
                guard report.outcome.isTransient, !isLast else { return report }
            } catch let error as any KernelFault where error.isTransient && !isLast {}
            try await Task.sleep(for: .seconds(min(firstPause * pow(2, Double(attempt - 1)), 300)))
            attempt += 1
            await page.begin(name, attempt: attempt)
        }
    }
}
