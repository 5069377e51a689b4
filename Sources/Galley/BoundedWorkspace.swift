import GalleyExecution
import Synchronization

/// The workspace of one run, whose transfers have time limits and end after a stop.
final class BoundedWorkspace: Sendable {
    private let workspace: any RunWorkspace
    private let stop: StopSignal
    private let grace: Duration
    private let prepared = Mutex<String?>(nil)

    /// - Parameter grace: How long a transfer may go on after a stop.
    init(_ workspace: any RunWorkspace, _ stop: StopSignal, grace: Duration) {
        (self.workspace, self.stop, self.grace) = (workspace, stop, grace)
    }

    /// The folder of the kernel; nil before the files were brought there.
    var folder: String? { prepared.withLock(\.self) }

    /// Brings the files that the run takes along. A stop ends this at once.
    ///
    /// - Parameter deadline: When the total time limit of the run expires; nil if it has none.
    func prepare(until deadline: ContinuousClock.Instant?) async throws {
        // Without a listener, a stop would end the program, and leave what has arrived.
        stop.setListener { _ in }
        let folder = try await StoreDeadline(stop: stop, grace: grace, deadline: deadline)
            .perform(naming: "the place of the run's input files") { [workspace] in try await workspace.prepare() }
        prepared.withLock { $0 = folder }
    }

    /// Stores the files that the run has made, and adds them to its report.
    ///
    /// - Throws: ``UncollectedFiles``.
    func collect(_ report: Report, _ observe: (RunEvent) -> Void) async throws -> Report {
        guard let folder else { return report }
        var report = report
        do {
            report.files = try await store()
        } catch {
            await workspace.remove(isCollected: false)
            throw UncollectedFiles(reason: error, folder: folder, report: report)
        }
        for warning in report.files.compactMap(\.warning) {
            report.warnings.append(warning)
            observe(.warning(warning))
        }
        await workspace.remove(isCollected: true)
        return report
    }

    /// Removes what was brought for a run that has failed.
    ///
    /// - Parameter isAfterRun: Whether cells have run, whose files are stored before. They stay in the folder if that fails.
    func abandon(isAfterRun: Bool, _ observe: (RunEvent) -> Void) async {
        guard let folder else { return }
        var isCollected = true
        if isAfterRun {
            do {
                for warning in try await store().compactMap(\.warning) { observe(.warning(warning)) }
            } catch {
                isCollected = false
                observe(.warning("\(error). The files of the run are in \(folder)"))
            }
        }
        await workspace.remove(isCollected: isCollected)
    }

    private func store() async throws -> [CollectedFile] {
        stop.setListener { _ in }
        defer { stop.setListener(nil) }
        return try await StoreDeadline(stop: stop, grace: grace, cancelsAtStop: false)
            .perform(naming: "the place of the run's files") { [workspace] in try await workspace.collect() }
    }
}
