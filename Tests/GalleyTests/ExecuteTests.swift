import GalleyExecution
import Foundation
import Galley
import GalleyJSON
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import Synchronization
import Testing

@Suite struct `A run` {
    @Test func `reads from one store and writes to another`() async throws {
        let (source, destination) = (CountingStore(notebook("print(6 * 7)")), CountingStore(Notebook()))
        let report = try await execute(source, to: destination, options())
        #expect(report.outcome.status == "succeeded")
        #expect(report.kernel == "python3")
        #expect(source.writes == 0)
        #expect(try destination.notebook.cells[0].outputs.first?.text == "42\n")
    }

    @Test func `writes once to what cannot be written again`() async throws {
        let store = CountingStore(notebook("import time; time.sleep(2.5)"), canBeWrittenAgain: false)
        _ = try await execute(store, options())
        #expect(store.writes == 1)
    }

    @Test func `is saved along the way, as soon as a cell is over`() async throws {
        let sign = Sign()
        let store = CountingStore(notebook("print(1)", sign.wait))
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

    @Test func `tells in the end how it ended, also where nothing else has changed since it was saved`() async throws {
        let sign = Sign()
        let store = CountingStore(notebook("print(1, flush=True)\n" + sign.wait))
        var options = options()
        options.keepsRecord = true
        options.keepsTiming = false
        _ = try await execute(store, options) { event in if case .saved = event { sign.give() } }
        #expect(store.writes >= 2)
        #expect(try store.notebook.metadata["galley"]?["status"]?.string == "succeeded")
    }

    @Test func `goes on when it cannot be saved on the way, and says so once`() async throws {
        let sign = Sign()
        let store = CountingStore(notebook("print(1)", sign.wait, "print(2)"), failures: 1)
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

    @Test func `is rescued where it cannot be saved in the end, and never over anything`() async throws {
        let scratch = try Folder()
        let folder = scratch.path
        var rescues: [String] = []
        for _ in 0..<2 {
            let store = CountingStore(notebook("print('precious')"), name: "some/memory.ipynb", failures: 100)
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

    @Test func `that is cancelled keeps what there is`() async throws {
        let store = CountingStore(notebook("print('begun', flush=True)\nimport time; time.sleep(1000)", "print(2)"))
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

    @Test func `that is stopped before it begins starts no cell and writes nothing`() async throws {
        let store = CountingStore(notebook("print(1)"))
        let stop = StopSignal()
        stop.stop(.cancelled)
        let report = try await execute(store, options(), stop: stop) { _ in }
        #expect(report.outcome.status == "stopped")
        #expect(report.cells.map(\.outcome.status) == ["not-reached"])
        #expect(store.writes == 0)
    }

    @Test func `counts the start of the kernel among the time of the run`() async throws {
        let store = CountingStore(notebook("print(1)"))
        var options = options()
        options.totalTimeout = .milliseconds(20)
        let report = try await execute(store, options)
        guard case .timedOut(let limit) = report.outcome else { Issue.record("\(report.outcome)"); return }
        #expect(limit.kind == .total)
        #expect(store.writes == 0)
    }

    @Test func `says what is wrong with a notebook before what is wrong with its kernel`() async throws {
        let document = try Document(
            parsing: Array(
                #"{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "none such"}}, "cells": [{"cell_type": "code", "source": "1"}, 5]}"#
                    .utf8))
        let file = FileManager.default.temporaryDirectory.path + "/galley-test-\(UUID()).ipynb"
        try Data(document.text.bytes).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        var options = options()
        options.kernel = nil
        await #expect(throws: NotebookError.self) { _ = try await execute(LocalFile(file), options) }
        // Also where the kernel would have been there.
        options.kernel = "python3"
        await #expect(throws: NotebookError.self) { _ = try await execute(LocalFile(file), options) }
    }
}

@Suite struct `The pace of saving` {
    @Test func `is less than a second, or a twentieth of the time of a huge notebook`() {
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
}
