import Foundation
import Testing

/// Two versions of a notebook, and the lines in which git says that they differ.
struct NotebookChange {
    private let diff: String
    private let versions: [Character: [String]]

    /// Compares a notebook with what was committed of it.
    init(of name: String, in folder: Folder, git: (String) async throws -> String) async throws {
        diff = try await git("git diff --unified=0 -- \(name)")
        let old = try await git("git show HEAD:\(name)")
        versions = ["-": Self.lines(old), "+": Self.lines(try folder.text(name))]
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The lines that are no part of an output, a count or a time; and of the language, where this is the first run.
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
        // A bracket gets a comma, or loses it, when its neighbour comes or goes.
        return stray.filter { !["", "]", "}"].contains($0.dropFirst().trimmingCharacters(in: [",", " ", "\t"])) }
    }

    var isEmpty: Bool { diff.isEmpty }

    /// The lines of members with these keys, up to the line that ends them, and of counts.
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
                    // What holds nothing else any more, or did not before, is opened or closed with it.
                    if number + 1 < lines.count, lines[number + 1].drop(while: \.isWhitespace).hasPrefix("}") {
                        allowed.insert(number + 1)
                    }
                }
            } else if keys.contains(where: { text.hasPrefix("\"\($0)\"") }) {
                allowed.insert(number)
                if text.hasSuffix("[") || text.hasSuffix("{") { end = lead }
                // The member before it gets a comma, where it is the last.
                let last = lines[number - 1].drop(while: \.isWhitespace)
                if last.hasPrefix("\"metadata\"") || ["},", "],"].contains(last) { allowed.insert(number - 1) }
            } else if text.hasPrefix("\"execution_count\"") || text.hasPrefix("\"metadata\"") && text.contains("{}") {
                allowed.insert(number)
            }
        }
        return allowed
    }
}

@Suite struct `Git` {
    let folder: Folder

    init() throws { folder = try Folder() }

    private func git(_ command: String) async throws -> String {
        let run = try await Program.run(
            ["-c", command], program: "/bin/sh",
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": folder.path, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c",
                "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c",
            ], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Writes a notebook that was run before, by the same kernel, in one style or another.
    private func writeNotebook(isCanonical: Bool) async throws {
        try folder.write(
            ["print('a')", "import random\nrandom.random()", "raise ValueError('é')"], tags: [2: ["raises-exception"]])
        #expect(try await Program.run(["execute", "--inplace", "a.ipynb"], in: folder).status == 0)
        let rewrite =
            isCanonical
            ? "import nbformat; n = nbformat.read('a.ipynb', 4); nbformat.write(n, 'a.ipynb')"
            : """
            import json; n = json.load(open('a.ipynb'))
            n = {key: n[key] for key in reversed(n)}
            for cell in n['cells']: cell['metadata'].pop('execution', None)
            open('a.ipynb', 'w').write(json.dumps(n, indent=4, ensure_ascii=True))
            """
        let run = try await Program.run(["-c", rewrite], program: Program.python, in: folder)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test(arguments: [true, false], [true, false])
    func `sees of a run what it has put out, and when, and nothing else`(isCanonical: Bool, keepsTiming: Bool)
        async throws
    {
        try await writeNotebook(isCanonical: isCanonical)
        _ = try await git("git init -q . && git add . && git commit -qm a")
        let options = keepsTiming ? [] : ["--no-timing"]
        #expect(try await Program.run(["execute", "--inplace"] + options + ["a.ipynb"], in: folder).status == 0)
        let change = try await NotebookChange(of: "a.ipynb", in: folder, git: git)
        let stray = try change.strayLines()
        #expect(!change.isEmpty)
        #expect(stray == [])
        #expect(try folder.text("a.ipynb").hasSuffix("\n") == isCanonical)
        #expect(try folder.text("a.ipynb").contains("iopub.status.busy") == keepsTiming)
        #expect(try await git("git status --short") == " M a.ipynb\n")
    }

    @Test func `keeps outputs out of its repository with the filter that the help names`() async throws {
        try await writeNotebook(isCanonical: true)
        let help = try await Program.run(["clean", "--help"]).output
        let lines = help.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let setUp = lines.filter { $0.hasPrefix("git config") || $0.hasPrefix("echo") }
        try #require(setUp.count == 3)
        _ = try await git("git init -q . && touch empty.ipynb")
        for line in setUp { _ = try await git(line.replacing("galley clean", with: "\(Program.path) clean")) }
        _ = try await git("git add . && git commit -qm a")
        let stored = try RunNotebook(Data(try await git("git show HEAD:a.ipynb").utf8))
        #expect(stored.outputs == [[], [], []] && stored.counts == [nil, nil, nil])
        #expect(try folder.notebook().counts == [1, 2, 3])
        // Another run changes nothing that git would keep, but the times, which the filter leaves by itself.
        let status = try await Program.run(["execute", "--inplace", "--no-timing", "a.ipynb"], in: folder).status
        #expect(status == 0)
        _ = try await git("git add -A && git commit -qm b --allow-empty")
        #expect(try await Program.run(["execute", "--inplace", "--no-timing", "a.ipynb"], in: folder).status == 0)
        #expect(try await git("git diff") == "")
    }
}

@Suite struct `Cleaning` {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test(arguments: ["{\n    \"a\": 1,\n", "{\"a\": 1,", "{\r\n\t\"a\": 1,\r\n"])
    func `removes outputs and counts, and touches nothing else`(beginning: String) async throws {
        // Spelled as nobody would, so that it would be noticed if it were written anew.
        func text(_ outputs: String, _ count: String) -> String {
            beginning
                + #"  "cells" :[ {"cell_type":"code", "x":1.50, "execution_count": \#(count),"outputs": \#(outputs),"source":"\u0061", "metadata":{"execution":{"iopub.status.busy":"t", "timeout": 5}}},"#
                + #"  {"cell_type": "markdown","outputs":[1],"execution_count":7 , "metadata":{},"source":[]} ],   "nbformat_minor":5,"nbformat":4,"metadata":{"widgets":{}} }"#
        }
        try folder.write(text(#"[{"output_type":"stream","name":"stdout","text":"x"}]"#, "3"), to: "a.ipynb")
        let run = try await Program.run(["clean", "--inplace", "a.ipynb"], in: folder)
        #expect(run.status == 0 && run.output == "" && run.errors == "")
        #expect(try folder.text("a.ipynb") == text("[]", "null"))
        let stamp =
            try FileManager.default.attributesOfItem(atPath: folder.path + "/a.ipynb")[.systemFileNumber] as? Int
        #expect(try await Program.run(["clean", "--inplace", "a.ipynb"], in: folder).status == 0)
        #expect(
            try FileManager.default.attributesOfItem(atPath: folder.path + "/a.ipynb")[.systemFileNumber] as? Int
                == stamp)
        // All of it goes with --all, but not what somebody has set.
        let all = try await Program.run(["clean", "--all", "-"], in: folder, input: text("[]", "null"))
        #expect(
            !all.output.contains("iopub") && !all.output.contains("widgets") && all.output.contains("\"timeout\": 5"))
    }

    @Test func `leaves of a run nothing that was not there before it`() async throws {
        try folder.write(["1", "print(2)"])
        let before = try await Program.run(["clean", "a.ipynb"], in: folder).output
        #expect(try await Program.run(["execute", "--inplace", "--record", "a.ipynb"], in: folder).status == 0)
        let after = try await Program.run(["clean", "--all", "a.ipynb"], in: folder).output
        func withoutMetadata(_ text: String) throws -> NSDictionary {
            var json = try RunNotebook(Data(text.utf8)).json
            json["metadata"] = nil
            return json as NSDictionary
        }
        #expect(try withoutMetadata(before) == withoutMetadata(after))
        // What language it was is worth knowing.
        #expect(Set(try RunNotebook(Data(after.utf8)).metadata.keys) == ["kernelspec", "language_info"])
    }

    @Test func `refuses what it cannot do, with what would be right`() async throws {
        try folder.write("{}", to: "a.ipynb")
        try folder.write("<<<<<<< HEAD", to: "b.ipynb")
        for (arguments, status, words) in [
            (
                ["--inplcae", "a.ipynb"], 2,
                "'--inplcae' is not an option of clean. Did you mean '--inplace'? See 'galley clean --help'"
            ),
            ([], 2, "which notebook? See 'galley clean --help'"),
            (["a.ipynb", "b.ipynb"], 2, "several notebooks do not fit into standard output; use --inplace"),
            (["--inplace", "-"], 2, "standard input cannot be written in place; leave --inplace out"),
            (["missing.ipynb"], 3, "missing.ipynb: no such file"),
            (["a.ipynb"], 3, "a.ipynb: the file (line 1, column 1) has no 'cells'"),
        ] as [([String], Int32, String)] {
            let run = try await Program.run(["clean"] + arguments, in: folder)
            #expect(run.status == status)
            #expect(run.errors == "galley: \(words)\n")
            #expect(run.output == "")
        }
        // One that is no notebook does not keep the others from being cleaned.
        try folder.write(["1"], to: "c.ipynb")
        let run = try await Program.run(["clean", "--inplace", "b.ipynb", "c.ipynb"], in: folder)
        #expect(run.status == 3)
        #expect(run.errors.hasPrefix("galley: b.ipynb: not a notebook, because it is not JSON: line 1, column 1"))
        #expect(try folder.notebook("c.ipynb").outputs == [[]])
    }
}
