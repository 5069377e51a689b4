import GalleyConcurrency
import GalleyExecution
import Synchronization

/// The workspace of one run, whose transfers have time limits and end after a stop.
final class BoundedWorkspace: Sendable {
    private let workspace: any RunWorkspace
    private let stop: StopSignal
    private let grace: Duration
    private let prepared = Mutex<String?>(nil)

    /// The least time for removing files.
    private static let leastRemoval = Duration.seconds(30)

    /// - Parameter grace: How long a transfer may go on after a stop.
    init(_ workspace: any RunWorkspace, _ stop: StopSignal, grace: Duration) {
        (self.workspace, self.stop, self.grace) = (workspace, stop, grace)
    }

    /// The folder of the kernel; nil before the files were brought there.
    var folder: String? { prepared.withLock(\.self) }

    /// Brings the files that the run needs. A stop ends this at once.
    ///
    /// From here on a stop has something to end, so that the program does not end before the files are gone.
    ///
    /// - Parameter deadline: When the total time limit of the run expires; nil if it has none.
    func prepare(until deadline: ContinuousClock.Instant?) async throws {
        listen()
        let folder = try await StoreDeadline(stop: stop, grace: grace, deadline: deadline)
            .perform(naming: "the place of the run's input files") { [workspace] in try await workspace.prepare() }
        prepared.withLock { $0 = folder }
    }

    /// Listens to stops while no other code does.
    func listen() { stop.setListener { _ in } }

    /// Stores the files that the run has made, and adds them to its report.
    ///
    /// - Throws: ``UncollectedFiles``.
    func collect(_ report: Report, _ observe: @escaping @Sendable (RunEvent) -> Void) async throws -> Report {
        listen()
        defer { stop.setListener(nil) }
        guard let folder else { return report }
        var report = report
        let collected = await store(observe)
        report.files = collected.files
        report.warnings += collected.files.compactMap(\.warning)
        await remove(isCollected: collected.failure == nil)
        if let failure = collected.failure { throw UncollectedFiles(reason: failure, folder: folder, report: report) }
        return report
    }

    /// Removes what was brought for a run that has failed.
    ///
    /// - Parameter isAfterRun: Whether cells have run, whose files are stored before. They stay in the folder if that fails.
    func abandon(isAfterRun: Bool, _ observe: @escaping @Sendable (RunEvent) -> Void) async {
        listen()
        defer { stop.setListener(nil) }
        guard let folder else { return }
        let failure = isAfterRun ? await store(observe).failure : nil
        if let failure { observe(.warning("\(failure). The files of the run are in \(folder)")) }
        await remove(isCollected: failure == nil)
    }

    /// Removes files, unless the disk does not respond.
    private func remove(isCollected: Bool) async {
        let removal = AbandonableTask<Void> { [workspace] in await workspace.remove(isCollected: isCollected) }
        _ = await removal.answer(within: max(grace, Self.leastRemoval))
    }

    /// Stores the files. After a stop this goes on for the grace period; a second stop ends it at once.
    private func store(_ observe: @escaping @Sendable (RunEvent) -> Void) async -> CollectedFiles {
        let transfer = Task { [workspace] in try await workspace.collect() }
        // The stops so far were about the cells.
        let count = Mutex<Int?>(nil)
        stop.setListener { _ in
            let number = count.withLock { count in
                count = count.map { $0 + 1 }
                return count
            }
            if number == 1 { observe(.warning("the files of the run are being stored; a second signal ends that")) }
            if number == 2 { transfer.cancel() }
        }
        count.withLock { $0 = 0 }
        defer { listen() }
        var collected = CollectedFiles()
        do {
            collected = try await StoreDeadline(stop: stop, grace: grace, cancelsAtStop: false)
                .perform(naming: "the place of the run's files") {
                    try await withTaskCancellationHandler {
                        try await transfer.value
                    } onCancel: {
                        transfer.cancel()
                    }
                }
        } catch {
            collected.failure = error
        }
        for warning in collected.files.compactMap(\.warning) { observe(.warning(warning)) }
        return collected
    }
}
