import Glibc
@testable import GalleyStorage
import Testing

/// Users without files of their own on any machine.
private let (alice, bob): (uid_t, uid_t) = (54_321, 54_322)

/// What root finds out about paths that other users may be able to change.
@Suite(.enabled(if: isRoot, "only root can make files of others"))
struct `A path that root follows` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

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

    @Test func `is root's where root alone can change every folder on the way`() throws {
        folder("a")
        try file("a/b")
        try file("a/alices", of: alice)
        for path in ["a/b", "a/../a/./b", "a//b"] {
            let walk = try PathWalk(scratch(path))
            #expect(walk.control == .root && walk.kind == .file && walk.owner?.user == 0)
        }
        // A file of another user's there can be written by that user, and not exchanged.
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

    @Test func `is controlled by the user who owns a folder on the way`() throws {
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
    func `is controlled by others where a folder takes their files`(mode: mode_t) throws {
        folder("a", mode: mode)
        try file("a/b")
        #expect(try PathWalk(scratch("a/b")).control == .others)
        #expect(try PathWalk(scratch("a/missing")).control == .others)
    }

    @Test func `is root's in a folder that keeps files to their owners, where they are root's`() throws {
        folder("a", mode: 0o1777)
        try file("a/roots")
        try file("a/alices", of: alice)
        #expect(try PathWalk(scratch("a/roots")).control == .root)
        #expect(try PathWalk(scratch("a/alices")).control == .user(alice))
        #expect(try PathWalk(scratch("a/missing")).control == .others)
    }

    @Test func `leads through links of root's, and through no others`() throws {
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

/// What root writes among the files of other users.
@Suite(.enabled(if: isRoot, "only root can make files of others"))
struct `A file that root writes` {
    let scratch: Scratch
    let roots: Scratch

    init() throws {
        (scratch, roots) = (try Scratch(), try Scratch())
        chmod(roots.path, 0o700)
        _ = try roots.file("secret", "secret")
    }

    /// Makes the folder that of a user.
    private func give() { chown(scratch.path, alice, alice) }

    private func owner(of path: String) -> uid_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    @Test func `keeps its owner and mode, in a folder of a user's and in one of root's`() async throws {
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

    @Test func `belongs to whom it is made for`() async throws {
        let file = LocalFile(scratch("new"))
        await file.setOwner(FileOwner(user: alice, group: alice))
        #expect(try await file.write(Array("new".utf8)) == .original)
        #expect(owner(of: scratch("new")) == alice)
    }

    @Test func `is not reached through a link of another user's`() async throws {
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
        // What a link hides is not listed either.
        #expect(LocalFile.names(in: scratch("folder")) == [] && LocalFile.names(in: scratch.path).count == 3)
    }

    @Test func `is not locked through a link of another user's`() async throws {
        give()
        symlink(roots("secret"), scratch("file"))
        lchown(scratch("file"), alice, alice)
        let lock = open(roots("secret"), O_RDONLY | O_CLOEXEC)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        await #expect(throws: Never.self) { try await LocalFile(scratch("file")).lock() }
    }

    @Test func `is the one that root has seen, or a new one, when it is opened`() throws {
        chmod(scratch.path, 0o777)
        func make(_ name: String, of user: uid_t) throws { chown(try scratch.file(name), user, user) }
        for name in ["file", "link"] { try make(name, of: 0) }
        let paths = try ["new", "file", "link"].map { try PinnedPath(scratch($0)) }
        // In the moment between the look and the opening.
        try make("new", of: alice)
        try make("other", of: alice)
        rename(scratch("other"), scratch("file"))
        unlink(scratch("link"))
        symlink(roots("secret"), scratch("link"))
        for (path, code) in zip(paths, [EEXIST, EPERM, ELOOP]) {
            #expect(throws: Errno(rawValue: code)) { _ = try path.open(O_WRONLY | O_CREAT | O_APPEND, mode: 0o666) }
        }
    }

    @Test func `is not filled where it is another name of a file, or a pipe, of another user's`() async throws {
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

    @Test func `is replaced by root's own beside those of a user`() throws {
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

    @Test func `is read only if it is the file that was meant, where others can exchange it`() async throws {
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

    @Test func `is unsafe for root if another user can change its path`() async throws {
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
