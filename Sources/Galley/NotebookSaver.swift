import GalleyExecution
public import GalleyJSON
import GalleyNotebook
import GalleyStorage

extension JSONText: SharedByteRuns {}

/// Brings a run to where its notebook is kept: now and then while it goes on, and once it is over.
actor NotebookSaver {
    private let executor: Executor
    private let destination: any NotebookStore
    private let storeLock: StoreLock
    private let deadline: StoreDeadline
    private let time: RunClock
    private let record: @Sendable () -> Value?
    private let observe: @Sendable (RunEvent) -> Void
    private var saved = (finishedCells: 0, revision: -1)
    /// Whether what was saved tells how the run ended, where it is to tell that.
    private var includesOutcome = false
    private var interval = SaveInterval()
    private var size = 0
    private var hasComplained = false
    private var hasToldOfConflict = false
    /// The write that nobody waits for any more, and that may still come about: it would undo any that follows.
    private var lost: StoreDeadline.Exceeded?

    /// - Parameter record: What the notebook's metadata are to tell of the run.
    init(
        _ executor: Executor, _ destination: any NotebookStore, _ storeLock: StoreLock, _ deadline: StoreDeadline,
        time: RunClock, record: @escaping @Sendable () -> Value?,
        observe: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.executor = executor
        self.destination = destination
        self.storeLock = storeLock
        self.deadline = deadline
        self.time = time
        self.record = record
        self.observe = observe
    }

    /// Saves now and then what is new, until the task is cancelled.
    func keepSaving() async {
        var last = time.now()
        while (try? await time.sleep(time.now() + interval.pause)) != nil {
            // A run that ends before its first cell leaves everything as it was.
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
                // There may be room again before the end.
                if !hasComplained { observe(.warning("could not be saved during the run: \(error)")) }
                hasComplained = true
            }
            interval.recordSave(cost: time.now() - last, bytes: size)
        }
    }

    /// Saves what is new; returns whether anything was.
    ///
    /// - Parameter isOver: Whether the run is, which the notebook may have to tell.
    @discardableResult
    func save(isOver: Bool = false) async throws -> Bool {
        let progress = executor.progress
        let record = record()
        guard progress.revision != saved.revision || isOver && record != nil && !includesOutcome else { return false }
        try await write(record)
        saved = progress
        includesOutcome = isOver
        return true
    }

    private func write(_ record: Value?) async throws {
        if let lost { throw lost }
        var notebook = executor.notebook
        if record != nil || notebook.metadata[RunMetadata.key] != nil { notebook.metadata[RunMetadata.key] = record }
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
    /// Where the bytes are that were written to a store.
    func path(in store: any NotebookStore) -> String {
        switch self {
        case .conflict(let path): path
        default: store.name
        }
    }

    /// What somebody should know of what became of a store; nil where that is nothing.
    func warning(of store: any NotebookStore) -> String? {
        guard case .conflict(let path) = self else { return nil }
        return "another program changed \(store.name) during the run; the result is in \(path)"
    }
}

/// How often it is saved: as often as it costs little.
package struct SaveInterval {
    /// How long to wait until the next look.
    package private(set) var pause = Self.least

    private static let least = Duration.milliseconds(750)

    /// Begins as if it cost nothing.
    package init() {}

    /// How long to wait until what a cell has put out so far is worth saving by itself.
    package var pauseWithinCell: Duration { max(.seconds(10), pause) }

    /// Takes note of what saving has cost.
    ///
    /// Writing a huge notebook takes time away from the kernel: the pauses are at least nineteen times as long, which
    /// makes it a twentieth of the time. Saving a small one is waiting for the disk, which takes nothing away.
    package mutating func recordSave(cost: Duration, bytes: Int) {
        pause = bytes > 10_000_000 ? max(Self.least, cost * 19) : Self.least
    }
}
