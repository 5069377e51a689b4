import GalleyTestSupport
import Glibc
import GalleyStorage
import Testing

/// A tree of files, all of which are empty.
private func tree(_ files: String...) throws -> TemporaryFolder {
    let scratch = try TemporaryFolder()
    for file in files {
        run("mkdir", "-p", scratch(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])))
        _ = try scratch.file(file, "")
    }
    return scratch
}

extension TemporaryFolder {
    /// Returns the files that an argument selects, below this folder.
    fileprivate func found(_ argument: String, excluding: String...) -> [String] {
        NotebookSearch(excluding: excluding).notebooks(self(argument)).found.map {
            String($0.path.dropFirst(path.count + 1))
        }
    }
}

@Suite struct `The search for notebooks` {
    @Test func `The search lists folders in the order of names, and skips hidden files and results`() throws {
        let scratch = try tree(
            "n/b.ipynb", "n/a/z.ipynb", "n/a.ipynb", "n/.ipynb_checkpoints/b-checkpoint.ipynb", "n/.h/c.ipynb",
            "n/.d.ipynb", "n/b.executed.ipynb", "n/b.nbconvert.ipynb", "n/b.galley-conflict.ipynb",
            "n/b.galley-conflict-2.ipynb", "n/lonely.executed.ipynb", "n/notes.txt")
        #expect(scratch.found("n") == ["n/a.ipynb", "n/a/z.ipynb", "n/b.ipynb", "n/lonely.executed.ipynb"])
        #expect(scratch.found("n/") == ["n/a.ipynb", "n/a/z.ipynb", "n/b.ipynb", "n/lonely.executed.ipynb"])
    }

    @Test func `The search takes a file as it is, even if it does not exist`() throws {
        let scratch = try tree("x.txt", "[1].ipynb")
        #expect(scratch.found("x.txt") == ["x.txt"])
        #expect(scratch.found("[1].ipynb") == ["[1].ipynb"])
        #expect(scratch.found("none.ipynb") == ["none.ipynb"])
    }

    @Test(arguments: [
        ("*.ipynb", ["a.ipynb", "b.ipynb"]), ("?.ipynb", ["a.ipynb", "b.ipynb"]), ("[b-z].ipynb", ["b.ipynb"]),
        ("*/*.ipynb", ["n/c.ipynb"]), ("**/*.ipynb", ["a.ipynb", "b.ipynb", "n/c.ipynb", "n/m/d.ipynb"]),
        ("**/**/d*", ["n/m/d.ipynb"]), ("n/**", ["n/c.ipynb", "n/m/d.ipynb"]), ("n/*/d.ipynb", ["n/m/d.ipynb"]),
        ("x*", []), (".*", [".e.ipynb"]), ("**/.*", [".e.ipynb"]),
    ])
    func `The search expands patterns that the shell has left`(pattern: String, files: [String]) throws {
        let scratch = try tree("a.ipynb", "b.ipynb", "n/c.ipynb", "n/m/d.ipynb", ".e.ipynb", ".f/g.ipynb")
        #expect(scratch.found(pattern).sorted() == files)
    }

    @Test(arguments: [
        ("drafts", true), ("*.ipynb", true), ("old/*", false), ("drafts/*", true), ("n/drafts", true),
        ("**/drafts/**", true), ("x.ipynb", true), ("raft*", false), ("n", true), ("ipynb", false),
    ])
    func `The search leaves out what a pattern excludes, at any depth`(pattern: String, isOut: Bool) throws {
        let scratch = try tree("n/drafts/x.ipynb")
        #expect(scratch.found("n", excluding: pattern).isEmpty == isOut)
    }

    @Test func `The search leaves out the results that the record of a subfolder lists`() throws {
        let scratch = try tree("n/a.ipynb", "n/out/a.ipynb", "n/out/sub/b.ipynb", "n/out/own.ipynb", "n/out/n/a.ipynb")
        try scratch.write(text("a.ipynb", "sub/b.ipynb", in: scratch), to: record)
        #expect(scratch.found("n") == ["n/a.ipynb", "n/out/n/a.ipynb", "n/out/own.ipynb"])
        #expect(scratch.found("n/**/*.ipynb").sorted() == ["n/a.ipynb", "n/out/n/a.ipynb", "n/out/own.ipynb"])
        // A search of the folder itself, or of one below it, finds the results.
        #expect(scratch.found("n/out").count == 4 && scratch.found("n/out/sub") == ["n/out/sub/b.ipynb"])
        #expect(scratch.found("n/out/a.ipynb") == ["n/out/a.ipynb"])
    }

    @Test func `A record of results changes only if a result has a new path`() throws {
        let scratch = try tree("n/out/a.ipynb")
        let head = "# Results of Galley. A search for notebooks leaves them out.\n"
        try scratch.write(text("b.ipynb", "a.ipynb", in: scratch), to: record)
        #expect(try scratch.text(record) == head + "a.ipynb\nb.ipynb\n")
        #expect(ResultsRecord(of: scratch("n/out")).bytes(adding: ["a.ipynb", "x\n.ipynb", "#.ipynb"]) == nil)
        #expect(try text("a.ipynb", "aa.ipynb", in: scratch) == head + "a.ipynb\naa.ipynb\nb.ipynb\n")
    }

    private let record = "n/out/.galley-results"

    private func text(_ results: String..., in scratch: TemporaryFolder) throws -> String {
        String(decoding: try #require(ResultsRecord(of: scratch("n/out")).bytes(adding: results)), as: UTF8.self)
    }

    @Test func `The search follows links to files, and none to folders`() throws {
        let scratch = try tree("n/a.ipynb", "other/b.ipynb")
        symlink("..", scratch("n/up"))
        symlink("../other/b.ipynb", scratch("n/link.ipynb"))
        symlink("n", scratch("entry"))
        #expect(scratch.found("n") == ["n/a.ipynb", "n/link.ipynb"])
        // A result that is named explicitly is selected.
        #expect(scratch.found("entry") == ["entry/a.ipynb", "entry/link.ipynb"])
    }
}

@Suite struct `A scratch file` {
    @Test func `A scratch file returns its texts in any order`() throws {
        let spool = try ScratchFile(in: "/tmp")
        let long = String(repeating: "long ", count: 500_000)
        let (first, second) = (try spool.add(long), try spool.add("second"))
        var pieces = ConcatenatedBytes()
        pieces.append("<")
        pieces.append(second, of: spool)
        pieces.append(first, of: spool)
        pieces.append(">")
        let scratch = try TemporaryFolder()
        try LocalFile.replaceSmallFile(pieces, at: scratch("a"))
        #expect(contents(scratch("a")) == "<second\(long)>")
        #expect(pieces.count == long.utf8.count + 8)
    }

    @Test func `A scratch file is written to a device without replacing it`() throws {
        try LocalFile.writeDocument("/dev/null", with: Array("x".utf8), mode: 0o600, within: .zero)
        #expect(LocalFile.kind(of: "/dev/null") == .other)
        let scratch = try TemporaryFolder()
        try LocalFile.writeDocument(scratch("a"), with: Array("x".utf8), mode: 0o600, within: .zero)
        #expect(contents(scratch("a")) == "x")
        #expect(throws: StorageError.folderNotFound(path: scratch("no/a"))) {
            try LocalFile.writeDocument(scratch("no/a"), with: Array("x".utf8), mode: 0o600, within: .zero)
        }
    }
}

@Suite struct `A notebook whose name is not UTF-8` {
    let scratch: TemporaryFolder
    /// The text that stands for a name that is not UTF-8.
    let repaired = "caf\u{FFFD}.ipynb"

    init() throws {
        scratch = try TemporaryFolder()
        mkdir(scratch("n"), 0o755)
        for folder in ["n/", "n/d\u{E9}"] {
            let bytes = scratch(folder).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            if folder != "n/" { mkdir(bytes.map { CChar(bitPattern: $0) } + [0], 0o755) }
            let path = bytes + Array("/caf".utf8) + [0xE9] + Array(".ipynb".utf8)
            close(open(path.map { CChar(bitPattern: $0) } + [0], O_WRONLY | O_CREAT, 0o644))
        }
        try write("", to: scratch("n/good.ipynb"))
    }

    @Test func `A notebook whose name is not UTF-8 is found in a folder, also in one with such a name`() {
        let all = ["n/" + repaired, "n/d\u{FFFD}/" + repaired, "n/good.ipynb"]
        #expect(Set(scratch.found("n")) == Set(all))
        #expect(Set(scratch.found("n/**")) == Set(all))
        #expect(Set(scratch.found("n/**/*.ipynb")) == Set(all))
        #expect(Set(scratch.found("n/*.ipynb")) == ["n/" + repaired, "n/good.ipynb"])
        #expect(scratch.found("n/*/*.ipynb") == ["n/d\u{FFFD}/" + repaired])
    }

    @Test func `A notebook whose name is not UTF-8 is refused with its name`() async throws {
        await #expect(throws: StorageError.nameNotUTF8(path: scratch("n/caf\\xE9.ipynb"))) {
            try await LocalFile(scratch("n/" + repaired)).read()
        }
        let error = await #expect(throws: StorageError.self) {
            try await LocalFile(scratch("n/d\u{FFFD}/" + repaired)).read()
        }
        #expect(error?.description.hasPrefix(scratch("n/d\\xE9/")) == true)
    }

    @Test(.root("only root can give files away"))
    func `A notebook whose name is not UTF-8 is not searched for by root in another user's folder`() {
        let all = scratch.found("n")
        run("sh", "-c", "chown 54321 \"$0\"/d*", scratch("n"))
        #expect(scratch.found("n") == all.filter { !$0.contains("/d") } && all.count == 3)
        chown(scratch("n"), 54_321, 54_321)
        #expect(scratch.found("n") == ["n/good.ipynb"])
    }

    @Test func `A notebook whose name is not UTF-8 is not confused with a name that does not exist`() async throws {
        let path = scratch("n/tea\u{FFFD}.ipynb")
        await #expect(throws: StorageError.notFound(path: path)) { try await LocalFile(path).read() }
    }
}
