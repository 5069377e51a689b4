import Glibc
import GalleyStorage
import Testing

@Suite struct `When somebody else changes a file that was read` {
    let scratch: Scratch
    let path: String
    let file: LocalFile

    init() async throws {
        scratch = try Scratch()
        path = try scratch.file("report.ipynb", "old", mode: 0o640)
        file = LocalFile(path)
        _ = try await file.read()
    }

    @Test func `the result goes beside it, and neither is lost`() async throws {
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

    @Test func `an earlier conflict's file is left alone`() async throws {
        _ = try scratch.file("report.galley-conflict.ipynb", "earlier")
        try write("theirs", to: path)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict-2.ipynb")))
        #expect(contents(scratch("report.galley-conflict.ipynb")) == "earlier")
    }

    @Test func `between two writes, it is noticed too`() async throws {
        #expect(try await file.write(Array("ours".utf8)) == .original)
        try write("them", to: path)
        #expect(try await file.write(Array("more".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(contents(path) == "them")
    }

    @Test func `by replacing it, it is noticed too`() async throws {
        _ = try scratch.file("other", "new")
        rename(scratch("other"), path)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(contents(path) == "new")
    }

    @Test(arguments: ["touched", "saved as it was", "made private"])
    func `and it is the same afterwards, there is no conflict`(how: String) async throws {
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

    @Test func `and sets the clock back, it is noticed all the same`() async throws {
        let time = status(path)
        try write("ald", to: path)
        var times = [time.st_atim, time.st_mtim]
        utimensat(AT_FDCWD, path, &times, 0)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(contents(path) == "ald")
    }

    @Test(arguments: [true, false])
    func `while the new contents are being written, it is noticed`(existed: Bool) async throws {
        struct Meddler: ByteRuns {
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
        #expect(try await file.write(Meddler(path: path)) == .conflict(beside))
        #expect(contents(path) == "theirs")
        #expect(contents(beside) == "ours")
    }

    @Test func `a name that is long already is cut for the file beside it`() async throws {
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

    @Test func `by removing it, it is made again as it was`() async throws {
        unlink(path)
        #expect(try await file.write(Array("ours".utf8)) == .original)
        #expect(contents(path) == "ours")
        #expect(mode(path) == 0o640)
    }

    @Test(.enabled(if: isRoot, "only root can give files away"))
    func `the file beside it belongs to the owner of the first`() async throws {
        chown(path, 1234, 2345)
        let file = LocalFile(path)
        _ = try await file.read()
        try write("theirs", to: path)
        #expect(try await file.write(Array("ours".utf8)) == .conflict(scratch("report.galley-conflict.ipynb")))
        #expect(status(scratch("report.galley-conflict.ipynb")).st_uid == 1234)
    }
}
