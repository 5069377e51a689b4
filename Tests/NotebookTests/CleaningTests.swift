import Foundation
import GalleyJSON
import GalleyNotebook
import Testing

@Suite struct `Cleaning of a notebook` {
    @Test(arguments: NotebookFixture.all)
    func `Cleaning keeps every line that is neither output nor count`(fixture: NotebookFixture) throws {
        let cleaned = try UnvalidatedNotebook(parsing: fixture.bytes).removing(.outputs).bytes
        let old = Set(lines(fixture.bytes))
        let new = lines(cleaned).filter { !old.contains($0) }.map { String(decoding: $0, as: UTF8.self) }
        let isExpected = /"outputs"|"execution_count"|"prompt_number"|^\s*\],?\s*$/
        #expect(new.filter { !$0.contains(isExpected) } == [])
        // A clean notebook stays unchanged, byte for byte.
        #expect(try UnvalidatedNotebook(parsing: cleaned).removing(.outputs).bytes == cleaned)

        let (before, after) = (try Document(parsing: fixture.bytes).root, try Document(parsing: cleaned).root)
        #expect(cells(before).count == cells(after).count)
        for (one, other) in zip(cells(before), cells(after)) {
            guard one["cell_type"]?.string == "code" else { continue }
            #expect(other["outputs"]?.count == one["outputs"].map { _ in 0 })
            for key in ["execution_count", "prompt_number"] { #expect((other[key]?.kind ?? .null) == .null) }
            #expect(other["source"]?.canonicalText.bytes == one["source"]?.canonicalText.bytes)
        }
    }

    @Test func `Full cleaning removes times, and keeps limits`() throws {
        let timing = NotebookFixture.named("timing")
        let cleaned = try UnvalidatedNotebook(parsing: timing.bytes).removing(.everything)
        let text = String(decoding: cleaned.bytes, as: UTF8.self)
        #expect(!text.contains("iopub.") && !text.contains("shell."))
    }

    @Test(arguments: NotebookFixture.all)
    func `The traces of runs are named if, and only if, cleaning changes the notebook`(fixture: NotebookFixture) throws
    {
        let notebook = try UnvalidatedNotebook(parsing: fixture.bytes)
        for remains in [UnvalidatedNotebook.RunTraces.outputs, .everything] {
            #expect(try notebook.traces(remains).isEmpty == (notebook.removing(remains).bytes == fixture.bytes))
        }
    }

    @Test func `Each kind of traces is named with the number of its cells`() throws {
        let text = #"""
            {"cells": [
              {"cell_type": "code", "outputs": [{}], "metadata": {"execution": {"iopub.status.idle": "x"}}},
              {"cell_type": "code", "execution_count": 1, "outputs": [], "metadata": {"execution": {"timeout": 1}}},
              {"cell_type": "code", "execution_count": null, "outputs": []}
            ], "metadata": {"widgets": {}, "galley": {}}}
            """#
        let notebook = try UnvalidatedNotebook(parsing: Array(text.utf8))
        #expect(notebook.traces(.outputs) == ["outputs or counts of 2 cells"])
        #expect(
            notebook.traces(.everything) == [
                "outputs or counts of 2 cells", "times of 1 cell", "the state of widgets", "the record of a run",
            ])
    }

    private func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] { bytes.split(separator: 10) }

    private func cells(_ notebook: Value) -> [Value] {
        let sheets = Array((notebook["worksheets"] ?? []).elements) + [notebook]
        return sheets.flatMap { Array(($0["cells"] ?? []).elements) }
    }
}
