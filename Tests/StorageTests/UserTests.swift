import Foundation
import Storage
import Testing

/// Written by root with the rights of a user who has few.
@Suite(.enabled(if: isRoot, "only root can act for others"))
struct `A file that is written for a user` {
    let scratch: Scratch
    /// The user that everybody's machine has.
    private let nobody: (id: UInt32, group: UInt32)

    init() throws {
        scratch = try Scratch()
        let entry = try #require(getpwnam("nobody")).pointee
        nobody = (entry.pw_uid, entry.pw_gid)
        chmod(scratch.path, 0o755)
    }

    private var user: FileUser { FileUser(user: nobody.id, group: nobody.group, groups: [nobody.group]) }

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
        await file.act(as: user)
        return file
    }

    private func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test func `is written with that user's rights, in a folder that takes no new file from that user too`()
        async throws
    {
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

    @Test func `is refused where that user would be refused, and nobody else is`() async throws {
        let path = scratch.path + "/a"
        let file = try await file(path)
        // Somebody takes the folder away.
        chmod(scratch.path, 0o700)
        await #expect(throws: StorageError.self) { try await file.checkWritable() }
        await #expect(throws: StorageError.self) { _ = try await file.write(Array("new".utf8)) }
        #expect(contents(path) == "old")
        // What others write is written with their own rights.
        let roots = LocalFile(scratch.path + "/b")
        _ = try await roots.write(Array("b".utf8))
        #expect(contents(scratch.path + "/b") == "b")
    }

    @Test func `is not followed to where that user may not write`() async throws {
        give(scratch.path, mode: 0o755)
        let path = scratch.path + "/a"
        let file = try await file(path)
        let secret = scratch.path + "/secret"
        try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
        unlink(path)
        symlink(secret, path)
        _ = try? await file.write(Array("new".utf8))
        #expect(contents(secret) == "secret")
    }

    @Test func `belongs to that user, where a result is made among the user's files`() async throws {
        for isOwn in [true, false] {
            if isOwn { give(scratch.path, mode: 0o755) } else { chown(scratch.path, 0, 0) }
            let path = scratch.path + "/new\(isOwn)"
            let file = LocalFile(path)
            await file.setOwner(FileOwner(user: nobody.id, group: nobody.group))
            await file.act(as: user)
            #expect(try await file.write(Array("new".utf8)) == .original)
            let found = try FileManager.default.attributesOfItem(atPath: path)
            #expect(found[.ownerAccountID] as? UInt32 == nobody.id)
        }
    }
}
