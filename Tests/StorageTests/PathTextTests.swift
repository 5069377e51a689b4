import GalleyCLinux
import GalleyTestSupport
import Glibc
@testable import GalleyStorage
import Testing

/// The letter é in its two spellings, each of which is a file's own name.
private let (composed, decomposed) = ("\u{E9}", "e\u{301}")

/// A name that begins with a combining mark, which Unicode joins to the slash before it.
private let marked = "\u{301}x.ipynb"

@Suite struct `The text of a path` {
    @Test func `A path is split at each slash, also before a combining mark`() {
        let path = "/home/user/" + marked
        #expect(path.directory.utf8.elementsEqual("/home/user/".utf8))
        #expect(path.lastName.isSamePath(as: marked))
        #expect(path.pathNames.count == 3 && path.pathNames.last?.isSamePath(as: marked) == true)
        #expect(LocalFile.folder(of: path) == "/home/user")
        #expect(LocalFile.fileName(of: path).isSamePath(as: marked))
        #expect(("/" + marked).isAbsolutePath && ("/" + marked).pathNames.count == 1)
        #expect(!marked.isAbsolutePath && marked.lastSlash == nil && marked.directory.isEmpty)
        #expect("a/".endsInSlash && "a/".withSlash == "a/" && "a".withSlash == "a/")
        #expect("./a//./b/".pathNames == ["a", "b"])
    }

    @Test func `A path differs from its other spelling in Unicode`() {
        #expect(composed == decomposed, "Unicode holds them for the same")
        #expect(!composed.isSamePath(as: decomposed) && composed.isSamePath(as: composed))
        #expect(PathKey(composed) != PathKey(decomposed) && PathKey(composed) == PathKey("a\u{E9}".dropFirst()))
        #expect(Set([composed, decomposed, composed].map { PathKey($0) }).count == 2)
        #expect("x/\(composed)".lastName.isSamePath(as: composed))
        #expect("x/\(decomposed)".pathNames.last?.isSamePath(as: decomposed) == true)
    }

    @Test func `A path is not looked up as one name`() throws {
        let scratch = try TemporaryFolder()
        _ = try scratch.file("a")
        let folder = clinux_open_folder(scratch.path)
        defer { close(folder) }
        let found = clinux_look_up(folder, "a")
        #expect(found >= 0)
        close(found)
        for name in ["./a", "/a", "/tmp"] {
            errno = 0
            #expect(clinux_look_up(folder, name) == -1 && errno == EINVAL, "\(name)")
        }
    }
}

@Suite(.root("only root can make files of others")) struct `A name that begins with a combining mark` {
    private let user: uid_t = 54_321

    @Test func `A name that begins with a combining mark does not hide a user's folder from root`() throws {
        let scratch = try TemporaryFolder()
        mkdir(scratch("home"), 0o755)
        let file = try scratch.file("home/" + marked)
        for path in [scratch("home"), file] { chown(path, user, user) }
        let walk = try PathWalk(file)
        #expect(walk.control == .user(user) && walk.kind == .file && walk.base.isSamePath(as: marked))
        #expect(try PathWalk(scratch("home/\u{301}missing")).control == .user(user))
        symlink(scratch("roots"), scratch("home/\u{301}link"))
        lchown(scratch("home/\u{301}link"), user, user)
        #expect(try PathWalk(scratch("home/\u{301}link")).kind == .link)
        #expect(!LocalFile.isInRootsFolder(file))
    }
}

@Suite struct `A file that is read within bounds` {
    @Test func `A file that is read is the one that was checked, and not its replacement`() async throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.file("a.ipynb", "seen")
        let seen = try #require(LocalFile.identity(of: path))
        let bounds = LocalFile.ReadRestrictions(only: seen)
        #expect(try await LocalFile(path, reading: bounds).read() == Array("seen".utf8))
        _ = try scratch.file("b.ipynb", "other")
        try #require(rename(scratch("b.ipynb"), path) == 0)
        let error = await #expect(throws: StorageError.self) { try await LocalFile(path, reading: bounds).read() }
        #expect("\(error.map { "\($0)" } ?? "")".contains("is no longer the file that root checked"))
        // The first one may still be there under another name.
        #expect(try await LocalFile(path).read() == Array("other".utf8))
    }

    @Test(.root("only root can make files of others"))
    func `A file that is read belongs to one of the named users`() async throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.file("a.ipynb", "text")
        chown(path, 54_322, 54_322)
        symlink(path, scratch("link"))
        let bounds = LocalFile.ReadRestrictions(owners: [0, 54_321])
        let error = await #expect(throws: StorageError.self) {
            try await LocalFile(scratch("link"), reading: bounds).read()
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("leads to a file of user 54322"))
        for owner in [0, 54_321] as [uid_t] {
            chown(path, owner, owner)
            #expect(try await LocalFile(scratch("link"), reading: bounds).read() == Array("text".utf8))
        }
    }
}
