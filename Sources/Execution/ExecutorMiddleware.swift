import GalleyConcurrency
import GalleyJupyterProtocol
import GalleyNotebook
import Synchronization

// The run waits for middleware before and after each cell.

extension Executor {
    /// Runs the middleware before a cell; returns the cell as edited, or nil if it must not run.
    func runBeforeCell(_ cell: PlannedCell) async -> PlannedCell? {
        guard !hooks.middleware.isEmpty else { return cell }
        // `beforeCell` is not called for a cell that will not run, because no `afterCell` would follow.
        guard state.withLock({ $0.stop == nil }) else { return nil }
        let source = Mutex((sent: cell.source, saved: String?.none))
        let isWanted = await runMiddleware {
            for middleware in self.hooks.middleware {
                let old = source.withLock(\.sent)
                var new = old
                try await middleware.beforeCell(cell, source: &new)
                guard new != old else { continue }
                source.withLock { [new] in
                    $0.sent = new
                    if middleware.savesEditedSource { $0.saved = new }
                }
            }
        }
        guard isWanted else { return nil }
        let (sent, saved) = source.withLock(\.self)
        var edited = cell
        edited.source = sent
        if sent != cell.source { state.withLock { [edited] in $0.note(edited: edited, saving: saved) } }
        return edited
    }

    /// Runs the middleware after a cell, in reverse order.
    func runAfterCell(_ report: CellReport) async {
        guard !hooks.middleware.isEmpty else { return }
        let outputs = state.withLock { $0.recorder.outputs(of: report.index) }
        _ = await runMiddleware {
            for middleware in self.hooks.middleware.reversed() {
                try await middleware.afterCell(report, outputs: outputs)
            }
        }
    }

    /// Runs middleware until it returns, the run is stopped, or the total limit is reached.
    ///
    /// - Returns: Whether the run may continue.
    private func runMiddleware(for body: @escaping @Sendable () async throws -> Void) async -> Bool {
        // Returns the middleware's reason to end the run, or nil.
        let middlewareTask = AbandonableTask { () -> String? in
            do {
                try await body()
                return nil
            } catch {
                return "\(error)"
            }
        }
        let isStopped = state.withLock { state in
            state.middlewareTask = middlewareTask
            return state.stop != nil
        }
        if isStopped { middlewareTask.abandon() }
        let end = totalLimit.map { $0.duration + state.withLock(\.runStart) }
        let alarm = Task { [time] in
            guard let end else { return }
            try await time.sleep(end)
            middlewareTask.abandon()
        }
        // Messages that arrive meanwhile are processed at once.
        let listening = Task { for try await message in kernel.messages { _ = receive(message) } }
        let answer = await middlewareTask.answer()
        alarm.cancel()
        listening.cancel()
        _ = await listening.result
        return state.withLock { state in
            state.middlewareTask = nil
            if answer == nil { state.hasAbandonedMiddleware = true }
            if case .some(let reason?) = answer { state.stop = state.stop ?? .requested(reason) }
            return answer != nil && state.stop == nil
        }
    }
}
