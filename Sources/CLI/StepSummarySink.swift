import Galley
import GalleyExecution
import GalleyReports
import GalleyStorage
import Glibc

/// Appends a table of the notebooks to the file that GitHub shows as the summary of the step.
final class StepSummarySink: ProgramSink {
    private let path: String
    private let files: any RunFileWriter
    private let reportProblem: @Sendable (String) -> Void

    /// The maximum size of the file. GitHub refuses a larger one.
    private static let limit = 1 << 20

    /// Returns nil if the host shows no summaries.
    ///
    /// - Parameter reportProblem: Receives the reason why the summary could not be written.
    init?(_ files: any RunFileWriter, reportProblem: @escaping @Sendable (String) -> Void) {
        guard CIHost.current == .gitHub, let path = Terminal.variable("GITHUB_STEP_SUMMARY") else { return nil }
        (self.path, self.files, self.reportProblem) = (path, files, reportProblem)
    }

    func receive(_ event: BatchEvent) {}

    func receive(_ event: ProgramEvent) {
        guard case .summarized(let summary) = event else { return }
        if let problem = append(MarkdownSummary(summary.report)) {
            reportProblem("the step summary was not written to \(path): \(problem)")
        }
    }

    /// Appends the summary; returns the problem if that failed.
    private func append(_ summary: MarkdownSummary) -> String? {
        // Opening a pipe would wait for its reader.
        guard LocalFile.kind(of: path) != .other else { return "it is not a regular file" }
        let descriptor: Int32
        do throws(Errno) {
            descriptor = try files.openForAppending(path)
        } catch {
            return "\(error)"
        }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let text = summary.text(upTo: Self.limit - max(0, size))
        if text.isEmpty { return "it is full" }
        return Terminal.write(Array(text.utf8), to: descriptor) ? nil : "\(Errno(rawValue: errno))"
    }
}
