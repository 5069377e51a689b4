import Foundation
import Galley

/// The state of all jobs, which is written to a file atomically.
actor StatusPage {
    /// The content of the file.
    private struct Page: Encodable, Equatable {
        var waiting: [String] = []
        var running: [String: Progress] = [:]
        /// The last 100 jobs that ended since the start.
        var over: [End] = []
    }

    private struct Progress: Encodable, Equatable {
        let attempt: Int
        let since = Date()
        /// The number of the running cell and the number of all cells; nil until the kernel is ready.
        var cell: Int?
        var cells: Int?
    }

    private struct End: Encodable, Equatable {
        let job: String
        let status: String
        let message: String?
        let duration: Double?
        let attempts: Int
    }

    private let file: String
    private let jobs: String
    private var page = Page()
    private var written: Page?

    /// - Parameters:
    ///   - file: The path of the status file.
    ///   - jobs: The folder of the waiting jobs.
    init(file: String, jobs: String) { (self.file, self.jobs) = (file, jobs) }

    /// Whether no job waits or runs.
    var isIdle: Bool { page.waiting.isEmpty && page.running.isEmpty }

    /// Returns the next job and marks it as running; nil if no job waits.
    func takeJob() -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: jobs)) ?? []
        page.waiting = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
            .map { String($0.dropLast(".json".count)) }.filter { page.running[$0] == nil }.sorted()
        guard !page.waiting.isEmpty else { return nil }
        let job = page.waiting.removeFirst()
        begin(job, attempt: 1)
        return job
    }

    /// Records that an attempt of a job begins.
    func begin(_ job: String, attempt: Int) { page.running[job] = Progress(attempt: attempt) }

    /// Records an event in the run of a job.
    func note(_ event: RunEvent, of job: String) {
        switch event {
        case .started(let start): page.running[job]?.cells = start.cells
        case .cellStarted(let cell): page.running[job]?.cell = cell.number
        default: break
        }
    }

    /// Records the end of a job, with the report of its run or the error that prevented one.
    func finish(_ job: String, _ report: Report?, _ failure: (any Error)?) {
        let status =
            switch failure {
            case is CancellationError: "stopped"
            case .some: "failed"
            case nil: report?.outcome.status ?? "failed"
            }
        page.over.append(
            End(
                job: job, status: status, message: failure.map { "\($0)" } ?? report?.message,
                duration: report.map { $0.duration / .seconds(1) },
                attempts: page.running.removeValue(forKey: job)?.attempt ?? 1))
        page.over = page.over.suffix(100)
        writeChanges()
    }

    /// Writes changes a few times per second until the task is canceled.
    func keepWriting() async {
        repeat { writeChanges() } while (try? await Task.sleep(for: .milliseconds(200))) != nil
    }

    private func writeChanges() {
        // If the file cannot be written now, the next call tries again.
        if page != written, (try? write(page, to: file)) != nil { written = page }
    }
}
