import GalleyTestSupport
import Glibc
import GalleyStorage
import Testing

@Suite struct `A file that another program changes` {
    let scratch: TemporaryFolder
    let path: String
    let file: LocalFile

    init() async throws {
        scratch = try TemporaryFolder()
        path = try scratch.file("report.ipynb", "old", mode: 0o640)
        file = LocalFile(path)
        _ = try await file.read()
    }

    @Test func `A result goes beside a file that another program has changed, and neither is lost`() async throws {
        try write("theirs", to: path)
        let beside = scratch("report.galley-conflict.ipynb")
        #expect(try await file.write(Array("ours".utf8)) == .conflict(beside))
        #expect(contents(path) == "theirs")
        #expect(contents(beside) == "ours")
        #expect(mode(beside) == 0o640)
        #expect(try await file.write(Array("ours again".utf8)) == .conflict(beside))
        #expect(contents(beside) == "ours again")
        #expect(scratch.names == ["report.galley-conflict.ipynb", "report.ipynb"])
    }

    @Test func `A file of an earlier conflict stays unchanged`() async throws {
        _ = try scratch.file("report.galley-conflict.ipynb", "earlier")
        try write("theirs", to: path)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict-2.ipynb")))
        #expect(contents(scratch("report.galley-conflict.ipynb")) == "earlier")
    }

    @Test func `A change of another program between two writes is a conflict`() async throws {
        #expect(try await file.write(Array("ours".utf8)) == .original)
        try write("them", to: path)
        #expect(try await file.write(Array("more".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(contents(path) == "them")
    }

    @Test func `A replacement by another program is a conflict`() async throws {
        _ = try scratch.file("other", "new")
        rename(scratch("other"), path)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(contents(path) == "new")
    }

    @Test(arguments: ["touched", "saved as it was", "made private"])
    func `A file that another program has written unchanged is no conflict`(how: String) async throws {
        for text in ["ours", "ours again"] {
            switch how {
            case "touched": run("touch", "-d", "2001-01-01", path)
            case "saved as it was":
                let same = contents(path)!
                unlink(path)
                try write(same, to: path)
            default: chmod(path, 0o600)
            }
            #expect(try await file.write(Array(text.utf8)) == .original)
            #expect(contents(path) == text)
            #expect(scratch.names == ["report.ipynb"])
        }
    }

    @Test func `A change of another program that resets the time is a conflict`() async throws {
        let time = status(path)
        try write("ald", to: path)
        var times = [time.st_atim, time.st_mtim]
        utimensat(AT_FDCWD, path, &times, 0)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(contents(path) == "ald")
    }

    @Test(arguments: [true, false])
    func `A change of another program during a write is a conflict`(existed: Bool) async throws {
        struct InterferingBytes: ByteRuns {
            let path: String
            let count = 4
            func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
                try? write("theirs", to: path)
                try body(Array("ours".utf8).span)
            }
        }
        var path = path
        var file = file
        if !existed {
            path = scratch("other.ipynb")
            file = LocalFile(path)
            _ = try? await file.read()
        }
        let beside = path.replacing(".ipynb", with: ".galley-conflict.ipynb")
        #expect(try await file.write(InterferingBytes(path: path)) == .conflict(beside))
        #expect(contents(path) == "theirs")
        #expect(contents(beside) == "ours")
    }

    @Test func `A long name is shortened for the file beside it`() async throws {
        let name = String(repeating: "é", count: 120) + ".ipynb"
        let file = LocalFile(try scratch.file(name))
        _ = try await file.read()
        try write("theirs", to: scratch(name))
        guard case .conflict(let beside) = try await file.write(Array("ours".utf8)) else {
            Issue.record("no conflict")
            return
        }
        #expect(contents(beside) == "ours")
        #expect(beside.hasSuffix("é.galley-conflict.ipynb"))
    }

    @Test func `A file that another program has removed is created again`() async throws {
        unlink(path)
        #expect(try await file.write(Array("ours".utf8)) == .original)
        #expect(contents(path) == "ours")
        #expect(mode(path) == 0o640)
    }

    @Test(.root("only root can give files away"))
    func `A file beside another one belongs to the owner of that one`() async throws {
        chown(path, 1234, 2345)
        let file = LocalFile(path)
        _ = try await file.read()
        try write("theirs", to: path)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(status(scratch("report.galley-conflict.ipynb")).st_uid == 1234)
    }
}
