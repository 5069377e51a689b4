import Foundation
import GalleyTestSupport
import Testing

/// A notebook with a cell of parameters.
private func text(_ source: String, tag: String = "parameters") throws -> String {
    let cell: [String: Any] = [
        "cell_type": "code", "execution_count": NSNull(), "id": "a", "metadata": ["tags": [tag]], "outputs": [],
        "source": source,
    ]
    let root: [String: Any] = [
        "cells": [cell], "metadata": ["language_info": ["name": "python"]], "nbformat": 4, "nbformat_minor": 5,
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
}

@Suite struct `galley inspect` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(try text("region = 'eu'  # where\ndays: int = 7"), to: "a.ipynb")
        try folder.write(try text("x = 1", tag: "other"), to: "b.ipynb")
    }

    @Test func `A table lists the parameters of a notebook, from a file or a pipe`() async throws {
        let table = """
            NAME    TYPE  DEFAULT  HELP
            region        'eu'     where
            days    int   7

            """
        let file = try await GalleyProgram.run(["inspect", "a.ipynb"], in: folder)
        #expect(file.status == 0 && file.output == table && file.errors == "", "\(file.output)\(file.errors)")
        let pipe = try await GalleyProgram.run(["inspect", "-"], in: folder, input: folder.text("a.ipynb"))
        #expect(pipe.status == 0 && pipe.output == table, "\(pipe.output)\(pipe.errors)")
        #expect(folder.names == ["a.ipynb", "b.ipynb"])
    }

    @Test func `A notebook without a cell of parameters says how to tag one, beside the lists of others`() async throws
    {
        let run = try await GalleyProgram.run(["inspect", "b.ipynb", "a.ipynb"], in: folder)
        #expect(run.status == 0 && run.output.hasPrefix("b.ipynb:\nNo cell has the tag 'parameters'. Add it"))
        #expect(run.output.contains("\n\na.ipynb:\nNAME "))
    }

    @Test func `With --json, each notebook is a line with an array`() async throws {
        let run = try await GalleyProgram.run(["inspect", "--json", "a.ipynb", "b.ipynb"], in: folder)
        let lists = try run.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [[String: Any]])
        }
        #expect(run.status == 0 && lists.count == 2 && lists[1].isEmpty)
        #expect(lists[0].map { $0["name"] as? String } == ["region", "days"])
        #expect(lists[0].map { $0["type"] as? String } == [nil, "int"])
    }

    @Test func `A file that is no notebook is named with what it is, and the others are listed`() async throws {
        try folder.write("<!DOCTYPE html>\n<html>Sign in</html>", to: "c.ipynb")
        let run = try await GalleyProgram.run(["inspect", "c.ipynb", "missing.ipynb", "a.ipynb"], in: folder)
        #expect(run.status == 3 && run.output.contains("region"))
        #expect(run.errors.hasPrefix("galley: c.ipynb: not a notebook, but an HTML page: "), "\(run.errors)")
        #expect(run.errors.contains("missing.ipynb"), "\(run.errors)")
    }

    @Test func `A hostile notebook passes no control characters and no commands to the reader`() async throws {
        try folder.write(
            try text("a = '\u{1B}[31m\u{202E}##vso[x]' # \u{7}b\n'''\n::error::x'''"), to: "c.ipynb")
        let run = try await GalleyProgram.run(["inspect", "c.ipynb"], in: folder)
        #expect(run.status == 0 && run.output.contains("a") && !run.output.contains("##vso["))
        #expect(run.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(!run.output.unicodeScalars.contains { $0.properties.isBidiControl })
    }
}

@Suite(.serialized, .root("only root can read notebooks for other users"))
struct `galley inspect of root` {
    @Test func `Root reads a notebook as its owner, and nothing that the owner cannot read`() async throws {
        let instance = try await NotebookInstance.make()
        try instance.plantCanary()
        try instance.write(["1"])
        try instance.notebooks.write(try text("a = 1"), to: "report.ipynb")
        let run = try await instance.run(["inspect", "report.ipynb"])
        #expect(run.status == 0 && run.output.contains("a "), "\(run.errors)")
        _ = try await instance.asUser("mv report.ipynb ..; ln -s '\(instance.rootsOwn)/secret' report.ipynb")
        let link = try await instance.run(["inspect", "report.ipynb"])
        #expect(link.status == 3 && !(link.output + link.errors).contains("canary"), "\(link.errors)")
        try instance.checkCanary()
    }
}
