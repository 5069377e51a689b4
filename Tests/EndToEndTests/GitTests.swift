import Foundation
import GalleyTestSupport
import Testing

/// Two versions of a notebook, and the lines of their diff in git.
struct NotebookChange {
    private let diff: String
    private let versions: [Character: [String]]

    /// Compares a notebook with its committed version.
    init(of name: String, in folder: TemporaryFolder, git: (String) async throws -> String) async throws {
        diff = try await git("git diff --unified=0 -- \(name)")
        let old = try await git("git show HEAD:\(name)")
        versions = ["-": Self.lines(old), "+": Self.lines(try folder.text(name))]
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Returns the changed lines that are no part of an output, a count, a time or, in a first run, the language.
    func strayLines(isFirstRun: Bool = false) throws -> [String] {
        let keys = ["outputs", "execution"] + (isFirstRun ? ["language_info"] : [])
        var stray: [String] = []
        for hunk in diff.matches(of: /(?m)^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/) {
            let ranges: [(Character, Substring, Substring?)] = [("-", hunk.1, hunk.2), ("+", hunk.3, hunk.4)]
            for (sign, start, count) in ranges {
                let lines = try #require(versions[sign])
                let allowed = allowedLines(lines, keys)
                for number in 0..<(count.flatMap { Int($0) } ?? 1) {
                    let line = try #require(Int(start)) - 1 + number
                    if !allowed.contains(line) { stray.append("\(sign)\(lines[line])") }
                }
            }
        }
        // A bracket gets or loses its comma with the next member.
        return stray.filter { !["", "]", "}"].contains($0.dropFirst().trimmingCharacters(in: [",", " ", "\t"])) }
    }

    var isEmpty: Bool { diff.isEmpty }

    /// Returns the lines of counts, and of members with these keys up to their last line.
    private func allowedLines(_ lines: [String], _ keys: [String]) -> Set<Int> {
        var allowed: Set<Int> = []
        var end: String?
        for (number, line) in lines.enumerated() {
            let text = line.drop { $0 == " " || $0 == "\t" }
            let lead = String(line.dropLast(text.count))
            if let open = end {
                allowed.insert(number)
                if lead == open, text.hasPrefix("]") || text.hasPrefix("}") {
                    end = nil
                    // An object that becomes empty, or was empty, changes its brackets too.
                    if number + 1 < lines.count, lines[number + 1].drop(while: \.isWhitespace).hasPrefix("}") {
                        allowed.insert(number + 1)
                    }
                }
            } else if keys.contains(where: { text.hasPrefix("\"\($0)\"") }) {
                allowed.insert(number)
                if text.hasSuffix("[") || text.hasSuffix("{") { end = lead }
                // The previous member gets a comma if it was the last one.
                let last = lines[number - 1].drop(while: \.isWhitespace)
                if last.hasPrefix("\"metadata\"") || ["},", "],"].contains(last) { allowed.insert(number - 1) }
            } else if text.hasPrefix("\"execution_count\"") || text.hasPrefix("\"metadata\"") && text.contains("{}") {
                allowed.insert(number)
            }
        }
        return allowed
    }
}

@Suite struct `Git diffs of a run` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func git(_ command: String) async throws -> String {
        let run = try await GalleyProgram.run(
            ["-c", command], program: "/bin/sh",
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": folder.path, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c",
                "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c",
            ], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Writes a notebook that the same kernel has run before, in one of two styles.
    private func writeNotebook(isCanonical: Bool) async throws {
        try folder.write(
            ["print('a')", "import random\nrandom.random()", "raise ValueError('é')"], tags: [2: ["raises-exception"]])
        #expect(try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder).status == 0)
        let run = try await GalleyProgram.run(
            [Repository.fixture("judges/rewrite_notebook.py"), isCanonical ? "canonical" : "other", "a.ipynb"],
            program: Repository.python, in: folder)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test(arguments: [true, false], [true, false])
    func `A Git diff of a run has only outputs and times`(isCanonical: Bool, keepsTiming: Bool)
        async throws
    {
        try await writeNotebook(isCanonical: isCanonical)
        _ = try await git("git init -q . && git add . && git commit -qm a")
        let options = keepsTiming ? [] : ["--no-timing"]
        #expect(try await GalleyProgram.run(["execute", "--inplace"] + options + ["a.ipynb"], in: folder).status == 0)
        let change = try await NotebookChange(of: "a.ipynb", in: folder, git: git)
        let stray = try change.strayLines()
        #expect(!change.isEmpty)
        #expect(stray == [])
        #expect(try folder.text("a.ipynb").hasSuffix("\n") == isCanonical)
        #expect(try folder.text("a.ipynb").contains("iopub.status.busy") == keepsTiming)
        #expect(try await git("git status --short") == " M a.ipynb\n")
    }

    @Test func `The Git filter of the help keeps outputs out of a repository`() async throws {
        try await writeNotebook(isCanonical: true)
        let help = try await GalleyProgram.run(["clean", "--help"]).output
        let lines = help.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let setUp = lines.filter { $0.hasPrefix("git config") || $0.hasPrefix("echo") }
        try #require(setUp.count == 3)
        _ = try await git("git init -q . && touch empty.ipynb")
        for line in setUp { _ = try await git(line.replacing("galley clean", with: "\(GalleyProgram.path) clean")) }
        _ = try await git("git add . && git commit -qm a")
        let stored = try RunNotebook(Data(try await git("git show HEAD:a.ipynb").utf8))
        #expect(stored.outputs == [[], [], []] && stored.counts == [nil, nil, nil])
        #expect(try folder.notebook().counts == [1, 2, 3])
        // Another run changes only times, which the filter keeps by default.
        let status = try await GalleyProgram.run(["execute", "--inplace", "--no-timing", "a.ipynb"], in: folder).status
        #expect(status == 0)
        _ = try await git("git add -A && git commit -qm b --allow-empty")
        #expect(
            try await GalleyProgram.run(["execute", "--inplace", "--no-timing", "a.ipynb"], in: folder).status == 0)
        #expect(try await git("git diff") == "")
    }
}

@Suite struct `galley clean` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ["{\n    \"a\": 1,\n", "{\"a\": 1,", "{\r\n\t\"a\": 1,\r\n"] as [HostileText])
    func `Cleaning removes outputs and counts, and touches nothing else`(beginning: HostileText) async throws {
        // An unusual spelling shows whether the member is rewritten.
        func text(_ outputs: String, _ count: String) -> String {
            beginning.text
                + #"  "cells" :[ {"cell_type":"code", "x":1.50, "execution_count": \#(count),"outputs": \#(outputs),"source":"\u0061", "metadata":{"execution":{"iopub.status.busy":"t", "timeout": 5}}},"#
                + #"  {"cell_type": "markdown","outputs":[1],"execution_count":7 , "metadata":{},"source":[]} ],   "nbformat_minor":5,"nbformat":4,"metadata":{"widgets":{}} }"#
        }
        try folder.write(text(#"[{"output_type":"stream","name":"stdout","text":"x"}]"#, "3"), to: "a.ipynb")
        let run = try await GalleyProgram.run(["clean", "--inplace", "a.ipynb"], in: folder)
        #expect(run.status == 0 && run.output == "" && run.errors == "")
        #expect(try folder.text("a.ipynb") == text("[]", "null"))
        let stamp =
            try FileManager.default.attributesOfItem(atPath: folder.path + "/a.ipynb")[.systemFileNumber] as? Int
        #expect(try await GalleyProgram.run(["clean", "--inplace", "a.ipynb"], in: folder).status == 0)
        #expect(
            try FileManager.default.attributesOfItem(atPath: folder.path + "/a.ipynb")[.systemFileNumber] as? Int
                == stamp)
        // --all removes all of it, except settings of the user.
        let all = try await GalleyProgram.run(["clean", "--all", "-"], in: folder, input: text("[]", "null"))
        #expect(
            !all.output.contains("iopub") && !all.output.contains("widgets") && all.output.contains("\"timeout\": 5"))
    }

    @Test func `Cleaning restores the notebook from before a run`() async throws {
        try folder.write(["1", "print(2)"])
        let before = try await GalleyProgram.run(["clean", "a.ipynb"], in: folder).output
        #expect(try await GalleyProgram.run(["execute", "--inplace", "--record", "a.ipynb"], in: folder).status == 0)
        let after = try await GalleyProgram.run(["clean", "--all", "a.ipynb"], in: folder).output
        func withoutMetadata(_ text: String) throws -> NSDictionary {
            var json = try RunNotebook(Data(text.utf8)).json
            json["metadata"] = nil
            return json as NSDictionary
        }
        #expect(try withoutMetadata(before) == withoutMetadata(after))
        // The language is kept.
        #expect(Set(try RunNotebook(Data(after.utf8)).metadata.keys) == ["kernelspec", "language_info"])
    }

    @Test func `A list shows which notebooks cleaning would change, and why, and writes nothing`() async throws {
        try folder.write(["1"], to: "clean.ipynb")
        #expect(try await GalleyProgram.run(["clean", "--inplace", "clean.ipynb"], in: folder).status == 0)
        try folder.write("", to: "empty.ipynb")
        try folder.write("{}", to: "other.ipynb")
        let cell = #"{"cell_type": "code", "execution_count": 1, "outputs": [], "metadata": {}, "source": ""}"#
        let dirty = #"{"cells": [\#(cell), \#(cell)], "metadata": {"galley": {}}, "nbformat": 4, "nbformat_minor": 4}"#
        try folder.write(dirty, to: "dirty.ipynb")
        let arguments = ["clean", "--list", "--all", "clean.ipynb", "dirty.ipynb", "other.ipynb", "empty.ipynb"]
        let run = try await GalleyProgram.run(arguments, in: folder)
        #expect(run.status == 3)
        #expect(run.errors == "galley: other.ipynb: the file (line 1, column 1) has no 'cells'\n")
        #expect(
            run.output == """
                CHANGE  NOTEBOOK     WHY
                no      clean.ipynb  clean
                yes     dirty.ipynb  outputs or counts of 2 cells, the record of a run
                no      empty.ipynb  empty file

                """)
        #expect(try folder.text("dirty.ipynb") == dirty)
        // Standard input and --inplace can stand beside it; it writes nothing either way.
        let filter = try await GalleyProgram.run(["clean", "--list", "--inplace", "-"], in: folder, input: dirty)
        #expect(filter.status == 0 && filter.output.hasSuffix("yes     -         outputs or counts of 2 cells\n"))
    }

    @Test func `Cleaning refuses what it cannot do, and says what is valid`() async throws {
        try folder.write("{}", to: "a.ipynb")
        try folder.write("<<<<<<< HEAD", to: "b.ipynb")
        for (arguments, status, words) in [
            (
                ["--inplcae", "a.ipynb"], 2,
                "'--inplcae' is not an option of clean. Did you mean '--inplace'? See 'galley clean --help'"
            ),
            ([], 2, "which notebook? See 'galley clean --help'"),
            (["a.ipynb", "b.ipynb"], 2, "several notebooks cannot be written to standard output; use --inplace"),
            (["--inplace", "-"], 2, "standard input cannot be written in place; leave --inplace out"),
            (["missing.ipynb"], 3, "missing.ipynb: no such file"),
            (["a.ipynb"], 3, "a.ipynb: the file (line 1, column 1) has no 'cells'"),
        ] as [([String], Int32, String)] {
            let run = try await GalleyProgram.run(["clean"] + arguments, in: folder)
            #expect(run.status == status)
            #expect(run.errors == "galley: \(words)\n")
            #expect(run.output == "")
        }
        // A file that is no notebook does not prevent the cleaning of others.
        try folder.write(["1"], to: "c.ipynb")
        let run = try await GalleyProgram.run(["clean", "--inplace", "b.ipynb", "c.ipynb"], in: folder)
        #expect(run.status == 3)
        #expect(run.errors.hasPrefix("galley: b.ipynb: not a notebook, because it has conflict markers (line 1)"))
        #expect(try folder.notebook("c.ipynb").outputs == [[]])
    }
}
