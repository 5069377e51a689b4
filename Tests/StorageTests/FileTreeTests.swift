import Foundation
import GalleyTestSupport
import Testing

@testable import GalleyStorage

@Suite struct `The files of a folder` {
    private let folder: TemporaryFolder
    private var tree: FileTree { FileTree(folder("tree")) }

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder("tree/a/b"), withIntermediateDirectories: true)
        for name in ["1.csv", ".hidden.csv", "a/2.csv", "a/b/3.txt"] { try folder.write(name, to: "tree/" + name) }
        try folder.write("secret", to: "outside.csv")
        symlink(folder("outside.csv"), folder("tree/link.csv"))
        symlink(folder.path, folder("tree/up"))
        mkfifo(folder("tree/pipe.csv"), 0o600)
    }

    private func files(_ patterns: String...) throws -> [String] {
        try tree.files(matching: patterns.map { Glob($0) }).map(\.path)
    }

    @Test func `Links, pipes and what is behind links are no files of the folder`() throws {
        #expect(try tree.files().map(\.path) == [".hidden.csv", "1.csv", "a/2.csv", "a/b/3.txt"])
        #expect(try files("**/*.csv") == ["1.csv", "a/2.csv"])
        #expect(try files("up/*.csv", "*.csv") == ["1.csv"])
        for path in ["link.csv", "up/outside.csv", "../outside.csv", "pipe.csv", "a", "none", ""] {
            #expect(tree.entry(path) == nil, "\(path)")
        }
    }

    @Test func `A path to an open file leads to it after its name has another file`() async throws {
        let text = try await tree.withFile("1.csv") { path, size in
            try FileManager.default.removeItem(atPath: folder("tree/1.csv"))
            symlink(folder("outside.csv"), folder("tree/1.csv"))
            #expect(size == 5)
            return try String(contentsOfFile: path, encoding: .utf8)
        }
        #expect(text == "1.csv")
        await #expect(throws: StorageError.self) { try await tree.withFile("1.csv") { _, _ in } }
    }

    @Test func `Only a file that has not changed is removed`() throws {
        let entry = try #require(tree.entry("a/2.csv"))
        try folder.write("changed", to: "tree/a/2.csv")
        tree.remove(entry)
        #expect(folder.exists("tree/a/2.csv"))
        tree.remove(try #require(tree.entry("a/2.csv")))
        #expect(!folder.exists("tree/a/2.csv"))
    }

    @Test func `A new file goes into no folder behind a link`() throws {
        #expect(try tree.missingFolders(of: "a/c/d/x") == [folder("tree/a/c"), folder("tree/a/c/d")])
        #expect(throws: StorageError.self) { try tree.missingFolders(of: "up/x") }
    }

    @Test func `A copy of a local file replaces nothing, unless it is asked to`() throws {
        let storage = LocalStorage()
        let file = try #require(storage.files(in: NotebookLocation(folder("tree/1.csv")), limit: 1).first)
        #expect(file.relativePath == "1.csv" && file.size == 5)
        #expect(throws: StorageError.self) { try storage.download(file, to: folder("outside.csv")) }
        try storage.download(file, to: folder("new.csv"))
        #expect(try folder.text("new.csv") == "1.csv" && folder.text("outside.csv") == "secret")
        try storage.upload(folder("outside.csv"), to: NotebookLocation(folder("new.csv")))
        #expect(try folder.text("new.csv") == "secret")
        #expect(throws: TooManyFiles.self) { try storage.files(in: NotebookLocation(folder("tree")), limit: 2) }
    }
}
