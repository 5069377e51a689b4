import Foundation
import Galley

/// Knows what waits, what runs and what is over, and tells it by a file that is never half written.
actor StatusPage {
    /// What the file holds.
    private struct Page: Encodable, Equatable {
        var waiting: [String] = []
        var running: [String: Progress] = [:]
        /// What is over since the start, a hundred jobs at most.
        var over: [End] = []
    }

    private struct Progress: Encodable, Equatable {
        let attempt: Int
        let since = Date()
        /// The number of the cell that runs, and that of all; nil until the kernel is ready.
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
    ///   - file: Where the page is written.
    ///   - jobs: The folder that jobs are put into.
    init(file: String, jobs: String) { (self.file, self.jobs) = (file, jobs) }

    /// Whether nothing waits and nothing runs.
    var isIdle: Bool { page.waiting.isEmpty && page.running.isEmpty }

    /// Returns the next job, which runs from now on; nil where none waits.
    func takeJob() -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: jobs)) ?? []
        page.waiting = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
            .map { String($0.dropLast(".json".count)) }.filter { page.running[$0] == nil }.sorted()
        guard !page.waiting.isEmpty else { return nil }
        let job = page.waiting.removeFirst()
        begin(job, attempt: 1)
        return job
    }

    /// Takes note that a job is run, for the first time or again.
    func begin(_ job: String, attempt: Int) { page.running[job] = Progress(attempt: attempt) }

    /// Takes note of what happens in the run of a job.
    func note(_ event: RunEvent, of job: String) {
        switch event {
        case .started(let start): page.running[job]?.cells = start.cells
        case .cellStarted(let cell): page.running[job]?.cell = cell.number
        default: break
        }
    }

    /// Takes note that a job is over, with the report of its run or the reason why there is none.
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

    /// Writes what has changed, a few times a second, until the task is cancelled.
    func keepWriting() async {
        repeat { writeChanges() } while (try? await Task.sleep(for: .milliseconds(200))) != nil
    }

    private func writeChanges() {
        // Where it cannot be written now, it may be the next time.
        if page != written, (try? write(page, to: file)) != nil { written = page }
    }
}
