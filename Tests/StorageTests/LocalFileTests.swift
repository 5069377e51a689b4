import GalleyCLinux
import GalleyTestSupport
import Glibc
import GalleyStorage
import Testing

@Suite struct `A local file` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test func `A local file is read and replaced as a whole, and leaves nothing else in its folder`() async throws {
        let path = try scratch.file("a.ipynb", "old")
        let before = status(path).st_ino
        let file = LocalFile(path)
        #expect(try await file.read() == Array("old".utf8))
        #expect(try await file.write(Array("new and longer".utf8)) == .original)
        #expect(contents(path) == "new and longer")
        #expect(scratch.names == ["a.ipynb"])
        #expect(status(path).st_ino != before)
    }

    @Test(arguments: [0, 1, 5_000_000])
    func `A local file is read at any size`(size: Int) async throws {
        let path = try scratch.file("a", String(repeating: "x", count: size))
        #expect(try await LocalFile(path).read().count == size)
    }

    @Test func `A local file is written from runs of bytes, in order`() async throws {
        struct Runs: ByteRuns {
            let runs: [[UInt8]]
            var count: Int { runs.reduce(0) { $0 + $1.count } }
            func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
                for run in runs { try body(run.span) }
            }
        }
        let runs = Runs(runs: [Array("one ".utf8), [], [UInt8](repeating: 65, count: 3_000_000), Array(" two".utf8)])
        _ = try await LocalFile(scratch("a")).write(runs)
        #expect(contents(scratch("a")) == "one " + String(repeating: "A", count: 3_000_000) + " two")
    }

    @Test func `A local file that does not exist is created, with the mode of new files`() async throws {
        // The umask belongs to the whole process.
        await #expect(processExitsWith: .success) { [path = scratch("new.ipynb") as String] in
            umask(0o027)
            try #require(try await LocalFile(path).write(Array("x".utf8)) == .original)
            try #require(contents(path) == "x")
            try #require(mode(path) == 0o640)
        }
    }

    @Test func `A local file that was not read is replaced without a check`() async throws {
        let path = try scratch.file("a", "old", mode: 0o600)
        #expect(try await LocalFile(path).write(Array("new".utf8)) == .original)
        #expect(contents(path) == "new")
        #expect(mode(path) == 0o600)
    }

    @Test(arguments: [0o644, 0o600, 0o640, 0o664, 0o755, 0o2755, 0o4711] as [mode_t])
    func `A local file keeps its mode`(mode wanted: mode_t) async throws {
        let path = try scratch.file("a", mode: wanted)
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(mode(path) == wanted)
    }

    @Test(.root("only root can give files away"))
    func `A local file of another user keeps its owner`() async throws {
        let path = try scratch.file("a", mode: 0o640)
        chown(path, 1234, 2345)
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(status(path).st_uid == 1234)
        #expect(status(path).st_gid == 2345)
        #expect(mode(path) == 0o640)
        #expect(contents(path) == "new")
    }

    @Test func `A local file keeps its extended attributes`() async throws {
        let path = try scratch.file("a")
        try #require(setAttribute("user.galley", Array("value".utf8), of: path))
        try #require(setAttribute("user.empty", [], of: path))
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(attribute("user.galley", of: path) == Array("value".utf8))
        #expect(attribute("user.empty", of: path) == [])
        #expect(contents(path) == "new")
    }

    @Test func `A local file keeps its access list`() async throws {
        let path = try scratch.file("a")
        try #require(setAttribute("system.posix_acl_access", accessList(for: 210), of: path))
        let before = (attribute("system.posix_acl_access", of: path), mode(path))
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(attribute("system.posix_acl_access", of: path) == before.0)
        #expect(mode(path) == before.1)
    }

    @Test func `A local file gets no access list from its folder's default`() async throws {
        let path = try scratch.file("a", mode: 0o640)
        try #require(setAttribute("system.posix_acl_default", accessList(for: 210), of: scratch.path))
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(attribute("system.posix_acl_access", of: path) == nil)
        #expect(mode(path) == 0o640)
    }

    @Test(arguments: ["relative", "absolute"])
    func `A local file behind a symbolic link is replaced, and the link stays`(kind: String) async throws {
        mkdir(scratch("real"), 0o755)
        _ = try scratch.file("real/a")
        let target = kind == "relative" ? "real/a" : scratch("real/a")
        symlink(target, scratch("middle"))
        symlink("middle", scratch("link"))
        let file = LocalFile(scratch("link"))
        _ = try await file.read()
        #expect(try await file.write(Array("new".utf8)) == .original)
        #expect(contents(scratch("real/a")) == "new")
        #expect(status(scratch("link")).st_mode & S_IFMT == S_IFLNK)
        #expect(scratch.names == ["link", "middle", "real"])
        #expect(list(scratch("real")) == ["a"])
    }

    @Test func `A local file behind a dangling link is created at its target`() async throws {
        symlink("later", scratch("link"))
        _ = try await LocalFile(scratch("link")).write(Array("new".utf8))
        #expect(contents(scratch("later")) == "new")
        #expect(status(scratch("link")).st_mode & S_IFMT == S_IFLNK)
    }

    @Test func `A local file with several names keeps them all`() async throws {
        let path = try scratch.file("a", "old contents")
        link(path, scratch("b"))
        for text in ["new", "new and much longer than before"] {
            _ = try await LocalFile(path).write(Array(text.utf8))
            #expect(contents(scratch("b")) == text)
            #expect(status(path).st_ino == status(scratch("b")).st_ino)
            #expect(scratch.names == ["a", "b"])
        }
    }

    @Test(.mounting)
    func `A local file that is mounted into a read-only file system is written in place`() async throws {
        let small = try SmallFileSystem(size: "64k")
        try write("old", to: small("a"))
        let source = try scratch.file("source", "old")
        try #require(run("mount", "--bind", source, small("a")))
        defer { run("umount", small("a")) }
        try await small.close()
        let file = LocalFile(small("a"))
        _ = try await file.read()
        try await file.checkWritable()
        #expect(try await file.write(Array("new".utf8)) == .original)
        #expect(contents(source) == "new")
    }

    @Test(arguments: [
        HostileBytes("é in Latin-1", [0x63, 0xE9]), HostileBytes("a byte that UTF-8 does not have", [0xFF]),
    ])
    func `A local file behind a link to a name that is not UTF-8 is refused, and nothing is written`(
        hostile: HostileBytes
    ) async throws {
        let name = hostile.bytes
        let target = name.map { CChar(bitPattern: $0) } + [0]
        symlink(target, scratch("link"))
        await #expect(throws: StorageError.nameNotReadable(path: scratch("link"))) {
            try await LocalFile(scratch("link")).write(Array("new".utf8))
        }
        #expect(scratch.names == ["link"])
    }

    @Test func `A local file keeps an extended attribute whose name is not UTF-8`() async throws {
        let path = try scratch.file("a")
        let name = Array("user.caf".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
        try #require(setxattr(path, name, "value", 5, 0) == 0)
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(getxattr(path, name, nil, 0) == 5)
    }

    @Test(.mounting)
    func `A local file that is a mount point is written in place`() async throws {
        let path = try scratch.file("a", "old")
        let source = try scratch.file("source", "old")
        try #require(run("mount", "--bind", source, path))
        defer { run("umount", path) }
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(contents(source) == "new")
        #expect(scratch.names == ["a", "source"])
    }
}

/// An access list that lets one more user read, in the kernel's form: a version, then tag, permissions and identifier
/// of the owner, that user, the group, the mask and the others.
func accessList(for user: UInt8) -> [UInt8] {
    func entry(_ tag: UInt8, _ permissions: UInt8, _ id: [UInt8] = [255, 255, 255, 255]) -> [UInt8] {
        [tag, 0, permissions, 0] + id
    }
    return [2, 0, 0, 0] + entry(1, 6) + entry(2, 4, [user, 4, 0, 0]) + entry(4, 4) + entry(16, 6) + entry(32, 0)
}
