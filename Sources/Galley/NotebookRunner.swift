import GalleyConcurrency
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import Synchronization

/// The permission to run cells, which several runs on one machine share.
struct ExecutionSlot: Sendable {
    /// Waits until the run with this kernel may run its cells.
    let wait: @Sendable (any Kernel) async throws -> Void
    /// Releases the slot for another run.
    let end: @Sendable () -> Void

    /// A slot that is always free.
    static let always = ExecutionSlot(wait: { _ in }, end: {})
}

/// The run of a notebook, from reading it to the last save.
final class NotebookRunner: Sendable {
    private let stores: RunStores
    private let storeLock: StoreLock
    private let options: Options
    private let stop: StopSignal
    private let executionSlot: ExecutionSlot
    private let listener: @Sendable (RunEvent) -> Void
    private let receive: @Sendable (_ new: Notebook, _ old: Notebook) -> Void
    /// The folder of the kernel, if files are brought there or taken from there.
    private let workspace: BoundedWorkspace?
    private let start = ContinuousClock.now
    private let began = Timestamp.now()
    /// Details that are collected during the run for the report.
    private let reportDetails = Mutex(ReportDetails())

    private struct ReportDetails {
        var warnings: [String] = []
        var result: String?
        /// The owner of the notebook.
        var owner: FileOwner?
        /// The current notebook, if the report is to contain it.
        var notebook: Notebook?
    }

    /// - Parameter receive: Receives the notebook with its new outputs, and the notebook as it was read.
    init(
        _ stores: RunStores, _ options: Options, stop: StopSignal,
        executionSlot: ExecutionSlot = .always,
        receive: @escaping @Sendable (_ new: Notebook, _ old: Notebook) -> Void = { _, _ in },
        observe: @escaping @Sendable (RunEvent) -> Void
    ) {
        (self.stores, self.options) = (stores, options)
        (self.stop, self.executionSlot, self.receive, listener) = (stop, executionSlot, receive, observe)
        storeLock = StoreLock(on: stores.target)
        workspace = options.hooks.workspace.map { BoundedWorkspace($0, stop, grace: options.grace.clampedToClock) }
    }

    private var source: any NotebookStore { stores.source }
    private var destination: (any NotebookStore)? { stores.destination }

    private func observe(_ event: RunEvent) {
        switch event {
        case .warning(let text): reportDetails.withLock { $0.warnings.append(text) }
        case .saved(let place): reportDetails.withLock { $0.result = place }
        default: break
        }
        listener(event)
    }

    func run() async throws -> Report {
        let target = stores.target
        do {
            let result = try await readAndRun(target)
            await reportStoreWarnings(in: [target])
            var report = complete(result)
            if let workspace { report = try await workspace.collect(report) { [self] in observe($0) } }
            await unlockStore(target)
            observe(.finished(report))
            return report
        } catch {
            if !(error is UncollectedFiles) {
                await workspace?.abandon(isAfterRun: error is UnsavedRun) { [self] in observe($0) }
            }
            await unlockStore(target)
            throw error
        }
    }

    /// Passes on the warnings of the stores, such as those about earlier runs that were killed.
    private func reportStoreWarnings(in stores: [any NotebookStore]) async {
        for store in stores {
            let warnings = try? await savingDeadline.perform(store) { await store.takeWarnings() }
            for warning in warnings ?? [] { observe(.warning(warning)) }
        }
    }

    private func unlockStore(_ target: any NotebookStore) async {
        try? await savingDeadline.perform(target) { [storeLock] in await storeLock.unlock() }
    }

    private func readAndRun(_ target: any NotebookStore) async throws -> Report {
        try await stores.makeFolder(options.settings)
        let bytes: [UInt8]
        let owner: FileOwner?
        do {
            (bytes, owner) = try await open(target)
            reportDetails.withLock { $0.owner = owner }
            await reportStoreWarnings(in: [source, target])
        } catch {
            guard let outcome = outcome(insteadOf: error) else { throw error }
            return Report(outcome: outcome, cells: [], duration: elapsed)
        }
        let unread = try UnvalidatedNotebook(parsing: bytes)
        let reading = Task { try read(unread) }
        do {
            var wanted = unread.wantedKernel
            // Starting a kernel takes longer than reading most notebooks. If a cell certainly runs, both happen at the
            // same time.
            let isSurelyRun =
                preparations.isEmpty && !options.preparesOnly && unread.contains { Plan.isRun($0, options.settings) }
            if wanted == nil || !isSurelyRun {
                let (notebook, plan) = try await reading.value
                guard !plan.cellsToRun.isEmpty, !options.preparesOnly else {
                    let result = preparations.isEmpty ? bytes : edited(notebook).bytes
                    if destination != nil || options.preparesOnly { try await copy(result, to: target) }
                    receive(notebook, notebook)
                    return plan.report(of: .succeeded, duration: elapsed)
                }
                wanted = notebook.wantedKernel
            }
            try await openingDeadline.perform(target) { try await target.checkWritable() }
            let report = try await run(reading, in: wanted ?? WantedKernel(), of: owner, target)
            endListening()
            return report
        } catch {
            endListening()
            // An error in the notebook takes precedence over an error of the kernel or a store.
            let (_, plan) = try await reading.value
            guard let outcome = outcome(insteadOf: error) else { throw error }
            return plan.report(of: outcome, duration: elapsed)
        }
    }

    /// Lets a stop have no effect on a run that has ended, unless its files are still to be stored or removed.
    private func endListening() {
        if let workspace { workspace.listen() } else { stop.setListener(nil) }
    }

    /// Returns the outcome of a run that was stopped or timed out before its first cell; nil if `error` has another
    /// cause.
    private func outcome(insteadOf error: any Error) -> RunOutcome? {
        guard error is CancellationError || error is StoreDeadline.Exceeded else { return nil }
        if let reason = stop.reason { return .stopped(reason) }
        guard let total = options.settings.totalLimit.duration, elapsed >= total else { return nil }
        return .timedOut(ExceededLimit(kind: .total, duration: total))
    }

    /// The time limit for store operations before there is a result to save.
    private var openingDeadline: StoreDeadline {
        StoreDeadline(
            stop: stop, grace: options.grace.clampedToClock,
            deadline: options.settings.totalLimit.duration.map { start + $0 })
    }

    /// The time limit for store operations once there is a result to save.
    private var savingDeadline: StoreDeadline {
        StoreDeadline(stop: stop, grace: options.grace.clampedToClock, cancelsAtStop: false)
    }

    /// Locks the target against other runs, and reads the notebook.
    private func open(_ target: any NotebookStore) async throws -> ([UInt8], FileOwner?) {
        try await openingDeadline.perform(target) { [storeLock] in try await storeLock.lock() }
        // Local files have the limit too: reading a pipe without a writer, or from an unreachable file server, never
        // ends.
        return try await openingDeadline.perform(naming: source.name) { [source] in
            let bytes = try await source.read()
            let owner = await source.owner()
            if let owner { await target.setOwner(owner) }
            return (bytes, owner)
        }
    }

    /// Writes the notebook to the target without running it.
    private func copy(_ bytes: [UInt8], to target: any NotebookStore) async throws {
        let place = try await openingDeadline.perform(target) { [storeLock] in
            try await storeLock.perform { try await target.write(bytes) }
        }
        if let warning = place.warning(of: target) { observe(.warning(warning)) }
        if place != .discarded { observe(.saved(place.path(in: target))) }
    }

    /// Returns the notebook as the editors of results change it, without a run.
    private func edited(_ notebook: Notebook) -> Notebook {
        var notebook = notebook
        for editor in options.hooks.editors { editor.edit(&notebook, nil) }
        return notebook
    }

    /// The preparations of the settings and of the caller, in this order.
    private var preparations: [any NotebookPreparation] { options.settings.preparations + options.hooks.preparations }

    private func read(_ unread: UnvalidatedNotebook) throws -> (Notebook, Plan) {
        var notebook = try Notebook(reading: unread)
        for warning in notebook.warnings { observe(.warning("\(warning)")) }
        for preparation in preparations {
            try preparation.prepare(&notebook) { [self] in observe(.warning($0)) }
        }
        keep(notebook)
        let plan = try Plan(for: notebook, options.settings)
        for warning in plan.warnings { observe(.warning(warning)) }
        return (notebook, plan)
    }

    /// Keeps the notebook for the report, if the options say so.
    private func keep(_ notebook: Notebook) {
        if options.keepsNotebook { reportDetails.withLock { $0.notebook = notebook } }
    }

    private var elapsed: Duration { start.duration(to: .now) }

    /// Adds the collected details to a report.
    private func complete(_ report: Report, result: String? = nil) -> Report {
        var report = report
        (report.notebook, report.started) = (source.name, began)
        reportDetails.withLock { reportDetails in
            (report.warnings, report.result) = (reportDetails.warnings, result ?? reportDetails.result)
            report.executedNotebook = reportDetails.notebook
        }
        return report
    }

    /// Requests the kernel that the notebook needs.
    private func borrowKernel(_ wanted: WantedKernel, of owner: FileOwner?, within limit: Duration) -> BorrowedKernel {
        var request = KernelRequest(options.settings, for: wanted)
        (request.notebookDirectory, request.startTimeout) = (source.workingDirectory, limit)
        if let folder = workspace?.folder { request.notebookDirectory = folder }
        request.owner = owner.map { KernelRequest.Owner(user: $0.user, isSafeFromOtherUsers: $0.isSafeForRoot) }
        request.warn = { [self] in if stop.reason == nil { observe(.warning($0)) } }
        return BorrowedKernel(of: options.kernels, request, grace: options.grace.clampedToClock) { [stop] in
            stop.reason != nil
        }
    }

    /// Requests a kernel, and runs the cells in it.
    private func run(
        _ reading: Task<(Notebook, Plan), any Error>, in wanted: WantedKernel, of owner: FileOwner?,
        _ target: any NotebookStore
    ) async throws -> Report {
        try await workspace?.prepare(until: openingDeadline.deadline)
        let rest = options.settings.totalLimit.duration.map { max(.zero, $0 - elapsed) }
        let start = options.startTimeout.clampedToClock
        let limit = min(start, rest ?? start)
        let isKnown = AsyncState(false)
        let starting = Task { [self] in
            // The listener that is set below must come first. The executor replaces it later.
            _ = await isKnown.first { $0 ? true : nil }
            return try await borrowKernel(wanted, of: owner, within: limit).withKernel { kernel in
                let ready = elapsed
                try await executionSlot.wait(kernel)
                let waited = elapsed - ready
                // From here on, the executor handles stops: canceling the outer task has no effect on this one.
                return try await Task {
                    defer { executionSlot.end() }
                    let (notebook, plan) = try await reading.value
                    return try await run(notebook, plan, on: kernel, target, waited: waited)
                }.value
            }
        }
        stop.setListener { _ in starting.cancel() }
        isKnown.change { $0 = true }
        Task { if case .failure = await reading.result { starting.cancel() } }
        do {
            return try await starting.value
        } catch let error as UnsavedRun {
            throw error
        } catch {
            let (_, plan) = try await reading.value
            // A stop or a limit before the first cell is not an error of the kernel.
            if let reason = stop.reason { return plan.report(of: .stopped(reason), duration: elapsed) }
            if case KernelError.silent = error, let total = options.settings.totalLimit.duration, let rest,
                rest <= options.startTimeout.clampedToClock
            {
                let limit = ExceededLimit(kind: .total, duration: total)
                return plan.report(of: .timedOut(limit), duration: elapsed)
            }
            throw error
        }
    }

    private func run(
        _ notebook: Notebook, _ plan: Plan, on kernel: any Kernel, _ target: any NotebookStore, waited: Duration
    ) async throws -> Report {
        let executor = Executor(
            notebook, plan, on: kernel, options.settings, hooks: options.hooks.cells, clock: options.hooks.clock,
            elapsed: elapsed - waited, observe: observe)
        stop.setListener { executor.stop($0) }
        observe(.started(RunStart(kernel: kernel.name, user: kernel.user, plan)))
        let report = Mutex<Report?>(nil)
        let saver = NotebookSaver(
            executor, target, storeLock, savingDeadline, options, report: { report.withLock(\.self) },
            observe: observe)
        // A stream can be written only once.
        let savesOnTheWay = target.canBeWrittenAgain
        let saving = Task { if savesOnTheWay { await saver.keepSaving() } }
        let (outcome, cells) = await withTaskExecutorPreference(kernel.executor) { await executor.run() }
        saving.cancel()
        executionSlot.end()
        var result = Report(
            outcome: outcome, cells: cells, duration: elapsed - waited, kernel: kernel.name, user: kernel.user)
        result.fileLine = result.failingCell.flatMap { cell in
            // The lines of a source that middleware has edited are not those of the file.
            let isEdited = notebook.cells[cell.index].source != cell.source
            return notebook.fileLine(of: isEdited ? 1 : cell.error?.line ?? 1, inCellAt: cell.index)
        }
        report.withLock { [result] in $0 = result }
        guard executor.hasBegun else {
            receive(notebook, notebook)
            async let late: Void = executor.receiveUntilEnd()
            result.keptKernel = await endOrKeep(kernel, after: outcome)
            _ = await (late, saving.value)
            return result
        }
        async let late: Void = executor.receiveUntilEnd()
        async let kept = endOrKeep(kernel, after: outcome)
        // While the kernel shuts down, there is time to save.
        await saving.value
        if savesOnTheWay { _ = try? await saver.save(isOver: true) }
        (_, result.keptKernel) = await (late, kept)
        for index in result.cells.indices { executor.measure(&result.cells[index]) }
        executor.observeNewResults()
        result.results = executor.results
        let executed = executor.notebook
        keep(executed)
        receive(executed, notebook)
        do {
            try await saver.save(isOver: true)
        } catch {
            let rescue = await ResultRescue(
                environment: currentEnvironment().merging(options.environment) { $1 },
                isStopped: { [stop] in stop.reason != nil }
            ).save(executor.notebook.text, insteadOf: target.name, for: reportDetails.withLock(\.owner))
            throw UnsavedRun(reason: error, rescue: rescue, report: complete(result, result: rescue))
        }
        return result
    }

    /// Shuts the kernel down, or leaves it running if the options say so; returns the kernel in the second case.
    private func endOrKeep(_ kernel: any Kernel, after outcome: RunOutcome) async -> KeptKernel? {
        guard options.keepsKernel.keeps(afterSuccess: outcome.isSuccess), let kept = try? await kernel.keep() else {
            await kernel.shutdown()
            return nil
        }
        observe(.kernelKept(kept))
        return kept
    }
}
