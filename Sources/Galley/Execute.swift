public import Execution
import JSON
import LocalKernels
import Notebook
public import Storage
import Synchronization

/// Runs a notebook and saves what it puts out: along the way and at the end, however that comes about.
///
/// A cell that raises an error, a limit that is reached, a kernel that dies, a stop from outside: all of them are results,
/// told by the report, and what was put out until then is saved. Where nothing is to be run no kernel is started, and what
/// is saved is what was read, byte for byte.
///
/// - Parameters:
///   - source: Where the notebook is read from.
///   - destination: Where it is saved; nil for where it was read.
///   - stop: Ends the run from outside; so does cancelling the task.
///   - observe: Is told what happens, in order, while the run waits.
/// - Throws: `StorageError` and `NotebookError` where the notebook cannot be read, or could not be written;
///   ``PlanError`` where the options name a cell that is not there; `KernelError` where there is no kernel; ``UnsavedRun``
///   where there was a run that could not be saved.
public func execute(
    _ source: any NotebookStore, to destination: (any NotebookStore)? = nil, _ options: Options = Options(),
    stop: StopSwitch = StopSwitch(), observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
) async throws -> RunReport {
    try await withTaskCancellationHandler {
        // What is cancelled cannot wait for anything, and there is a lot to wait for: a run is ended in order.
        try await Task {
            try await Conduct(source, to: destination, options, stop: stop, observe: observe).run()
        }.value
    } onCancel: {
        stop.stop(.cancelled)
    }
}

/// Runs a notebook of this machine in place, in the folder that it is in.
///
/// It is ``execute(_:to:_:stop:observe:)`` for a file.
public func execute(
    _ path: String, _ options: Options = Options(), stop: StopSwitch = StopSwitch(),
    observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
) async throws -> RunReport {
    var options = options
    if options.launch.workingFolder == nil { options.launch.workingFolder = LocalFile.folder(of: path) }
    return try await execute(LocalFile(path), options, stop: stop, observe: observe)
}

/// Says that what a run has put out could not be saved where it belongs.
public struct UnsavedRun: Error {
    /// Why not.
    public let reason: any Error
    /// Where it was saved instead; nil where that was not possible either.
    public let rescue: String?
    /// What became of the run.
    public let report: RunReport
}

extension UnsavedRun: CustomStringConvertible {
    /// What happened, and where the result is.
    public var description: String {
        "\(reason). " + (rescue.map { "The result is in \($0)" } ?? "The result of the run is lost")
    }
}

/// When a run whose kernel is ready may have its cells run: several runs share a machine.
struct Turn: Sendable {
    /// Waits until it may.
    let wait: @Sendable (LocalKernel) async throws -> Void
    /// Lets somebody else have it.
    let end: @Sendable () -> Void

    /// At once.
    static let always = Turn(wait: { _ in }, end: {})
}

/// One run, from the first byte read to the last one written.
struct Conduct: Sendable {
    let source: any NotebookStore
    let destination: (any NotebookStore)?
    let options: Options
    let stop: StopSwitch
    var turn = Turn.always
    let observe: @Sendable (RunEvent) -> Void
    private let start = ContinuousClock.now

    init(
        _ source: any NotebookStore, to destination: (any NotebookStore)?, _ options: Options, stop: StopSwitch,
        turn: Turn = .always, observe: @escaping @Sendable (RunEvent) -> Void
    ) {
        (self.source, self.destination, self.options) = (source, destination, options)
        (self.stop, self.turn, self.observe) = (stop, turn, observe)
    }

    func run() async throws -> RunReport {
        let target = destination ?? source
        try await target.lock()
        let bytes = try await source.read()
        let owner = await source.owner()
        if let owner { await target.setOwner(owner) }
        let unread = try UnreadNotebook(parsing: bytes)
        let reading = Task { try read(unread) }
        var wanted = unread.wantedKernel
        // A kernel takes longer to start than most notebooks to read: where there surely is something to run, it is
        // started meanwhile.
        if wanted == nil || !unread.contains(where: { Plan.isRun($0, options.execution) }) {
            let (notebook, plan) = try await reading.value
            guard !plan.run.isEmpty else {
                if destination != nil { _ = try await target.write(bytes) }
                observe(.result(notebook, of: notebook))
                return finished(plan.report(of: .succeeded, duration: elapsed))
            }
            wanted = notebook.wantedKernel
        }
        do {
            try await target.checkWritable()
            let choice = try await options.chooseKernel(for: wanted ?? Notebook().wantedKernel, of: owner)
            for warning in choice.warnings { observe(.warning(warning)) }
            let report = try await run(reading, choice, target)
            // What is over cannot be stopped.
            stop.setListener(nil)
            return finished(report)
        } catch {
            stop.setListener(nil)
            // What is wrong with the notebook comes before what is wrong with its surroundings.
            _ = try await reading.value
            throw error
        }
    }

    private func read(_ unread: UnreadNotebook) throws -> (Notebook, Plan) {
        let notebook = try Notebook(reading: unread)
        for warning in notebook.warnings { observe(.warning("\(warning)")) }
        let plan = try Plan(for: notebook, options.execution)
        for warning in plan.warnings { observe(.warning(warning)) }
        return (notebook, plan)
    }

    private var elapsed: Duration { start.duration(to: .now) }

    private func finished(_ report: RunReport) -> RunReport {
        observe(.finished(report))
        return report
    }

    /// Runs the cells in a kernel that is started for them.
    private func run(
        _ reading: Task<(Notebook, Plan), any Error>, _ choice: KernelChoice, _ target: any NotebookStore
    ) async throws -> RunReport {
        var launch = choice.launch
        let total = options.execution.totalLimit.duration
        if let total { launch.startLimit = min(launch.startLimit, max(.zero, total - elapsed)) }
        let starting = Task { [launch] in
            try await withKernel(choice.spec, options: launch) { kernel in
                let ready = elapsed
                try await turn.wait(kernel)
                let waited = elapsed - ready
                // From here on a stop is an affair of the cells.
                return try await Task {
                    defer { turn.end() }
                    let (notebook, plan) = try await reading.value
                    return try await run(notebook, plan, on: kernel, as: choice.user, target, waited: waited)
                }.value
            }
        }
        stop.setListener { _ in starting.cancel() }
        Task { if case .failure = await reading.result { starting.cancel() } }
        do {
            return try await starting.value
        } catch let error as UnsavedRun {
            throw error
        } catch {
            let (_, plan) = try await reading.value
            // Neither a stop nor a limit that comes before the first cell is the kernel's fault.
            if let reason = stop.reason { return plan.report(of: .stopped(reason), duration: elapsed) }
            if case KernelError.silent = error, let total, total <= options.launch.startLimit {
                let limit = StruckLimit(kind: .total, duration: total)
                return plan.report(of: .timedOut(limit), duration: elapsed)
            }
            throw error
        }
    }

    private func run(
        _ notebook: Notebook, _ plan: Plan, on kernel: LocalKernel, as user: String, _ target: any NotebookStore,
        waited: Duration
    ) async throws -> RunReport {
        var execution = options.execution
        execution.allowsInput = options.launch.answer != nil
        let executor = Executor(notebook, plan, on: kernel, execution, elapsed: elapsed - waited, observe: observe)
        stop.setListener { executor.stop($0) }
        observe(.started(kernel: kernel.spec.name, user: user, cells: plan.cells.count))
        let report = Mutex<RunReport?>(nil)
        let record: @Sendable () -> Value? = { [options] in
            guard options.records else { return nil }
            return report.withLock { $0.map { Record.finished($0, options.execution) } }
                ?? Record.running(options.execution)
        }
        let saver = Saver(executor, target, record: record, observe: observe)
        // What leaves by a stream cannot be written twice.
        let savesOnTheWay = target.canBeWrittenAgain
        let saving = Task { if savesOnTheWay { await saver.keepSaving() } }
        let (outcome, cells) = await withTaskExecutorPreference(kernel.executor) { await executor.run() }
        saving.cancel()
        turn.end()
        var result = RunReport(
            outcome: outcome, cells: cells, duration: elapsed - waited, kernel: kernel.spec.name, user: user)
        result.fileLine = result.failingCell.flatMap { cell in
            notebook.fileLine(of: cell.error?.line ?? 1, inCellAt: cell.index)
        }
        report.withLock { [result] in $0 = result }
        guard executor.hasBegun else {
            observe(.result(notebook, of: notebook))
            return result
        }
        async let late: Void = executor.listen()
        async let end: Void = kernel.shutdown()
        // The kernel takes its time to go, in which the disk has nothing else to do.
        await saving.value
        if savesOnTheWay { _ = try? await saver.save(isOver: true) }
        _ = await (late, end)
        observe(.result(executor.notebook, of: notebook))
        do {
            try await saver.save(isOver: true)
        } catch {
            throw UnsavedRun(reason: error, rescue: await rescue(saver, target), report: result)
        }
        return result
    }

    private func rescue(_ saver: Saver, _ target: any NotebookStore) async -> String? {
        let base = LocalFile.base(of: target.name)
        return await saver.rescue(
            to: options.launch.environment["TMPDIR"] ?? "/tmp", as: base.hasSuffix(".ipynb") ? base : "notebook.ipynb",
            for: await source.owner())
    }
}
