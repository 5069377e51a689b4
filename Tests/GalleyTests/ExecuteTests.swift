import GalleyExecution
import Foundation
import Galley
import GalleyJSON
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import GalleyTestSupport
import Synchronization
import Testing

@Suite struct `A run` {
    @Test(.realKernel) func `A run reads from one store and writes to another`() async throws {
        let (source, destination) = (TestStore(notebook("print(6 * 7)")), TestStore(Notebook()))
        let report = try await execute(source, to: destination, options())
        #expect(report.outcome.status == "succeeded")
        #expect(report.kernel == "python3")
        #expect(source.writes == 0)
        #expect(try destination.notebook.cells[0].outputs.first?.text == "42\n")
    }

    @Test(.realKernel) func `A run writes once to a store that cannot be written again`() async throws {
        let store = TestStore(notebook("import time; time.sleep(2.5)"), canBeWrittenAgain: false)
        _ = try await execute(store, options())
        #expect(store.writes == 1)
    }

    @Test(.realKernel) func `A run is saved as soon as a cell has ended`() async throws {
        let sign = SignalFile()
        let store = TestStore(notebook("print(1)", sign.wait))
        let seen = Mutex<[String]>([])
        _ = try await execute(store, options()) { event in
            guard case .saved = event,
                let text = try? store.notebook.cells.map({ $0.outputs.first?.text ?? "-" }).joined()
            else { return }
            seen.withLock { $0.append(text) }
            sign.give()
        }
        #expect(seen.withLock(\.self).first == "1\n-")
        #expect(store.writes >= 2)
    }

    @Test(.realKernel) func `A run saves its outcome in the end, even if nothing else has changed`()
        async throws
    {
        let sign = SignalFile()
        let store = TestStore(notebook("print(1, flush=True)\n" + sign.wait))
        var options = options()
        options.keepsRecord = true
        options.keepsTiming = false
        _ = try await execute(store, options) { event in if case .saved = event { sign.give() } }
        #expect(store.writes >= 2)
        #expect(try store.notebook.metadata["galley"]?["status"]?.string == "succeeded")
    }

    @Test(.realKernel) func `A run continues if it cannot be saved on the way, and warns once`() async throws {
        let sign = SignalFile()
        let store = TestStore(notebook("print(1)", sign.wait, "print(2)"), failingWrites: 1)
        let warnings = Mutex<[String]>([])
        let report = try await execute(store, options()) { event in
            guard case .warning(let text) = event else { return }
            warnings.withLock { $0.append(text) }
            sign.give()
        }
        #expect(report.outcome.status == "succeeded")
        #expect(warnings.withLock(\.self).count == 1)
        #expect(
            warnings.withLock(\.self).first?.hasPrefix("could not be saved during the run: memory.ipynb: no space")
                == true)
        #expect(try store.notebook.cells[2].outputs.first?.text == "2\n")
    }

    @Test(.realKernel) func `A run is rescued if it cannot be saved in the end, and overwrites nothing`() async throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        var rescues: [String] = []
        for _ in 0..<2 {
            let store = TestStore(notebook("print('precious')"), name: "some/memory.ipynb", failingWrites: 100)
            do {
                _ = try await execute(store, options(["TMPDIR": folder]))
                Issue.record("it was not saved")
            } catch let error as UnsavedRun {
                #expect(error.report.outcome.status == "succeeded" && error.report.result == error.rescue)
                let job = JobReport("memory", .failed(error))
                let read = try JSONDecoder().decode(JobReport.self, from: JSONEncoder().encode(job))
                #expect(read.run?.outcome.status == "succeeded" && read.run?.cells.count == 1)
                #expect(read.run?.started == error.report.started)
                let rescue = try #require(error.rescue)
                rescues.append(rescue)
                let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: rescue)))
                #expect(try Notebook(parsing: bytes).cells[0].outputs.first?.text == "precious\n")
                #expect("\(error)".hasSuffix("Free some space and run again. The result is in \(rescue)"))
            }
        }
        #expect(Set(rescues).count == 2)
        #expect(rescues.allSatisfy { $0.hasPrefix(folder + "/galley-rescue-") && $0.hasSuffix("/memory.ipynb") })
        let place = try #require(rescues.first).dropLast("/memory.ipynb".count)
        let mode = try FileManager.default.attributesOfItem(atPath: String(place))[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }

    @Test(.realKernel) func `A run that is canceled keeps its outputs`() async throws {
        let store = TestStore(notebook("print('begun', flush=True)\nimport time; time.sleep(1000)", "print(2)"))
        let begun = AsyncStream<Void>.makeStream()
        var options = options()
        options.grace = .seconds(100)
        let run = Task { [options] in
            defer { begun.continuation.finish() }
            return try await execute(store, options) { event in if case .output = event { begun.continuation.yield() } }
        }
        for await _ in begun.stream { break }
        run.cancel()
        let report = try await run.value
        #expect(report.outcome.status == "stopped")
        #expect(try store.notebook.cells[0].outputs.map(\.errorName) == [nil, "KeyboardInterrupt", "RunStopped"])
    }

    @Test(.realKernel) func `A run that is stopped before it begins starts no cell and writes nothing`() async throws {
        let store = TestStore(notebook("print(1)"))
        let stop = StopSignal()
        stop.stop(.cancelled)
        let report = try await execute(store, options(), stop: stop) { _ in }
        #expect(report.outcome.status == "stopped")
        #expect(report.cells.map(\.outcome.status) == ["not-reached"])
        #expect(store.writes == 0)
    }

    @Test(.realKernel) func `A run includes the start of the kernel in its time`() async throws {
        let store = TestStore(notebook("print(1)"))
        var options = options()
        options.totalTimeout = .milliseconds(20)
        let report = try await execute(store, options)
        guard case .timedOut(let limit) = report.outcome else { Issue.record("\(report.outcome)"); return }
        #expect(limit.kind == .total)
        #expect(store.writes == 0)
    }

    @Test(.realKernel) func `A run reports a notebook error before a kernel error`() async throws {
        let document = try Document(
            parsing: Array(
                #"{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "none such"}}, "cells": [{"cell_type": "code", "source": "1"}, 5]}"#
                    .utf8))
        let folder = try TemporaryFolder()
        let file = folder("a.ipynb")
        try Data(document.text.bytes).write(to: URL(fileURLWithPath: file))
        var options = options()
        options.kernel = nil
        await #expect(throws: NotebookError.self) { _ = try await execute(LocalFile(file), options) }
        // The same holds if the kernel exists.
        options.kernel = "python3"
        await #expect(throws: NotebookError.self) { _ = try await execute(LocalFile(file), options) }
    }
}

@Suite struct `The interval between saves` {
    @Test func `The interval between saves is less than a second, or longer for a huge notebook`() {
        var interval = SaveInterval()
        #expect(interval.pause == .milliseconds(750))
        interval.recordSave(cost: .milliseconds(500), bytes: 1_000_000)
        #expect(interval.pause == .milliseconds(750))
        interval.recordSave(cost: .milliseconds(500), bytes: 60_000_000)
        #expect(interval.pause == .milliseconds(9500))
        #expect(interval.pauseWithinCell == .seconds(10))
        interval.recordSave(cost: .seconds(2), bytes: 60_000_000)
        #expect(interval.pauseWithinCell == .seconds(38))
    }

    @Test func `A store that charges for each write is written at its interval, and for a twentieth of the time`() {
        var interval = SaveInterval(least: .seconds(30))
        #expect(interval.pause == .seconds(30) && interval.pauseWithinCell == .seconds(30))
        interval.recordSave(cost: .seconds(1), bytes: 1000)
        #expect(interval.pause == .seconds(30))
        interval.recordSave(cost: .seconds(2), bytes: 1000)
        #expect(interval.pause == .seconds(38) && interval.pauseWithinCell == .seconds(38))
    }
}
