import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Testing

@Suite struct `A notebook file` {
    @Test func `A notebook file is read, changed and written, and the rest stays unchanged`() async throws {
        let folder = try TemporaryFolder()
        let (path, link) = (folder.path + "/a.ipynb", folder.path + "/link.ipynb")
        let text = #"{"cells": [],   "metadata": {"b": 1.50}, "nbformat": 4, "nbformat_minor": 5}"#
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        var notebook = try await Notebook(contentsOf: link)
        #expect(try await notebook.write(to: link) == .original)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        notebook.cells.append(.markdown("new"))
        try await notebook.write(to: link)
        #expect(try await Notebook(contentsOf: path).cells.map(\.source) == ["new"])
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("1.50"))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.ipynb", "link.ipynb"])
    }

    @Test func `A notebook file is created if it does not exist`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/new.ipynb"
        try await notebook("6 * 7").write(to: path)
        #expect(try await Notebook(contentsOf: path).cells.map(\.source) == ["6 * 7"])
    }

    @Test func `A notebook file is not written while a run uses it`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ipynb"
        try await notebook("hangs").write(to: path)
        var options = scripted()
        options.result = .inPlace
        let run = Run(path, options)
        for await event in run.events { if case .cellStarted = event { break } }
        await #expect(throws: StorageError.self) { try await notebook("other").write(to: path) }
        run.cancel()
        _ = try await run.report
        #expect(try await Notebook(contentsOf: path).cells.map(\.source) == ["hangs"])
        try await notebook("other").write(to: path)
        #expect(try await Notebook(contentsOf: path).cells.map(\.source) == ["other"])
    }

    @Test func `A notebook file that is missing, invalid or without a folder is an error`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ipynb"
        await #expect(throws: StorageError.notFound(path: path)) { try await Notebook(contentsOf: path) }
        try Data("[]".utf8).write(to: URL(fileURLWithPath: path))
        await #expect(throws: NotebookError.self) { try await Notebook(contentsOf: path) }
        await #expect(throws: StorageError.self) { try await notebook("a").write(to: folder.path + "/none/a.ipynb") }
    }
}

@Suite struct `The kernels of a provider` {
    @Test func `The kernels of a provider are listed, by default those of this machine`() async throws {
        let scripted = ScriptedKernels(name: "mine") { _ in ScriptedKernel { .running(printing: $0) } }
        #expect(try await kernels(of: scripted).map(\.name) == ["mine"])
        let local = await LocalKernels().kernels()
        #expect(try await kernels() == local)
    }
}
