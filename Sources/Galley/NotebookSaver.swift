import GalleyExecution
public import GalleyJSON
import GalleyNotebook
import GalleyStorage

extension JSONText: SharedByteRuns {}

/// The saver of a run's result: at intervals during the run, and at the end.
actor NotebookSaver {
    private let executor: Executor
    private let destination: any NotebookStore
    private let storeLock: StoreLock
    private let deadline: StoreDeadline
    private let time: RunClock
    private let editors: [any ResultEditor]
    /// Whether the notebook says how the run ended.
    private let recordsOutcome: Bool
    private let report: @Sendable () -> Report?
    private let observe: @Sendable (RunEvent) -> Void
    private var saved = (finishedCells: 0, revision: -1)
    /// Whether the saved notebook says how the run ended.
    private var includesOutcome = false
    private var interval: SaveInterval
    private var size = 0
    private var hasComplained = false
    private var hasToldOfConflict = false
    /// The write that timed out. It may still complete, and would overwrite any later write.
    private var lost: StoreDeadline.Exceeded?

    /// - Parameter report: Returns the report of the run; nil until its last cell has ended.
    init(
        _ executor: Executor, _ destination: any NotebookStore, _ storeLock: StoreLock, _ deadline: StoreDeadline,
        _ options: Options, report: @escaping @Sendable () -> Report?,
        observe: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.executor = executor
        self.destination = destination
        interval = SaveInterval(least: destination.leastSaveInterval)
        self.storeLock = storeLock
        self.deadline = deadline
        time = RunClock(options.hooks.clock, elapsed: .zero)
        editors = options.editors
        recordsOutcome = options.recordsOutcome
        self.report = report
        self.observe = observe
    }

    /// Saves changes at intervals until the task is canceled.
    func keepSaving() async {
        var last = time.now()
        while (try? await time.sleep(time.now() + interval.pause)) != nil {
            // A run that ends before its first cell changes nothing.
            guard executor.hasBegun else { continue }
            let progress = executor.progress
            let isWorthIt =
                progress.finishedCells > saved.finishedCells
                || progress.revision != saved.revision && time.now() - last >= interval.pauseWithinCell
            guard isWorthIt else { continue }
            last = time.now()
            do {
                guard try await save() else { continue }
            } catch {
                // A later attempt may succeed, for example when there is free space again.
                if !hasComplained { observe(.warning("could not be saved during the run: \(error)")) }
                hasComplained = true
            }
            interval.recordSave(cost: time.now() - last, bytes: size)
        }
    }

    /// Saves the notebook if it has changed; returns whether it was saved.
    ///
    /// - Parameter isOver: Whether the run has ended.
    @discardableResult
    func save(isOver: Bool = false) async throws -> Bool {
        let progress = executor.progress
        guard progress.revision != saved.revision || isOver && recordsOutcome && !includesOutcome else { return false }
        try await write()
        saved = progress
        includesOutcome = isOver
        return true
    }

    private func write() async throws {
        if let lost { throw lost }
        var notebook = executor.notebook
        let report = report()
        for editor in editors { editor.edit(&notebook, report) }
        let text = notebook.text
        size = text.count
        let place: WriteOutcome
        do {
            place = try await deadline.perform(destination) { [destination, storeLock] in
                try await storeLock.perform { try await destination.write(text) }
            }
        } catch let error as StoreDeadline.Exceeded {
            lost = error
            throw error
        }
        if let warning = place.warning(of: destination), !hasToldOfConflict {
            observe(.warning(warning))
            hasToldOfConflict = true
        }
        if place != .discarded { observe(.saved(place.path(in: destination))) }
    }
}

extension WriteOutcome {
    /// Returns the place of the bytes that were written to a store.
    func path(in store: any NotebookStore) -> String {
        switch self {
        case .conflict(let path): path
        default: store.name
        }
    }

    /// Returns a warning for the user about a conflict; nil if there is none.
    func warning(of store: any NotebookStore) -> String? {
        guard case .conflict(let path) = self else { return nil }
        return "another program changed \(store.name) during the run; the result is in \(path)"
    }
}

/// The interval between saves, which keeps their cost low.
package struct SaveInterval {
    /// The pause before the next check for changes.
    package private(set) var pause: Duration

    /// The shortest pause.
    private let least: Duration
    /// Whether every save has a cost, not only that of a huge notebook.
    private let isCostly: Bool

    private static let least = Duration.milliseconds(750)

    /// Starts with the shortest pause.
    ///
    /// - Parameter least: The shortest time between two saves to the store.
    package init(least: Duration = .zero) {
        self.least = max(Self.least, least)
        isCostly = least > Self.least
        pause = self.least
    }

    /// The pause before a save of the outputs of a cell that still runs.
    package var pauseWithinCell: Duration { max(.seconds(10), pause) }

    /// Adjusts the pause to the cost of the last save.
    ///
    /// Writing a huge notebook takes time from the kernel, and a store may charge for it. The pause is at least 19 times the cost, so saving takes at
    /// most a twentieth of the time. Saving a small notebook only waits for the disk.
    package mutating func recordSave(cost: Duration, bytes: Int) {
        pause = isCostly || bytes > 10_000_000 ? max(least, cost * 19) : least
    }
}
