import Galley
import GalleyExecution
import GalleyRuns
import Synchronization

/// Forwards the start, the warnings and the end of a run to the supervisor and the caller.
final class SupervisorSink: ProgramSink {
    private let link: SupervisorLink
    private let notebooks: [String]
    private let paths: RunPaths
    /// The warnings so far; nil after the caller has received them with the start of the run.
    private let warnings = Mutex<[String]?>([])

    /// - Parameter notebooks: The notebooks by their jobs.
    init(_ link: SupervisorLink, _ notebooks: [String], _ paths: RunPaths) {
        (self.link, self.notebooks, self.paths) = (link, notebooks, paths)
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .warning(let text)): warnings.withLock { $0?.append("\(notebooks[job]): \(text)") }
        case .run(_, .started): if let warnings = warnings.withLock({ $0.take() }) { link.begin(warnings) }
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .decided(let end, _): link.reportEnd(end)
        case .ending(let end): link.runHooksIfOrphaned(after: end, paths)
        default: break
        }
    }
}
