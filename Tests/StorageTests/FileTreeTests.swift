import Foundation
import GalleyTestSupport
import Synchronization
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

    @Test func `What is left out is named`() throws {
        // A name that is not UTF-8.
        let name = Array(folder("tree/a/caf").utf8) + [0xe9, 0]
        let file = name.withUnsafeBytes { open($0.assumingMemoryBound(to: CChar.self).baseAddress!, O_CREAT, 0o600) }
        #expect(file >= 0)
        close(file)
        var skipped: [String] = []
        #expect(try tree.files(matching: [Glob("**/*")]) { skipped.append($0) }.map(\.path).contains("a/2.csv"))
        #expect(skipped.sorted() == ["a/caf\u{fffd}", "link.csv", "up"])
    }

    @Test func `A folder that is renamed is still the same one`() throws {
        let tree = tree
        try FileManager.default.moveItem(atPath: folder("tree"), toPath: folder("moved"))
        symlink(folder.path, folder("tree"))
        #expect(tree.entry("1.csv") != nil && tree.entry("outside.csv") == nil)
        try tree.newFile(at: "b/new").finish()
        #expect(folder.exists("moved/b/new"))
    }

    @Test func `A path to an open file leads to it after its name has another file`() async throws {
        let text = try await tree.withFile("1.csv") { path, file in
            try FileManager.default.removeItem(atPath: folder("tree/1.csv"))
            symlink(folder("outside.csv"), folder("tree/1.csv"))
            #expect(file.size == 5)
            return try String(contentsOfFile: path, encoding: .utf8)
        }
        #expect(text == "1.csv")
        await #expect(throws: StorageError.self) { try await tree.withFile("1.csv") { _, _ in } }
    }

    @Test func `Only a file that has not changed is removed`() throws {
        let entry = try #require(tree.entry("a/2.csv"))
        try folder.write("changed", to: "tree/a/2.csv")
        tree.remove(entry.path, version: entry.version)
        #expect(folder.exists("tree/a/2.csv"))
        let changed = try #require(tree.entry("a/2.csv"))
        tree.remove(changed.path, version: changed.version)
        #expect(!folder.exists("tree/a/2.csv"))
        // Nothing behind a link is removed.
        let outside = try #require(FileTree(folder.path).entry("outside.csv"))
        tree.remove("up/outside.csv", version: outside.version)
        tree.remove("link.csv", version: outside.version)
        #expect(folder.exists("outside.csv") && !tree.removeEmptyFolder("up/empty"))
    }

    @Test func `A new file makes the folders that it needs, and goes into none behind a link`() throws {
        var made: [String] = []
        let new = try tree.newFile(at: "a/c/d/x") { made.append($0) }
        new.append(Array("new".utf8))
        #expect(!folder.exists("tree/a/c/d/x"))
        try new.finish()
        #expect(made == ["a/c", "a/c/d"])
        #expect(try folder.text("tree/a/c/d/x") == "new" && tree.entry("a/c/d/x")?.version == new.version)
        for path in ["up/x", "up/a/x", "../x", "a/../x", ""] {
            #expect(throws: StorageError.self, "\(path)") { try tree.newFile(at: path) }
        }
        #expect(throws: StorageError.self) { try tree.newFile(at: "1.csv").finish() }
        let reason = "a file or a link has the name of its folder"
        #expect(throws: StorageError.refused(path: folder("tree/1.csv/x"), reason: reason)) {
            try tree.newFile(at: "1.csv/x")
        }
        #expect(!tree.removeEmptyFolder("a/c/d"))
        tree.remove("a/c/d/x", version: new.version)
        #expect(tree.removeEmptyFolder("a/c/d") && tree.removeEmptyFolder("a/c") && !folder.exists("tree/a/c"))
    }

    @Test func `A local file is copied whole, unless it changes meanwhile`() async throws {
        let storage = LocalStorage()
        let file = try #require(storage.files(in: NotebookLocation(folder("tree")), limit: 9).dropFirst().first)
        #expect(file.relativePath == "1.csv" && file.size == 5)
        let new = try NewFile(at: folder("new.csv"))
        try await storage.download(file, to: new)
        try new.finish()
        #expect(try folder.text("new.csv") == "1.csv")
        try folder.write("changed", to: "tree/1.csv")
        await #expect(throws: StorageError.self) {
            try await storage.download(file, to: try NewFile(at: folder("other")))
        }
        // A folder that is replaced by a link leads nowhere.
        let inner = try #require(storage.files(in: NotebookLocation(folder("tree")), limit: 9).last)
        #expect(inner.relativePath == "a/b/3.txt")
        try FileManager.default.moveItem(atPath: folder("tree/a"), toPath: folder("moved"))
        symlink(folder("moved"), folder("tree/a"))
        await #expect(throws: StorageError.self) {
            try await storage.download(inner, to: try NewFile(at: folder("other")))
        }
        #expect(throws: TooManyFiles.self) { try storage.files(in: NotebookLocation(folder("tree")), limit: 1) }
    }
}

@Suite struct `Writing a file where another one may be` {
    private let folder: TemporaryFolder
    private var place: NotebookLocation { NotebookLocation(folder("out/a.csv")) }

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("mine", to: "source")
    }

    private func write(replacing mayReplace: @Sendable (PresentFile) -> Bool) throws -> String? {
        try LocalStorage().write(.file(folder("source")), at: place, replacing: mayReplace)
    }

    private func makeOther(_ text: String) throws {
        try FileManager.default.createDirectory(atPath: folder("out"), withIntermediateDirectories: true)
        try folder.write(text, to: "out/a.csv")
    }

    @Test func `A free place gets the file, with a new folder`() throws {
        let version = try write { _ in
            Issue.record("there is no file to decide about")
            return false
        }
        #expect(try version != nil && folder.text("out/a.csv") == "mine")
        #expect(FileTree(folder("out")).entry("a.csv")?.version == version)
    }

    @Test func `The caller decides about a file there`() throws {
        try makeOther("other")
        #expect(try write { _ in false } == nil)
        #expect(try folder.text("out/a.csv") == "other")
        let version = try write { present in present.age.map { $0 < .seconds(3600) } ?? false }
        #expect(try version != nil && folder.text("out/a.csv") == "mine")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("out")) == ["a.csv"])
    }

    @Test func `A file with the same contents is taken for the new one`() throws {
        try makeOther("mine")
        let version = try #require(FileTree(folder("out")).entry("a.csv")?.version)
        #expect(try write { _ in false } == version)
    }

    @Test func `A file that another program replaces at the same moment is looked at again`() throws {
        try makeOther("old")
        let log = Mutex<[String]>([])
        let written = try write { [folder] present in
            log.withLock { $0.append(present.version) }
            if log.withLock(\.count) == 1 { try? folder.write("newer", to: "out/a.csv") }
            return log.withLock(\.count) == 1
        }
        #expect(written == nil)
        let versions = log.withLock(\.self)
        #expect(try versions.count == 2 && Set(versions).count == 2 && folder.text("out/a.csv") == "newer")
    }

    @Test func `A link stays and its target is replaced, and a folder is an error`() throws {
        try makeOther("mine too")
        try FileManager.default.removeItem(atPath: folder("out/a.csv"))
        try folder.write("outside", to: "outside")
        symlink(folder("outside"), folder("out/a.csv"))
        #expect(try write { _ in false } == nil)
        #expect(try write { _ in true } != nil)
        #expect(try folder.text("outside") == "mine" && LocalFile.isLink(folder("out/a.csv")))
        try FileManager.default.removeItem(atPath: folder("out/a.csv"))
        try FileManager.default.createDirectory(atPath: folder("out/a.csv"), withIntermediateDirectories: true)
        #expect(throws: StorageError.notAFile(path: folder("out/a.csv"))) { try write { _ in true } }
    }

    @Test func `The versions of the files that match are known before the run`() throws {
        try makeOther("other")
        try folder.write("x", to: "out/b.txt")
        let result = NotebookLocation(folder("out/n.ipynb"))
        let storage = LocalStorage()
        let versions = try #require(try storage.versions(matching: [Glob("*.csv")], beside: result, limit: 1))
        #expect(versions == [place: try #require(FileTree(folder("out")).entry("a.csv")?.version)])
        #expect(try storage.versions(matching: [Glob("*")], beside: result, limit: 1) == nil)
        let none = NotebookLocation(folder("none/n.ipynb"))
        #expect(try storage.versions(matching: [Glob("*")], beside: none, limit: 1) == [:])
    }

    @Test func `What must not be replaced sends the file to the next free name beside it`() async throws {
        try makeOther("other")
        try folder.write("another", to: "out/a.csv.galley-conflict")
        let (location, version) = try await LocalStorage().writeHereOrBeside(.file(folder("source")), at: place) { _ in
            false
        }
        #expect(location.text == folder("out/a.csv.galley-conflict-2"))
        #expect(FileTree(folder("out")).entry("a.csv.galley-conflict-2")?.version == version)
    }
}

@Suite struct `Files that must not outlive their process` {
    private let folder: TemporaryFolder
    private var tree: FileTree { FileTree(folder.path) }
    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Brings files, and returns the bytes of their list.
    private func bring(_ paths: [String]) throws -> [UInt8] {
        let list = try TransientFiles(in: tree)
        for path in paths {
            let new = try tree.newFile(at: path) { try? list.addFolder($0) }
            new.append(Array(path.utf8))
            try list.add(path, version: new.version)
            try new.finish()
        }
        let name = try #require(try names.first { $0.hasPrefix(".galley-input-") })
        // A list whose process lives is left alone.
        TransientFiles.removeLeftovers(in: tree)
        #expect(folder.exists(name) && paths.allSatisfy { folder.exists($0) })
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder(name))))
    }

    private func leave(_ list: [UInt8]) throws -> String {
        let path = folder(".galley-input-0123456789abcdef")
        try Data(list).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        return path
    }

    @Test func `What a killed process has brought is removed, unless it has changed`() throws {
        let list = try bring(["a/b/1", "a/2\nx", "3", "4"])
        // The list goes with its process.
        #expect(try names == ["3", "4", "a"])
        try folder.write("changed", to: "3")
        // The process was killed while it wrote.
        _ = try leave(list + Array("a/b".utf8))
        TransientFiles.removeLeftovers(in: tree)
        #expect(try names == ["3"])
    }

    @Test func `A file that another process lists is known`() throws {
        let list = try bring(["1", "2"])
        _ = try leave(list)
        let entry = try #require(tree.entry("1"))
        func listed(_ own: TransientFiles?) -> [PathKey: Set<String>] { TransientFiles.listed(in: tree, exceptIn: own) }
        #expect(listed(nil)[PathKey("1")] == [entry.version] && listed(nil).count == 2)
        let own = try TransientFiles(in: tree)
        try own.add("3", version: "v")
        #expect(listed(own)[PathKey("3")] == nil && listed(nil)[PathKey("3")] == ["v"])
        // A file that a living process uses stays, though its list is not the one of the killed process.
        try own.add("1", version: entry.version)
        TransientFiles.removeLeftovers(in: tree)
        #expect(try names.contains("1") && !names.contains("2"))
        let other = try leave(list)
        chmod(other, 0o666)
        #expect(listed(own)[PathKey("1")] == nil)
        withExtendedLifetime(own) {}
    }

    @Test func `A list that others can write, or have written, has no effect`() throws {
        let list = try bring(["1"])
        let path = try leave(list)
        chmod(path, 0o622)
        TransientFiles.removeLeftovers(in: tree)
        #expect(try names.contains("1"))
        try FileManager.default.removeItem(atPath: path)
        symlink(folder("1"), path)
        TransientFiles.removeLeftovers(in: tree)
        if geteuid() == 0 {
            unlink(path)
            chown(try leave(list), 12_345, 12_345)
            TransientFiles.removeLeftovers(in: tree)
        }
        #expect(try names.contains("1"))
    }

    @Test(arguments: [[], [0], Array("x".utf8), Array("../x\u{0}1.1.1.1\u{0}".utf8), [0, 0, 0, 0xff, 0]])
    func `A damaged list removes nothing`(list: [UInt8]) throws {
        _ = try bring(["1"])
        let path = try leave(list)
        TransientFiles.removeLeftovers(in: tree)
        #expect(try names == ["1"] && access(path, F_OK) != 0)
    }
}
