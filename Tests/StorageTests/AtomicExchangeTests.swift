import Foundation
import GalleyTestSupport
import Glibc
import GalleyStorage
import Testing

@testable import struct GalleyStorage.FileVersion
@testable import struct GalleyStorage.TemporaryFile

@Suite struct `A save of another program during a replacement` {
    let scratch: TemporaryFolder
    let path: String
    let seen: FileVersion

    init() throws {
        scratch = try TemporaryFolder()
        path = try scratch.file("a", "old")
        seen = try #require(try FileVersion(ofFileAt: path))
    }

    private func new(unnamed: Bool = true, links: Bool = true) throws -> TemporaryFile {
        let file = try TemporaryFile(in: scratch.path, mode: 0o600, unnamed: unnamed, usesHardLinks: links)
        try file.file.write(Array("ours".utf8))
        return file
    }

    @Test(arguments: [true, false])
    func `An unchanged file is replaced, and nothing is left`(unnamed: Bool) throws {
        var file = try new(unnamed: unnamed)
        #expect(try file.replace("a", expecting: seen))
        #expect(contents(path) == "ours")
        #expect(scratch.names == ["a"])
    }

    @Test(arguments: [true, false], [true, false])
    func `A save of another program keeps the name, and nothing is left`(unnamed: Bool, inPlace: Bool) throws {
        var file = try new(unnamed: unnamed)
        if !inPlace { unlink(path) }
        try write("theirs", to: path)
        #expect(try !file.replace("a", expecting: seen))
        _ = consume file
        #expect(contents(path) == "theirs")
        #expect(scratch.names == ["a"])
    }

    @Test func `A link or a folder that took the name keeps it`() throws {
        for make in [{ _ = symlink("b", path) }, { _ = mkdir(path, 0o755) }] {
            _ = run("rm", "-rf", path)
            make()
            let before = status(path).st_ino
            var file = try new()
            #expect(try !file.replace("a", expecting: seen))
            #expect(status(path).st_ino == before)
        }
    }

    @Test func `A name that became free is taken`() throws {
        unlink(path)
        var file = try new()
        #expect(try file.replace("a", expecting: seen))
        #expect(contents(path) == "ours" && scratch.names == ["a"])
    }

    @Test func `A file system that cannot exchange names replaces the file anyway`() throws {
        var file = try new(unnamed: false, links: false)
        #expect(try file.replace("a", expecting: seen))
        #expect(contents(path) == "ours" && scratch.names == ["a"])
    }

    /// An editor that saves as soon as it sees a temporary file.
    @Test(arguments: [true, false])
    func `A save of another program right after the replacement is not lost`(inPlace: Bool) async throws {
        for round in 0..<40 {
            let path = scratch("report-\(round).ipynb")
            try write("old", to: path)
            let file = LocalFile(path)
            _ = try await file.read()
            let events = inotify_init1(Int32(IN_CLOEXEC))
            defer { close(events) }
            inotify_add_watch(events, scratch.path, UInt32(IN_CREATE))
            let editor = Thread {
                var bytes = [UInt8](repeating: 0, count: 4096)
                guard read(events, &bytes, bytes.count) > 0 else { return }
                if inPlace {
                    try? write("theirs", to: path)
                } else {
                    try? write("theirs", to: path + ".new")
                    rename(path + ".new", path)
                }
                try? write("", to: path + ".done")
            }
            editor.start()
            let place = try await file.write(Array("ours".utf8))
            while access(path + ".done", F_OK) != 0 { await Task.yield() }
            #expect(contents(path) == "theirs")
            if case .conflict(let beside) = place {
                #expect(contents(beside) == "ours")
            }
            run("rm", "-f", path + ".done")
        }
    }
}
