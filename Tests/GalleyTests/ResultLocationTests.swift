import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Testing

@Suite struct `The location of a result` {
    @Test(
        arguments: [
            (ResultPlace.beside, "a/b.ipynb", "a/b.executed.ipynb"), (.beside, "s3://in/b", "s3://in/b.executed.ipynb"),
            (.beside, "-", "-"), (.inPlace, "b.ipynb", nil), (.nowhere, "b.ipynb", nil),
            (.file("out-{notebook_name}.ipynb"), "a/b.ipynb", "out-b.ipynb"), (.standardOutput, "b.ipynb", "-"),
            (.folder("s3://out"), "a/b.ipynb", "s3://out/b.ipynb"), (.folder("out/"), "-", "out/notebook.ipynb"),
        ] as [(ResultPlace, NotebookLocation, NotebookLocation?)])
    func `The location of a result follows from that of the notebook`(
        place: ResultPlace, notebook: NotebookLocation, result: NotebookLocation?
    ) {
        #expect(place.location(of: notebook) == result)
    }

    @Test func `A result is beside the notebook by default`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ipynb"
        let source = notebook("prints new").text.bytes
        try Data(source).write(to: URL(fileURLWithPath: path))
        var options = scripted()
        options.result = RunSettings().result
        let report = try await execute(path, options)
        #expect(report.result == folder.path + "/a.executed.ipynb")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(source))
        options.result = .inPlace
        #expect(try await execute(path, options).result == path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) != Data(source))
    }

    @Test func `A notebook without a location is its own result`() async throws {
        let store = MemoryStore(notebook("prints kept"), name: "draft")
        var options = scripted()
        options.result = .beside
        _ = try await execute(store, options)
        #expect(try store.notebook.cells[0].outputs.first?.text == "kept")
    }

    @Test func `A result without a storage provider ends the run before it begins`() async throws {
        await #expect(throws: UnknownStorage(location: "s3://in/a.ipynb")) {
            _ = try await execute("s3://in/a.ipynb", scripted())
        }
        let kernels = KernelLog()
        var options = scripted(kernels)
        options.result = .folder("s3://out")
        let report = await Batch([Batch.Job("a.ipynb", options)]).run()
        guard case .failed(let error as UnknownStorage) = report.jobs[0].result else {
            Issue.record("\(report.jobs[0].result)")
            return
        }
        #expect(error.location == "s3://out/a.ipynb" && kernels.all.isEmpty)
    }
}

@Suite struct `Notebooks in memory` {
    @Test func `Notebooks in memory run like files, alone and in a batch`() async throws {
        let storage = MemoryStorage([
            "memory://in/a.ipynb": notebook("prints a"), "memory://in/b.ipynb": notebook("prints b"),
        ])
        var options = scripted()
        options.storage.append(storage)
        options.result = .beside
        #expect(try await execute("memory://in/a.ipynb", options).result == "memory://in/a.executed.ipynb")
        #expect(try storage.notebook(at: "memory://in/a.executed.ipynb")?.cells[0].outputs.first?.text == "a")
        #expect(try storage.notebook(at: "memory://in/a.ipynb")?.cells[0].outputs.isEmpty == true)
        options.result = .folder("memory://out")
        let found = storage.notebooks(in: "memory://in").filter { !$0.name.contains("executed") }
        let report = await Batch(found.map { Batch.Job($0, options) }).run()
        #expect(report.isSuccess && storage.notebooks(in: "memory://out").map(\.name) == ["a.ipynb", "b.ipynb"])
        #expect(try storage.notebook(at: "memory://out/b.ipynb")?.cells[0].outputs.first?.text == "b")
        #expect(try storage.notebook(at: "memory://none") == nil)
    }

    @Test func `Notebooks in memory do not exist until they are written`() async throws {
        var options = scripted()
        options.storage = [MemoryStorage()]
        await #expect(throws: NotebookError.self) { _ = try await execute("memory://a.ipynb", options) }
    }
}

@Suite struct `A preparation` {
    private struct Inserting: NotebookPreparation {
        let source: String

        func prepare(_ notebook: inout Notebook, warn: (String) -> Void) {
            notebook.cells.insert(.code(source, id: "injected"), at: 0)
        }
    }

    private struct Removing: NotebookPreparation {
        func prepare(_ notebook: inout Notebook, warn: (String) -> Void) {
            notebook.cells.removeAll { $0.source.hasPrefix("raises") }
        }
    }

    private struct Failing: NotebookPreparation {
        struct PreparationError: Error, KernelFault {
            let isTransient: Bool
        }
        let isTransient: Bool

        func prepare(_ notebook: inout Notebook, warn: (String) -> Void) throws {
            throw PreparationError(isTransient: isTransient)
        }
    }

    @Test func `A preparation changes what is run and saved, in the order of the hooks`() async throws {
        var options = scripted()
        options.preparations = [Inserting(source: "raises"), Removing(), Inserting(source: "prints first")]
        let (result, report) = try await execute(notebook("prints a", "raises", "prints b"), options)
        #expect(report.outcome.isSuccess && report.cells.map(\.source) == ["prints first", "prints a", "prints b"])
        #expect(result.cells.map { $0.outputs.first?.text } == ["first", "a", "b"])
        #expect(report.cells.map(\.id) == ["injected", "c0", "c2"])
    }

    @Test func `A preparation keeps the file's line of cells that come from it`() async throws {
        var options = scripted()
        options.preparations = [Inserting(source: "prints 1")]
        let source = notebook("prints a", "raises")
        let line = source.text.bytes.split(separator: UInt8(ascii: "\n")).firstIndex {
            String(decoding: $0, as: UTF8.self).contains("raises")
        }
        let report = try await execute(MemoryStore(source), options)
        #expect(report.failingCell?.index == 2 && report.fileLine == line.map { $0 + 1 })
        options.preparations = [Inserting(source: "raises")]
        #expect(try await execute(MemoryStore(source), options).fileLine == nil)
    }

    @Test func `A preparation that leaves nothing to execute starts no kernel`() async throws {
        let kernels = KernelLog()
        var options = scripted(kernels)
        options.preparations = [Removing()]
        let (result, report) = try await execute(notebook("raises"), options)
        #expect(report.outcome.isSuccess && result.cells.isEmpty && kernels.all.isEmpty)
    }

    @Test func `A preparation that throws ends the run, and nothing is written`() async throws {
        let kernels = KernelLog()
        var options = scripted(kernels)
        options.preparations = [Failing(isTransient: false)]
        let store = MemoryStore(notebook("prints a"))
        await #expect(throws: Failing.PreparationError.self) { _ = try await execute(store, options) }
        #expect(store.read() == notebook("prints a").bytes && kernels.all.isEmpty)
        options.preparations = [Failing(isTransient: true)]
        var batch = Batch([Batch.Job("a", options) { (store, nil) }])
        batch.retries = 1
        #expect(await batch.run().jobs[0].failedAttempts.count == 1)
    }
}
