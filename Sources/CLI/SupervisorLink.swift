import GalleyExecution
import Galley
import Glibc
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// What the process that runs the notebook has of the others.
struct SupervisorLink: Sendable {
    /// The process that a signal to the run goes to.
    let process: ProcessIdentity
    /// The files of the run, where the supervisor writes some of them.
    let files: (any RunFileWriter)?
    private let summaryPipe: MessagePipe
    private let callerPipe: MessagePipe?
    private let background: BackgroundOptions

    static let ready = "ready"

    /// - Parameter files: The files of a process that has become another user; nil for one that has not.
    init(
        to process: ProcessIdentity, summaryPipe: MessagePipe, callerPipe: MessagePipe?,
        _ background: BackgroundOptions, files: (any RunFileWriter)?
    ) {
        (self.process, self.summaryPipe, self.callerPipe, self.background) = (
            process, summaryPipe, callerPipe, background
        )
        self.files = files
    }

    /// Tells the caller that the run is under way, and what is not as it should be.
    func begin(_ warnings: [String]) {
        callerPipe?.write(([Self.ready] + warnings.map { $0.terminalSafeLine(1000) }).joined(separator: "\n"))
    }

    /// Tells how the run ended.
    func reportEnd(_ end: RunSummary) {
        summaryPipe.write(end.text)
        callerPipe?.write(end.text)
    }

    /// Where nobody is left to do it, runs what is to be run at the end.
    func runHooksIfOrphaned(after end: RunSummary, _ paths: RunPaths) {
        // The commands are root's, and not for the process of another user to run.
        guard files == nil, !process.isAlive else { return }
        CompletionHooks(background, paths).run(after: end, end.status, output: nil) {
            Terminal.reportProblem("galley: \($0)")
        }
        paths.removeRecord()
    }
}
