import GalleyExecution
import Galley
import Glibc
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// An engine's connection to its supervisor and to the caller.
struct SupervisorLink: Sendable {
    /// The process that receives the signals to the run.
    let process: ProcessIdentity
    /// The files of the run, if the supervisor writes some of them.
    let files: (any RunFileWriter)?
    private let summaryPipe: MessagePipe
    private let callerPipe: MessagePipe?
    private let background: BackgroundOptions

    static let ready = "ready"

    /// - Parameter files: The files of a process that has become another user; nil for any other process.
    init(
        to process: ProcessIdentity, summaryPipe: MessagePipe, callerPipe: MessagePipe?,
        _ background: BackgroundOptions, files: (any RunFileWriter)?
    ) {
        (self.process, self.summaryPipe, self.callerPipe, self.background) = (
            process, summaryPipe, callerPipe, background
        )
        self.files = files
    }

    /// Reports to the caller that the run has started, with its warnings.
    func begin(_ warnings: [String]) {
        callerPipe?.write(([Self.ready] + warnings.map { $0.terminalSafeLine(1000) }).joined(separator: "\n"))
    }

    /// Reports to the supervisor and the caller how the run ended.
    func reportEnd(_ end: RunSummary) {
        summaryPipe.write(end.text)
        callerPipe?.write(end.text)
    }

    /// Runs the completion commands if the supervisor has died.
    func runHooksIfOrphaned(after end: RunSummary, _ paths: RunPaths) {
        // The commands are root's. A process that has become another user must not run them.
        guard files == nil, !process.isAlive else { return }
        CompletionHooks(background, paths).run(after: end, end.status, output: nil) {
            Terminal.reportProblem("galley: \($0)")
        }
        paths.removeRecord()
    }
}
