import GalleyTestSupport
import Glibc
@testable import GalleyStorage
import Testing

/// Users without files of their own on any machine.
private let (alice, bob): (uid_t, uid_t) = (54_321, 54_322)

/// Root's checks of paths that other users may be able to change.
@Suite(.root("only root can make files of others"))
struct `A path that root follows` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func folder(_ name: String, of user: uid_t = 0, mode: mode_t = 0o755) {
        mkdir(scratch(name), 0o755)
        chown(scratch(name), user, user)
        chmod(scratch(name), mode)
    }

    private func file(_ name: String, of user: uid_t = 0) throws {
        let path = try scratch.file(name)
        chown(path, user, user)
    }

    private func link(_ name: String, to target: String, of user: uid_t = 0) {
        symlink(target, scratch(name))
        lchown(scratch(name), user, user)
    }

    @Test func `A path belongs to root if root alone can change every folder on the way`() throws {
        folder("a")
        try file("a/b")
        try file("a/alices", of: alice)
        for path in ["a/b", "a/../a/./b", "a//b"] {
            let walk = try PathWalk(scratch(path))
            #expect(walk.control == .root && walk.kind == .file && walk.owner?.user == 0)
        }
        // Another user can write that user's own file there, but not exchange others.
        let walk = try PathWalk(scratch("a/alices"))
        #expect(walk.control == .root && walk.owner?.user == alice)
        let missing = try PathWalk(scratch("a/c/d/e"))
        #expect(
            missing.control == .root && missing.kind == .missing && missing.base == "c" && missing.rest == ["d", "e"])
        let whole = try PathWalk(scratch("a/"))
        #expect(whole.kind == .folder && whole.control == .root)
        #expect(throws: Errno.self) { _ = try PathWalk(scratch("a/b/c")).kind }
        #expect(throws: Errno.self) { _ = try PathWalk("a\0b").kind }
    }

    @Test func `A path is controlled by the user who owns a folder on the way`() throws {
        folder("a", of: alice)
        try file("a/b")
        #expect(try PathWalk(scratch("a/b")).control == .user(alice))
        #expect(try PathWalk(scratch("a/missing")).control == .user(alice))
        folder("a/roots")
        try file("a/roots/c")
        #expect(try PathWalk(scratch("a/roots/c")).control == .user(alice))
        folder("a/bobs", of: bob)
        #expect(try PathWalk(scratch("a/bobs/c")).control == .others)
    }

    @Test(arguments: [0o775, 0o2775, 0o777] as [mode_t])
    func `A path is controlled by others if a folder accepts their files`(mode: mode_t) throws {
        folder("a", mode: mode)
        try file("a/b")
        #expect(try PathWalk(scratch("a/b")).control == .others)
        #expect(try PathWalk(scratch("a/missing")).control == .others)
    }

    @Test func `A path in a sticky folder belongs to root if its files do`() throws {
        folder("a", mode: 0o1777)
        try file("a/roots")
        try file("a/alices", of: alice)
        #expect(try PathWalk(scratch("a/roots")).control == .root)
        #expect(try PathWalk(scratch("a/alices")).control == .user(alice))
        #expect(try PathWalk(scratch("a/missing")).control == .others)
    }

    @Test func `A path follows links of root, and no others`() throws {
        folder("a")
        try file("a/b")
        link("there", to: "a")
        link("whole", to: scratch("there/b"))
        for path in ["there/b", "whole"] {
            let walk = try PathWalk(scratch(path))
            #expect(walk.kind == .file && walk.control == .root && walk.base == "b")
        }
        folder("home", of: alice)
        link("home/a", to: scratch("a"), of: alice)
        link("home/roots", to: scratch("a"))
        for path in ["home/a", "home/a/b", "home/roots/b"] {
            let walk = try PathWalk(scratch(path))
            #expect(walk.kind == .link && walk.control == .user(alice))
        }
        #expect(try PathWalk(scratch("home/a/b")).rest == ["b"])
        folder("all", mode: 0o1777)
        link("all/alices", to: scratch("a"), of: alice)
        link("all/roots", to: scratch("a"))
        #expect(try PathWalk(scratch("all/alices/b")).kind == .link)
        #expect(try PathWalk(scratch("all/roots/b")).kind == .file)
        link("circle", to: "circle")
        #expect(throws: Errno(rawValue: ELOOP)) { _ = try PathWalk(scratch("circle")).kind }
    }
}

/// Root's writes among the files of other users.
@Suite(.root("only root can make files of others"))
struct `A file that root writes` {
    let scratch: TemporaryFolder
    let roots: TemporaryFolder

    init() throws {
        (scratch, roots) = (try TemporaryFolder(), try TemporaryFolder())
        chmod(roots.path, 0o700)
        _ = try roots.file("secret", "secret")
    }

    /// Gives the folder to a user.
    private func give() { chown(scratch.path, alice, alice) }

    private func owner(of path: String) -> uid_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    @Test func `A file that root writes keeps its owner and mode, in a folder of a user and in one of root`()
        async throws
    {
        for isOwn in [false, true] {
            if isOwn { give() }
            let path = try scratch.file("a\(isOwn)", mode: 0o640)
            chown(path, alice, alice)
            let file = LocalFile(path)
            _ = try await file.read()
            #expect(await file.owner() == FileOwner(user: alice, group: alice, mode: 0o640).unsafe)
            try await file.checkWritable()
            #expect(try await file.write(Array("new".utf8)) == .original)
            #expect(contents(path) == "new" && owner(of: path) == alice)
        }
    }

    @Test func `A file that root writes belongs to the given owner`() async throws {
        let file = LocalFile(scratch("new"))
        await file.setOwner(FileOwner(user: alice, group: alice))
        #expect(try await file.write(Array("new".utf8)) == .original)
        #expect(owner(of: scratch("new")) == alice)
    }

    @Test func `A file that root writes is not reached through a link of another user`() async throws {
        give()
        for (name, target) in [("file", roots("secret")), ("new", roots("new")), ("folder", roots.path)] {
            symlink(target, scratch(name))
            lchown(scratch(name), alice, alice)
        }
        for name in ["file", "new", "folder/secret", "folder/new"] {
            let path = scratch(name)
            await #expect(throws: StorageError.changeable(path: path)) { try await LocalFile(path).checkWritable() }
            await #expect(throws: StorageError.changeable(path: path)) { _ = try await LocalFile(path).write([1]) }
            #expect(throws: StorageError.changeable(path: path)) { try LocalFile.replaceSmallFile([1], at: path) }
            #expect(throws: StorageError.changeable(path: path)) { try LocalFile.remove(path) }
            #expect(throws: Errno(rawValue: EPERM)) { _ = try LocalFile.openForAppending(path) }
        }
        #expect(throws: StorageError.self) { try LocalFile.makeFolder(scratch("folder/a/b")) }
        #expect(roots.names == ["secret"] && contents(roots("secret")) == "secret")
        // A folder behind a link is not listed either.
        #expect(LocalFile.names(in: scratch("folder")) == [] && LocalFile.names(in: scratch.path).count == 3)
    }

    @Test func `A file that root locks is not reached through a link of another user`() async throws {
        give()
        symlink(roots("secret"), scratch("file"))
        lchown(scratch("file"), alice, alice)
        let lock = open(roots("secret"), O_RDONLY | O_CLOEXEC)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        await #expect(throws: Never.self) { try await LocalFile(scratch("file")).lock() }
    }

    @Test func `A file that root opens is the one that was checked, or a new one`() throws {
        chmod(scratch.path, 0o777)
        func make(_ name: String, of user: uid_t) throws { chown(try scratch.file(name), user, user) }
        for name in ["file", "link"] { try make(name, of: 0) }
        let paths = try ["new", "file", "link"].map { try PinnedPath(scratch($0)) }
        // The file is exchanged between the check and the opening.
        try make("new", of: alice)
        try make("other", of: alice)
        rename(scratch("other"), scratch("file"))
        unlink(scratch("link"))
        symlink(roots("secret"), scratch("link"))
        for (path, code) in zip(paths, [EEXIST, EPERM, ELOOP]) {
            #expect(throws: Errno(rawValue: code)) { _ = try path.open(O_WRONLY | O_CREAT | O_APPEND, mode: 0o666) }
        }
    }

    @Test func `Root does not write into a hard link or a pipe of another user`() async throws {
        give()
        _ = try scratch.file("alices")
        chown(scratch("alices"), alice, alice)
        link(roots("secret"), scratch("second"))
        mkfifo(scratch("pipe"), 0o600)
        chown(scratch("pipe"), alice, alice)
        for name in ["alices", "second", "pipe"] {
            #expect(throws: Errno(rawValue: EPERM)) { _ = try LocalFile.openForAppending(scratch(name)) }
        }
        await #expect(throws: StorageError.changeable(path: scratch("second"))) {
            _ = try await LocalFile(scratch("second")).write([1])
        }
        #expect(contents(roots("secret")) == "secret")
    }

    @Test func `Root's own file is replaced beside those of a user`() throws {
        give()
        _ = try scratch.file("report")
        chown(scratch("report"), alice, alice)
        try LocalFile.replaceSmallFile(Array("new".utf8), at: scratch("report"))
        #expect(contents(scratch("report")) == "new" && owner(of: scratch("report")) == 0)
        let lines = try LocalFile.openForAppending(scratch("log"))
        close(lines)
        #expect(owner(of: scratch("log")) == 0)
        try LocalFile.makeFolder(scratch("b/c"))
        #expect(owner(of: scratch("b/c")) == 0)
    }

    @Test func `Root reads an exchangeable file only if it is the checked one`() async throws {
        let path = try scratch.file("a", "meant")
        let only = try #require(LocalFile.identity(of: path))
        #expect(
            try await LocalFile(path, reading: LocalFile.ReadRestrictions(only: only)).read() == Array("meant".utf8))
        _ = try scratch.file("b", "other")
        rename(scratch("b"), path)
        await #expect(throws: StorageError.self) {
            _ = try await LocalFile(path, reading: LocalFile.ReadRestrictions(only: only)).read()
        }
        #expect(try await LocalFile(path).read() == Array("other".utf8))
    }

    @Test func `A file is unsafe for root if another user can change its path`() async throws {
        let path = try scratch.file("a")
        let file = LocalFile(path)
        #expect(await file.owner() == nil)
        _ = try await file.read()
        #expect(await file.owner()?.isSafeForRoot == true)
        give()
        #expect(await file.owner()?.isSafeForRoot == false)
    }
}

extension FileOwner {
    fileprivate var unsafe: FileOwner {
        var owner = self
        owner.isSafeForRoot = false
        return owner
    }
}
