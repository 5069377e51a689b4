import GalleyTestSupport
import Glibc
import GalleyStorage
import Testing

@testable import struct GalleyStorage.TemporaryFile

@Suite struct `A file that cannot be written` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test(.mounting, arguments: [false, true])
    func `A full disk is named, and the old file is unchanged`(hasTwoNames: Bool) async throws {
        let small = try SmallFileSystem(size: "256k")
        try write(String(repeating: "old", count: 30_000), to: small("a"))
        if hasTwoNames { link(small("a"), small("b")) }
        let names = list(small.path)
        let file = LocalFile(small("a"))
        _ = try await file.read()
        let error = await #expect(throws: StorageError.self) {
            try await file.write([UInt8](repeating: 65, count: 400_000))
        }
        #expect(error == .diskFull(path: small("a"), needed: 400_000) && error?.isTransient == true)
        #expect(
            error?.description
                == "\(small("a")): no space left for 400000 bytes; the old contents are intact. Free some space and run again"
        )
        #expect(contents(small("a")) == String(repeating: "old", count: 30_000))
        #expect(list(small.path) == names)
        // A smaller file has room.
        #expect(try await file.write(Array("new".utf8)) == .original)
        #expect(contents(small("a")) == "new")
    }

    @Test func `A path that the system would truncate is refused`() async throws {
        let other = try scratch.file("a", "old")
        let path = other + "\0.ipynb"
        let file = LocalFile(path)
        let refusal = StorageError.failed(.opening, path: path, Errno(rawValue: EINVAL))
        await #expect(throws: refusal) { try await file.lock() }
        await #expect(throws: refusal) { _ = try await file.read() }
        await #expect(throws: refusal) { try await file.checkWritable() }
        await #expect(throws: refusal) { try await file.write(Array("new".utf8)) }
        #expect(contents(other) == "old")
    }

    @Test func `A read-only file stays unchanged, for every user`() async throws {
        let path = try scratch.file("a", mode: 0o444)
        let file = LocalFile(path)
        _ = try await file.read()
        await #expect(throws: StorageError.notWritable(path: path)) { try await file.checkWritable() }
        let error = await #expect(throws: StorageError.self) { try await file.write(Array("new".utf8)) }
        #expect(
            error?.description
                == "\(path) is read-only; give write permission, or write the result elsewhere")
        #expect(contents(path) == "old")
        #expect(scratch.names == ["a"])
    }

    @Test(.mounting)
    func `A read-only file system is named`() async throws {
        let small = try SmallFileSystem(size: "64k")
        try write("old", to: small("a"))
        try await small.close()
        let file = LocalFile(small("a"))
        _ = try await file.read()
        await #expect(throws: StorageError.readOnlyFileSystem(path: small("a"))) { try await file.checkWritable() }
        await #expect(throws: StorageError.readOnlyFileSystem(path: small("a"))) {
            try await file.write(Array("new".utf8))
        }
    }

    @Test func `A vanished folder is named`() async throws {
        mkdir(scratch("folder"), 0o755)
        let path = try scratch.file("folder/a")
        let file = LocalFile(path)
        _ = try await file.read()
        run("rm", "-rf", scratch("folder"))
        let error = await #expect(throws: StorageError.self) { try await file.write(Array("new".utf8)) }
        #expect(
            error?.description == "\(path): its folder does not exist; create it first" && error?.isTransient == false)
    }

    @Test(arguments: ["", ".", "..", "folder", "folder/"])
    func `A folder is refused as a file`(name: String) async throws {
        mkdir(scratch("folder"), 0o755)
        let path = scratch(name)
        let error = await #expect(throws: StorageError.self) { try await LocalFile(path).write(Array("new".utf8)) }
        #expect(error?.description.hasSuffix("is not a file") == true)
        await #expect(throws: StorageError.notAFile(path: path)) { try await LocalFile(path).read() }
    }

    @Test func `A named pipe is refused without waiting for its other end`() async throws {
        mkfifo(scratch("pipe"), 0o644)
        await #expect(throws: StorageError.notAFile(path: scratch("pipe"))) {
            try await LocalFile(scratch("pipe")).lock()
        }
        await #expect(throws: StorageError.notAFile(path: scratch("pipe"))) {
            try await LocalFile(scratch("pipe")).write(Array("new".utf8))
        }
    }

    @Test func `A missing file is named when it is read`() async throws {
        let error = await #expect(throws: StorageError.self) { try await LocalFile(scratch("a")).read() }
        #expect(error?.description == "\(scratch("a")): no such file")
        let below = LocalFile(scratch("a/b"))
        await #expect(throws: StorageError.notFound(path: scratch("a/b"))) { try await below.read() }
        await #expect(throws: StorageError.folderNotFound(path: scratch("a/b"))) { try await below.checkWritable() }
    }

    @Test func `A write with fewer bytes than announced does not replace the file`() async throws {
        struct MiscountedBytes: ByteRuns {
            let count = 10
            func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
                try body(Array("few".utf8).span)
            }
        }
        let path = try scratch.file("a")
        await #expect(throws: StorageError.self) { try await LocalFile(path).write(MiscountedBytes()) }
        #expect(contents(path) == "old")
    }

    @Test func `An abandoned temporary file leaves nothing behind`() throws {
        for unnamed in [true, false] {
            var file = try TemporaryFile(in: scratch.path, mode: 0o600, unnamed: unnamed)
            #expect(scratch.names.isEmpty == unnamed)
            #expect(throws: Errno.self) { try file.replace("no/such/folder") }
            _ = consume file
            #expect(scratch.names == [])
        }
    }

    @Test func `A file system without hard links creates new files, and overwrites none`() throws {
        for (base, isFree) in [("a", false), ("b", true)] {
            _ = try scratch.file("a", "old")
            var file = try TemporaryFile(in: scratch.path, mode: 0o600, unnamed: false, usesHardLinks: false)
            try file.file.write(Array("new".utf8))
            #expect(try file.claimName(base) == isFree)
        }
        #expect(scratch.names == ["a", "b"])
        #expect(contents(scratch("a")) == "old" && contents(scratch("b")) == "new")
    }

    @Test func `A file system without unnamed temporary files replaces files too`() throws {
        let path = try scratch.file("a")
        var file = try TemporaryFile(in: scratch.path, mode: 0o600, unnamed: false)
        try file.file.write(Array("new".utf8))
        try file.replace("a")
        #expect(contents(path) == "new")
        #expect(scratch.names == ["a"])
    }
}

/// Each of these tests runs in its own process, which drops root's rights first.
@Suite(.root("only root can become another user")) struct `A file that a user other than root writes` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test func `A file in a read-only folder is written in place`() async throws {
        let temporary = try TemporaryFolder()
        chmod(temporary.path, 0o777)
        await #expect(processExitsWith: .success) {
            [folder = scratch.path as String, temporary = temporary.path as String] in
            setenv("TMPDIR", temporary, 1)
            let path = folder + "/a"
            try write("old contents", to: path)
            chown(path, 1234, 1234)
            try become(1234)
            let file = LocalFile(path)
            _ = try await file.read()
            try await file.checkWritable()
            for text in ["new", "new and much longer"] {
                try #require(try await file.write(Array(text.utf8)) == .original)
                try #require(contents(path) == text)
                try #require(list(folder) == ["a"])
            }
            try #require(list(temporary) == [])
        }
    }

    @Test func `A new file in a read-only folder is refused`() async {
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            try become(1234)
            let file = LocalFile(folder + "/a")
            await #expect(throws: StorageError.folderNotWritable(path: folder + "/a")) {
                try await file.checkWritable()
            }
            await #expect(throws: StorageError.folderNotWritable(path: folder + "/a")) { try await file.write([65]) }
        }
    }

    @Test func `A folder that cannot be listed works`() async {
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            let path = folder + "/a"
            try write("old", to: path)
            chown(path, 1234, 1234)
            chmod(path, 0o644)
            chmod(folder, 0o333)
            let before = status(path).st_ino
            try become(1234)
            let file = LocalFile(path)
            try await file.checkWritable()
            try #require(try await file.write(Array("new".utf8)) == .original)
            try #require(contents(path) == "new")
            try #require(status(path).st_ino != before)
            try #require(try await LocalFile(folder + "/b").write(Array("new".utf8)) == .original)
        }
    }

    @Test func `A read-only file in a read-only folder is refused`() async {
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            let path = folder + "/a"
            try write("old", to: path)
            chmod(path, 0o644)
            try become(1234)
            await #expect(throws: StorageError.notWritable(path: path)) { try await LocalFile(path).write([65]) }
            try #require(contents(path) == "old")
        }
    }

    @Test func `A file without read permission is reported as that`() async {
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            let path = folder + "/a"
            try write("old", to: path)
            chmod(path, 0o600)
            try become(1234)
            await #expect(throws: StorageError.notReadable(path: path)) { try await LocalFile(path).read() }
        }
    }

    @Test func `A shared file of another user keeps its owner`() async {
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            let path = folder + "/a"
            try write("old", to: path)
            chmod(path, 0o666)
            chmod(folder, 0o777)
            try become(1234)
            try #require(try await LocalFile(path).write(Array("new".utf8)) == .original)
            try #require(contents(path) == "new")
            try #require(status(path).st_uid == 0)
            try #require(mode(path) == 0o666)
            try #require(list(folder) == ["a"])
        }
    }
}

/// Changes this process to a user.
func become(_ user: uid_t) throws {
    guard setgroups(0, nil) == 0, setgid(user) == 0, setuid(user) == 0 else { throw POSIXFailure(code: errno) }
}

/// Changes this process to a user, whose temporary files go to root's folder for all users.
func become(_ user: uid_t, temporary folder: String) throws {
    chmod(folder, 0o777)
    setenv("TMPDIR", folder, 1)
    try become(user)
}
