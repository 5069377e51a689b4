import Foundation
import GalleyStorage
import Testing

/// Written by root with the rights of a user who has few.
@Suite(.enabled(if: isRoot, "only root can act for others"))
struct `A file that is written for a user` {
    let scratch: Scratch
    /// The user that everybody's machine has.
    private let nobody: (id: UInt32, group: UInt32)

    init() throws {
        scratch = try Scratch()
        // In a buffer of its own: other tests ask at the same time.
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        getpwnam_r("nobody", &entry, &buffer, buffer.count, &found)
        try #require(found != nil)
        nobody = (entry.pw_uid, entry.pw_gid)
        chmod(scratch.path, 0o755)
    }

    private func give(_ path: String, mode: mode_t) {
        chown(path, nobody.id, nobody.group)
        chmod(path, mode)
    }

    /// Makes a file of the user's and has it read, as a notebook is before it is run.
    private func file(_ path: String, mode: mode_t = 0o640) async throws -> LocalFile {
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        give(path, mode: mode)
        let file = LocalFile(path)
        _ = try await file.read()
        return file
    }

    private func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test func `keeps its owner and mode, in a folder of the user's and in one of root's`() async throws {
        for isOwn in [true, false] {
            if isOwn { give(scratch.path, mode: 0o755) } else { chown(scratch.path, 0, 0) }
            let path = scratch.path + "/a\(isOwn)"
            let file = try await file(path)
            try await file.checkWritable()
            #expect(try await file.write(Array("new".utf8)) == .original)
            #expect(contents(path) == "new")
            let found = try FileManager.default.attributesOfItem(atPath: path)
            #expect(found[.ownerAccountID] as? UInt32 == nobody.id && found[.posixPermissions] as? Int == 0o640)
        }
    }

    @Test func `is refused among the user's files where that user would be refused`() async throws {
        give(scratch.path, mode: 0o755)
        let path = scratch.path + "/a"
        let file = try await file(path)
        chmod(scratch.path, 0o000)
        await #expect(throws: StorageError.self) { try await file.checkWritable() }
        await #expect(throws: StorageError.self) { _ = try await file.write(Array("new".utf8)) }
        await #expect(throws: StorageError.self) { _ = try await LocalFile(path).read() }
        #expect(throws: StorageError.self) { try LocalFile.makeFolder(scratch.path + "/b/c") }
        #expect(throws: StorageError.self) { try LocalFile.put([1], at: scratch.path + "/b") }
        #expect(throws: Errno.self) { _ = try LocalFile.openForLines(scratch.path + "/b") }
        #expect(contents(path) == "old")
        // Root's own files are written with root's rights, also by the same threads.
        let roots = try Scratch()
        _ = try await LocalFile(roots.path + "/b").write(Array("b".utf8))
        #expect(contents(roots.path + "/b") == "b")
    }

    @Test func `is not followed to where that user may not go`() async throws {
        give(scratch.path, mode: 0o755)
        let roots = try Scratch()
        chmod(roots.path, 0o700)
        let secret = roots.path + "/secret"
        try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
        let path = scratch.path + "/a"
        let file = try await file(path)
        unlink(path)
        symlink(secret, path)
        lchown(path, nobody.id, nobody.group)
        symlink(roots.path, scratch.path + "/folder")
        lchown(scratch.path + "/folder", nobody.id, nobody.group)
        _ = try? await file.write(Array("new".utf8))
        await #expect(throws: StorageError.self) { _ = try await LocalFile(path).read() }
        #expect(await LocalFile(path).owner()?.user == nobody.id)
        for path in [path, scratch.path + "/folder/secret", scratch.path + "/folder/new"] {
            #expect(throws: StorageError.self) { try LocalFile.put([1], at: path) }
            #expect(throws: Errno.self) { _ = try LocalFile.openForLines(path) }
            _ = try? await LocalFile(path).write([1])
        }
        #expect(contents(secret) == "secret")
        #expect(try FileManager.default.contentsOfDirectory(atPath: roots.path) == ["secret"])
    }

    @Test func `belongs to the user, where it is made among the user's files or for the user`() async throws {
        for isOwn in [true, false] {
            if isOwn { give(scratch.path, mode: 0o755) } else { chown(scratch.path, 0, 0) }
            let path = scratch.path + "/new\(isOwn)"
            let file = LocalFile(path)
            await file.setOwner(FileOwner(user: nobody.id, group: nobody.group))
            #expect(try await file.write(Array("new".utf8)) == .original)
            let found = try FileManager.default.attributesOfItem(atPath: path)
            #expect(found[.ownerAccountID] as? UInt32 == nobody.id)
        }
    }

    @Test func `stays root's where it is root's, and is written`() async throws {
        give(scratch.path, mode: 0o755)
        let path = scratch.path + "/roots"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        let file = LocalFile(path)
        #expect(try await file.read() == Array("old".utf8))
        try await file.checkWritable()
        #expect(try await file.write(Array("new".utf8)) == .original)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int == 0)
        #expect(contents(path) == "new")
    }
}
