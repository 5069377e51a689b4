import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct `A report of a run` {
    private func texts(_ report: Report) -> [[String?]] { report.cells.map { report.outputs(of: $0).map(\.text) } }

    @Test func `A report has the outputs of the cells, and the saved notebook`() async throws {
        var book = notebook("prints a", "prints b")
        book.cells.insert(.markdown("# Title"), at: 1)
        let store = MemoryStore(book)
        let report = try await execute(store, scripted())
        #expect(report.isSuccess && report.cells.allSatisfy(\.isSuccess))
        #expect(texts(report) == [["a"], ["b"]])
        #expect(try report.executedNotebook?.bytes == store.notebook.bytes)
    }

    @Test func `A report of a failed or unsaved run has the outputs too`() async throws {
        let report = try await execute(MemoryStore(notebook("prints a", "raises", "prints b")), scripted())
        #expect(!report.isSuccess && report.cells.map(\.isSuccess) == [true, false, false])
        #expect(report.outputs(of: report.cells[1]).map(\.errorName) == ["ValueError"])
        #expect(report.outputs(of: report.cells[2]).isEmpty)
        let store = TestStore(notebook("prints a"), failingWrites: .max)
        let error = await #expect(throws: UnsavedRun.self) { try await execute(store, scripted()) }
        let unsaved = try #require(error)
        #expect(texts(unsaved.report) == [["a"]])
        try FileManager.default.removeItem(atPath: #require(unsaved.rescue))
    }

    @Test func `A report has the unchanged notebook if nothing was executed`() async throws {
        let book = notebook(" ")
        #expect(try await execute(MemoryStore(book), scripted()).executedNotebook?.bytes == book.bytes)
        var options = scripted()
        options.middleware = [FailingMiddleware()]
        let refused = try await execute(MemoryStore(notebook("prints a")), options)
        #expect(refused.executedNotebook?.cells.map(\.source) == ["prints a"])
    }

    @Test func `A report has no outputs in JSON`() async throws {
        let report = try await execute(MemoryStore(notebook("prints 'seen'")), scripted())
        let json = try JSONEncoder().encode(report)
        let members = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(
            members.keys.sorted() == [
                "cell", "cells", "duration", "file_line", "kept_kernel", "kernel", "message", "notebook", "result",
                "results", "schema", "started", "status", "user", "warnings",
            ])
        let kept = try JSONDecoder().decode(Report.self, from: json)
        #expect(kept.executedNotebook == nil && kept.outputs(of: kept.cells[0]).isEmpty && kept.isSuccess)
    }

    @Test(arguments: [false, true])
    func `A report of a batch has the notebooks on request`(keeps: Bool) async {
        let store = MemoryStore(notebook("prints a"))
        var batch = Batch([Batch.Job("a", scripted()) { (store, nil) }])
        batch.keepsNotebooks = keeps
        let report = await batch.run()
        #expect(report.isSuccess && report.jobs.map { $0.run.map(texts) } == [keeps ? [["a"]] : [[]]])
    }

    @Test func `A report counts a cell without an error as a success`() {
        let error = CellResults.error
        let good: [CellOutcome] = [
            .succeeded, .raised(error, isAllowed: true), .exited(status: 0), .skipped, .notSelected, .blank,
        ]
        let bad: [CellOutcome] = [
            .raised(error, isAllowed: false), .exited(status: 1), .kernelFailed(.disconnected("")),
            .stopped(.cancelled),
            .notReached,
        ]
        #expect(good.allSatisfy(\.isSuccess) && !bad.contains(where: \.isSuccess))
    }
}

@Suite(.timeLimit(.minutes(20))) struct `The completed fraction of a run` {
    /// Reads the events of a run, and returns the fractions in them.
    private func follow(_ run: Run) async -> [Double] {
        var told: [Double] = []
        for await event in run.events { if let fraction = event.fractionCompleted { told.append(fraction) } }
        return told
    }

    @Test func `The completed fraction grows with each cell`() async throws {
        var book = notebook("prints a", "prints b", " ", "prints c", "prints d")
        book.cells[0].tags = ["skip-execution"]
        book.cells.insert(.markdown("# Title"), at: 1)
        let run = Run(MemoryStore(book), scripted())
        #expect(await follow(run) == [0, 1.0 / 3, 2.0 / 3, 1, 1])
        #expect(run.fractionCompleted == 1)
    }

    @Test func `The completed fraction stays at a failure, and is 1 if nothing is to be executed`() async throws {
        let failing = Run(MemoryStore(notebook("prints a", "raises", "prints b", "prints c")), scripted())
        #expect(await follow(failing) == [0, 0.25, 0.5])
        #expect(failing.fractionCompleted == 0.5)
        let empty = Run(MemoryStore(notebook(" ")), scripted())
        #expect(await follow(empty) == [1] && empty.fractionCompleted == 1)
    }

    @Test func `The completed fraction is available during the run`() async throws {
        let run = Run(MemoryStore(notebook("prints a", "hangs")), scripted())
        for await event in run.events { if case .cellStarted(let cell) = event, cell.number == 2 { break } }
        #expect(run.fractionCompleted == 0.5)
        run.cancel()
        _ = try await run.report
    }

    @Test func `The completed fraction of a batch grows with each notebook`() async throws {
        func batch(_ sources: String...) -> Batch {
            Batch(
                sources.map { source in
                    let store = MemoryStore(notebook(source), name: source)
                    return Batch.Job(source, scripted()) { (store, nil) }
                })
        }
        let whole = BatchRun(batch("prints a", "raises"))
        _ = await whole.report
        #expect(whole.fractionCompleted == 1)
        var limited = batch("raises", "prints a")
        (limited.concurrency, limited.failureLimit) = (1, 1)
        let half = BatchRun(limited)
        _ = await half.report
        #expect(half.fractionCompleted == 0.5)
        #expect(BatchRun(Batch([])).fractionCompleted == 1)
    }
}

/// A middleware that throws before each cell.
private struct FailingMiddleware: Middleware {
    struct Refusal: Error {}

    func beforeCell(_ cell: PlannedCell, source: inout String) async throws { throw Refusal() }
}

private enum CellResults {
    static var error: CellError { CellError(name: "E", value: "", traceback: [], line: nil) }
}
