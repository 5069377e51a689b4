import GalleyJSON
import GalleyNotebook
import Testing

@Suite struct `A file that is no notebook` {
    @Test(
        arguments: [
            (
                "not json",
                "not a notebook, because it is not JSON: line 1, column 1: found 'n' where a value was expected"
            ),
            (
                "{",
                "not a notebook, because it is not JSON: line 1, column 2: the text ends where a key in double quotes or '}' was expected"
            ),
            ("[]", "the file (line 1, column 1) is a list where an object was expected"),
            ("{}", "the file (line 1, column 1) has no 'cells'"),
            (#"{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}"#, "the file (line 1, column 1) has no 'cells'"),
            (
                #"{"nbformat": 5}"#,
                "nbformat (line 1, column 14) is 5, but only versions 1 to 4 can be read. Save the notebook as nbformat 4"
            ),
            (
                #"{"nbformat": 0}"#,
                "nbformat (line 1, column 14) is 0, but only versions 1 to 4 can be read. Save the notebook as nbformat 4"
            ),
            (#"{"nbformat": "4"}"#, "nbformat (line 1, column 14) is a string where a whole number was expected"),
            (#"{"nbformat": 4.5}"#, "nbformat (line 1, column 14) is a number where a whole number was expected"),
            (
                with(minor: "null", cells: "[]"),
                "nbformat_minor (line 1, column 33) is null where a whole number was expected"
            ),
            (with(cells: "{}"), "cells (line 2, column 11) is an object where a list was expected"),
            (with(metadata: "[]", cells: "[]"), "metadata (line 1, column 48) is a list where an object was expected"),
            (with(cells: "[\n1]"), "cells[0] (line 3, column 1) is a number where an object was expected"),
            (with(cells: #"[{"source": ""}]"#), "cells[0] (line 2, column 12) has no 'cell_type'"),
            (with(cells: #"[{"cell_type": "code"}]"#), "cells[0] (line 2, column 12) has no 'source'"),
            (
                with(code: #""source": 1"#),
                "cells[0].source (line 2, column 44) is a number where a string or a list of strings was expected"
            ),
            (
                with(code: #""source": ["a", 1]"#),
                "cells[0].source (line 2, column 44) is a list where a string or a list of strings was expected"
            ),
            (
                with(code: #""source": "", "metadata": []"#),
                "cells[0].metadata (line 2, column 60) is a list where an object was expected"
            ),
            (
                with(code: #""source": "", "outputs": {}"#),
                "cells[0].outputs (line 2, column 59) is an object where a list was expected"
            ),
            (
                with(code: #""source": "", "outputs": [null]"#),
                "cells[0].outputs[0] (line 2, column 60) is null where an object was expected"
            ),
            (
                with(code: #""source": "", "outputs": [{}]"#),
                "cells[0].outputs[0] (line 2, column 60) has no 'output_type'"
            ),
            (
                with(code: #""source": "", "outputs": [{"output_type": "display_data", "data": "x"}]"#),
                "cells[0].outputs[0].data (line 2, column 100) is a string where an object was expected"
            ),
            (
                with(code: #""source": "", "outputs": [{"output_type": "stream", "text": {}}]"#),
                "cells[0].outputs[0].text (line 2, column 94) is an object where a string or a list of strings was expected"
            ),
            (
                with(code: #""source": "", "outputs": [{"output_type": "error", "traceback": "x"}]"#),
                "cells[0].outputs[0].traceback (line 2, column 98) is a string where a list was expected"
            ),
            (
                with(code: #""source": "", "attachments": {"a b.png": 1}"#),
                "cells[0].attachments[\"a b.png\"] (line 2, column 75) is a number where an object was expected"
            ),
            (#"{"nbformat": 3}"#, "the file (line 1, column 1) has no 'worksheets'"),
            (
                #"{"nbformat": 3, "worksheets": [{"cells": [[]]}]}"#,
                "worksheets[0].cells[0] (line 1, column 43) is a list where an object was expected"
            ),
            (
                #"{"nbformat": 2, "worksheets": [{"cells": 1}]}"#,
                "worksheets[0].cells (line 1, column 42) is a number where a list was expected"
            ),
        ])
    func `A file that is no notebook is refused with the path, the line and the expectation`(
        text: String, sentence: String
    ) {
        let error = #expect(throws: NotebookError.self) { try Notebook(parsing: Array(text.utf8)) }
        #expect(error?.description == sentence)
    }
}

@Suite struct `A file with the name of a notebook` {
    private static let conflict = "{\n \"cells\": [\n<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> b\n ]\n}\n"

    @Test(arguments: [
        ("", FileFormat.empty), (" \n\u{FEFF}", .empty), ("\n<!DOCTYPE html>\n<html>", .html),
        ("<?xml version=\"1.0\"?>\n<HTML lang=\"en\">", .html),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", .gitLFSPointer),
        ("# A title\n\n# %% [markdown]\nx = 1\n", .pythonScript(hasCells: true)),
        ("# A title\nfrom os import path\n", .pythonScript(hasCells: false)),
        ("#!/usr/bin/env python3\nprint(1)\n", .pythonScript(hasCells: false)),
        (conflict, .unresolvedMerge), ("<<<<<<< HEAD\n{}\n", .unresolvedMerge),
        ("{\n=======\n}", .unresolvedMerge),
    ])
    func `A file of another format is recognized`(text: String, format: FileFormat) {
        let error = #expect(throws: NotebookError.self) { try Notebook(parsing: Array(text.utf8)) }
        #expect(error?.problem == .otherFormat(format))
    }

    @Test func `A compressed file is recognized, and a conflict has its line`() {
        let zipped = #expect(throws: NotebookError.self) { try Notebook(parsing: [0x1F, 0x8B, 8, 0, 0]) }
        #expect(zipped?.description == "not a notebook, but a file compressed by gzip: decompress it first")
        let merged = #expect(throws: NotebookError.self) { try Notebook(parsing: Array(Self.conflict.utf8)) }
        let sentence = "not a notebook, because it has conflict markers (line 3): resolve the merge first"
        #expect(merged?.description == sentence && merged?.position?.line == 3)
    }

    @Test(arguments: [
        "{\"cells\": [\n  \"<<<<<<< HEAD\", ]}", "{ <<<<<<< HEAD", "important words", "a < b", "[1,\n<html>",
        "the class of 1999\n",
    ])
    func `A file that is almost JSON or a text keeps the place of the error`(text: String) {
        let error = #expect(throws: NotebookError.self) { try Notebook(parsing: Array(text.utf8)) }
        guard case .notJSON = error?.problem else { return #expect(Bool(false), "\(text): \(error as Any)") }
        #expect(error?.position != nil)
    }
}

@Suite struct `A notebook with small faults` {
    @Test(arguments: [
        (
            "no metadata", #"{"cells": [], "nbformat": 4, "nbformat_minor": 5}"#,
            #"{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#,
            ["'metadata' was missing; an empty value was added"]
        ),
        (
            "no members of a cell",
            with(cells: #"[{"cell_type": "code", "id": "a", "source": []}, {"cell_type": "raw", "id": "b"}]"#),
            with(
                cells:
                    #"[{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [], "source": []}, {"cell_type": "raw", "id": "b", "metadata": {}, "source": []}]"#
            ),
            [
                "cells[0]: 'metadata' was missing; an empty value was added",
                "cells[0]: 'execution_count' was missing; an empty value was added",
                "cells[0]: 'outputs' was missing; an empty value was added",
                "cells[1]: 'source' was missing; an empty value was added",
                "cells[1]: 'metadata' was missing; an empty value was added",
            ]
        ),
        (
            "no members of an output",
            oneLine(
                code:
                    #""execution_count": null, "id": "a", "metadata": {}, "outputs": [{"output_type": "display_data"}, {"data": {}, "output_type": "execute_result"}], "source": []"#
            ),
            oneLine(
                code:
                    #""execution_count": null, "id": "a", "metadata": {}, "outputs": [{"data": {}, "metadata": {}, "output_type": "display_data"}, {"data": {}, "execution_count": null, "metadata": {}, "output_type": "execute_result"}], "source": []"#
            ),
            [
                "cells[0].outputs[0]: 'data' was missing; an empty value was added",
                "cells[0].outputs[0]: 'metadata' was missing; an empty value was added",
                "cells[0].outputs[1]: 'execution_count' was missing; an empty value was added",
                "cells[0].outputs[1]: 'metadata' was missing; an empty value was added",
            ]
        ),
        (
            "no minor version", #"{"cells": [], "metadata": {}, "nbformat": 4}"#,
            #"{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}"#,
            ["the file does not specify its full format version; assumed 4.0"]
        ),
        (
            "no version at all",
            #"{"cells": [{"cell_type": "raw", "id": "a", "metadata": {}, "source": "x"}], "metadata": {}}"#,
            #"{"cells": [{"cell_type": "raw", "id": "a", "metadata": {}, "source": "x"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#,
            ["the file does not specify its full format version; assumed 4.5"]
        ),
        (
            "repeated and strange ids",
            with(
                cells:
                    #"[{"cell_type": "raw", "id": "a", "metadata": {}, "source": "x"}, {"cell_type": "raw", "id": "a", "metadata": {}, "source": "y"}, {"cell_type": "raw", "id": "a b", "metadata": {}, "source": "y"}, {"cell_type": "raw", "id": 7, "metadata": {}, "source": "y"}]"#
            ),
            with(
                cells:
                    #"[{"cell_type": "raw", "id": "a", "metadata": {}, "source": "x"}, {"cell_type": "raw", "id": "5dfbf364", "metadata": {}, "source": "y"}, {"cell_type": "raw", "id": "a b", "metadata": {}, "source": "y"}, {"cell_type": "raw", "id": "74f906e6", "metadata": {}, "source": "y"}]"#
            ),
            [
                "cells[1]: the id 'a' is already used by an earlier cell; the new id is '5dfbf364'",
                "cells[2]: 'a b' is not a valid id (1 to 64 letters, digits, '-' or '_'); left unchanged",
                "cells[3]: the cell had no id; the new id is '74f906e6'",
            ]
        ),
    ])
    func `A notebook with small faults is repaired with a warning`(
        name: String, before: String, after: String, warnings: [String]
    ) throws {
        let notebook = try Notebook(parsing: Array(before.utf8))
        #expect(notebook.text.string == after)
        #expect(notebook.warnings.map(\.description) == warnings)
        let again = try Notebook(parsing: Array(after.utf8))
        #expect(again.text.string == after)
    }

    @Test func `A notebook with other faults causes a warning and stays unchanged`() throws {
        let text = oneLine(
            code:
                #""execution_count": "x", "id": "a", "metadata": {"tags": "t"}, "outputs": [{"ename": "E", "evalue": "", "output_type": "error", "traceback": [1]}], "source": 5, "source": []"#
        )
        let notebook = try Notebook(parsing: Array(text.utf8))
        #expect(notebook.text.string == text)
        #expect(
            notebook.warnings.map(\.description) == [
                "cells[0].metadata.tags: found a string where a list of strings was expected; left unchanged",
                "cells[0].outputs[0].traceback: found a list with other values where a list of strings was expected; left unchanged",
                "cells[0].execution_count: found a string where a whole number or null was expected; left unchanged",
            ])
    }

    @Test func `A repaired notebook gets the same identifiers every time, each once`() throws {
        let cell = #"{"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": []}"#
        let text = with(cells: "[" + Array(repeating: cell, count: 2000).joined(separator: ", ") + "]")
        let one = try Notebook(parsing: Array(text.utf8))
        let two = try Notebook(parsing: Array(text.utf8))
        #expect(one.cells.map(\.id) == two.cells.map(\.id))
        #expect(Set(one.cells.map(\.id)).count == 2000)
    }

    @Test func `A repaired notebook keeps its minor version, and cells before 4.5 get no identifiers`() throws {
        let notebook = try Notebook(parsing: NotebookFixture.named("minor-4").bytes)
        #expect(notebook.version == (4, 4))
        #expect(notebook.cells.allSatisfy { $0.id == nil })
    }

    @Test func `An upgraded notebook says that it was upgraded`() throws {
        let notebook = try Notebook(parsing: NotebookFixture.named("v3").bytes)
        #expect(notebook.warnings.map(\.description) == ["the notebook was upgraded from version 3 to 4.5"])
        #expect(notebook.version == (4, 5))
    }
}

/// Returns a notebook with these cells, the first of them on its own line.
private func with(minor: String = "5", metadata: String = "{}", cells: String) -> String {
    // Keys are sorted, as in most files, so that added keys have a definite place.
    minor == "5" && metadata == "{}"
        ? "{\n \"cells\": \(cells), \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}"
        : "{\"cells\": [], \"nbformat_minor\": \(minor), \"metadata\": \(metadata), \"nbformat\": 4}"
}

/// Returns the notebook on one line.
private func oneLine(code members: String) -> String { with(code: members).replacing("\n ", with: "") }

/// Returns a notebook with one code cell that has these members.
private func with(code members: String) -> String { with(cells: "[{\"cell_type\": \"code\", \(members)}]") }
