import GalleyCLinux
import GalleyTestSupport
import Glibc
import GalleyStorage
import Testing

@testable import enum GalleyStorage.LeftoverFiles
@testable import struct GalleyStorage.FileVersion
@testable import struct GalleyStorage.TemporaryFile

@Suite struct `Leftovers of a killed run` {
    let scratch: TemporaryFolder
    let path: String
    let file: LocalFile

    init() throws {
        scratch = try TemporaryFolder()
        path = try scratch.file("a.ipynb", "old")
        file = LocalFile(path)
    }

    @Test func `Leftovers are removed by the next run that saves there`() async throws {
        for _ in 0..<300 { _ = try scratch.file(LeftoverFiles.newName, "half") }
        _ = try await file.read()
        _ = try await file.write(Array("new".utf8))
        #expect(scratch.names == ["a.ipynb"])
        #expect(await file.takeWarnings() == [])
    }

    @Test func `Leftovers do not include files of a running run`() async throws {
        var live = try TemporaryFile(in: scratch.path, mode: 0o600, unnamed: false)
        try live.file.write(Array("live".utf8))
        #expect(scratch.names.count == 2)
        _ = try await file.write(Array("new".utf8))
        try live.replace("b.ipynb")
        #expect(contents(scratch("b.ipynb")) == "live")
    }

    @Test func `Leftovers do not include similar names, folders and links`() async throws {
        let names = [
            ".galley-new-0123", ".galley-new-0123456789abcdeX", ".galley-new-0123456789abcdef.ipynb", ".galley-safe",
        ]
        for name in names { _ = try scratch.file(name) }
        mkdir(scratch(".galley-new-0123456789abcdef"), 0o755)
        symlink("a.ipynb", scratch(".galley-new-0123456789abcdee"))
        _ = try await file.write(Array("new".utf8))
        #expect(
            Set(scratch.names)
                == Set(names + ["a.ipynb", ".galley-new-0123456789abcdef", ".galley-new-0123456789abcdee"]))
    }

    @Test(.root("only root can give files away"))
    func `Leftovers do not include files of another user`() async throws {
        let name = LeftoverFiles.newName
        chown(try scratch.file(name), 1234, 1234)
        _ = try await file.write(Array("new".utf8))
        #expect(scratch.names == [name, "a.ipynb"])
    }

    @Test func `Leftovers of an exchange are removed, and kept if another program saved there`()
        async throws
    {
        let old = try #require(try FileVersion(ofFileAt: path))
        let new = try #require(try FileVersion(ofFileAt: scratch.file("new", "new")))
        let name = LeftoverFiles.exchangeName(of: new, for: old)
        for kept in [false, true] {
            rename(scratch("new"), scratch(name))
            if kept { _ = try scratch.file(name, "theirs") }
            let file = LocalFile(path)
            _ = try await file.write(Array("ours".utf8))
            #expect(scratch.names == (kept ? [name, "a.ipynb"] : ["a.ipynb"]))
            let warnings = await file.takeWarnings()
            #expect(warnings.count == (kept ? 1 : 0) && warnings.allSatisfy { $0.contains(scratch(name)) })
            #expect(await file.takeWarnings() == [])
        }
    }
}

/// Contents that do something before and within the pass in which they are written.
private struct Interrupted: ByteRuns {
    let text: String
    /// Called with the number of the pass, before its first byte and before its last byte.
    let moment: @Sendable (_ pass: Int, _ isBegun: Bool) -> Void
    private let pass = PassCounter()

    private final class PassCounter: @unchecked Sendable { var number = 0 }

    init(_ text: String, moment: @escaping @Sendable (_ pass: Int, _ isBegun: Bool) -> Void) {
        (self.text, self.moment) = (text, moment)
    }

    var count: Int { text.utf8.count }

    func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        pass.number += 1
        let bytes = Array(text.utf8)
        moment(pass.number, false)
        try body(bytes.span.extracting(..<(bytes.count - 1)))
        moment(pass.number, true)
        try body(bytes.span.extracting((bytes.count - 1)...))
    }
}

/// Writes a file, and kills this process before the first byte reaches the file, or before the last.
private func writeAndBeKilled(_ path: String, isBegun: Bool) async throws {
    let bytes = Interrupted("new") { pass, isUnderWay in if pass == 2, isUnderWay == isBegun { raise(SIGKILL) } }
    _ = try await LocalFile(path).write(bytes)
}

/// Returns the warnings of a store after it has read a file.
private func warnings(about path: String) async throws -> [String] {
    let file = LocalFile(path)
    _ = try await file.read()
    return await file.takeWarnings()
}

@Suite struct `A file with several names` {
    let scratch: TemporaryFolder
    let path: String

    init() throws {
        scratch = try TemporaryFolder()
        path = try scratch.file("a.ipynb", "the old text")
        link(path, scratch("b.ipynb"))
    }

    @Test func `A file with several names does not grow before it is overwritten`() async throws {
        let path = path
        let bytes = Interrupted("new text that is much longer than the old") { pass, isBegun in
            if !isBegun { #expect(contents(path) == "the old text") }
        }
        #expect(try await LocalFile(path).write(bytes) == .original)
        #expect(contents(scratch("b.ipynb")) == bytes.text)
        #expect(scratch.names == ["a.ipynb", "b.ipynb"])
    }

    @Test func `A killed write of a file with several names is reported with the old contents`() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            try await writeAndBeKilled(path, isBegun: true)
        }
        #expect(contents(path) == "nee old text")
        let copy = try #require(scratch.names.first { $0.hasPrefix(".galley-safety-") })
        #expect(contents(scratch(copy)) == "the old text")
        for _ in 0..<2 {
            let file = LocalFile(path)
            try await file.lock()
            _ = try await file.read()
            let warnings = await file.takeWarnings()
            #expect(warnings.count == 1 && warnings[0].contains(scratch(copy)))
        }
        // A file that is whole, old or new, causes no warning.
        try write("new", to: path)
        #expect(try await warnings(about: path) == [])
        #expect(scratch.names == ["a.ipynb", "b.ipynb"])
    }

    @Test func `A run that was killed before the write is not reported`() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            try await writeAndBeKilled(path, isBegun: false)
        }
        #expect(scratch.names.count == 3)
        #expect(try await warnings(about: path) == [])
        #expect(contents(path) == "the old text" && scratch.names == ["a.ipynb", "b.ipynb"])
    }

    @Test func `A write in progress is not reported`() async throws {
        let (path, scratch) = (path, scratch.path as String)
        let bytes = Interrupted("new") { pass, isBegun in
            guard pass == 2, isBegun else { return }
            #expect(list(scratch).count == 3)
            #expect(SafetyCopy.leftovers(of: path) == [])
            #expect(list(scratch).count == 3)
        }
        _ = try await LocalFile(path).write(bytes)
    }

    @Test(arguments: [true, false])
    func `A huge file is not compared with its copy`(isCopy: Bool) async throws {
        // Another user can forge a sparse copy, which takes no room on the disk.
        let number = String(status(path).st_ino, radix: 16)
        let copy = try scratch.file(".galley-safety-\(number)-0-0-0-0123456789abcdef")
        try #require(truncate(isCopy ? copy : path, 1 << 36) == 0)
        await #expect(processExitsWith: .success) { [path = path as String] in
            var limit = rlimit(rlim_cur: 1 << 34, rlim_max: 1 << 34)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            try #require(SafetyCopy.leftovers(of: path) == [])
        }
        #expect(scratch.names.count == 3)
    }

    @Test func `A save of another program during the copy is kept`() async throws {
        let path = path
        let file = LocalFile(path)
        _ = try await file.read()
        let bytes = Interrupted("ours") { pass, isBegun in if pass == 1, isBegun { try? write("theirs", to: path) } }
        #expect(try await file.write(bytes) == .conflict(scratch("a.galley-conflict.ipynb")))
        #expect(contents(path) == "theirs" && contents(scratch("a.galley-conflict.ipynb")) == "ours")
        #expect(scratch.names == ["a.galley-conflict.ipynb", "a.ipynb", "b.ipynb"])
    }
}

@testable import struct GalleyStorage.SafetyCopy

@Suite(.root("only root can become another user"))
struct `The copy of a file in a read-only folder` {
    @Test func `The copy of a file is on the same disk, if a folder there accepts it`() async throws {
        let scratch = try TemporaryFolder()
        let small = try SmallFileSystem(size: "256k")
        mkdir(small("closed"), 0o755)
        chmod(small.path, 0o777)
        let path = small("closed/a.ipynb")
        try write("the old text", to: path)
        chown(path, 1234, 1234)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, temporary = scratch.path as String] in
            try become(1234, temporary: temporary)
            try await writeAndBeKilled(path, isBegun: true)
        }
        #expect(scratch.names == [])
        let copy = try #require(list(small.path).first { $0.hasPrefix("galley-safety-") })
        #expect(contents(small(copy)) == "the old text")
        await #expect(processExitsWith: .success) { [path = path as String, copy = small(copy) as String] in
            try become(1234)
            let warnings = try await warnings(about: path)
            try #require(warnings.count == 1 && warnings[0].contains(copy))
        }
    }
}

@Suite(.root("only root can become another user"))
struct `A file whose copy is on another disk` {
    @Test func `A file whose copy is on another disk is reported with the folder of the copy`() async throws {
        let scratch = try TemporaryFolder()
        let small = try SmallFileSystem(size: "256k")
        let path = small("a.ipynb")
        chmod(small.path, 0o755)
        try write("old", to: path)
        chown(path, 1234, 1234)
        await #expect(processExitsWith: .success) { [path = path as String, temporary = scratch.path as String] in
            try become(1234, temporary: temporary)
            let file = LocalFile(path)
            try await file.lock()
            _ = try await file.read()
            let warnings = await file.takeWarnings()
            try #require(warnings.count == 1 && warnings[0].contains("its old contents are kept in \(temporary)"))
            _ = try await file.write(Array("new".utf8))
            try #require(contents(path) == "new" && list(temporary) == [])
        }
    }
}

@Suite struct `The flags of a file` {
    @Test func `The flags that chattr sets are kept when a file is replaced`() async throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.file("a")
        func flags() -> Int32 {
            let file = open(path, O_RDONLY)
            defer { close(file) }
            var flags: Int32 = 0
            return clinux_flags(file, &flags) == 0 ? flags : -1
        }
        let before = flags()
        guard run("chattr", "+dA", path), flags() != before else { return }
        let wanted = flags()
        let inode = status(path).st_ino
        _ = try await LocalFile(path).write(Array("new".utf8))
        #expect(status(path).st_ino != inode)
        #expect(flags() == wanted)
    }
}
