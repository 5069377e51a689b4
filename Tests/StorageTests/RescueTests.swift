import Glibc
import Testing

@testable import GalleyStorage

@Suite struct `A rescue` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `is there also where the disk does not say that it has it`() throws {
        let path = try LocalFile.writeRescueCopy(
            Array("result".utf8), as: "a.ipynb", in: scratch.path, for: nil, flush: { _ in -1 })
        #expect(contents(path) == "result")
        #expect(mode(path) == 0o600)
    }

    @Test(.enabled(if: canMount, "this needs the right to mount"))
    func `that could not be written leaves nothing behind`() throws {
        let small = try SmallFileSystem(size: "64k")
        #expect(throws: StorageError.self) {
            try LocalFile.writeRescueCopy(
                [UInt8](repeating: 65, count: 100_000), as: "a.ipynb", in: small.path, for: nil)
        }
        #expect(list(small.path) == [])
    }
}

@Suite struct `A pipe that a report goes to` {
    let scratch: Scratch
    let path: String

    init() throws {
        scratch = try Scratch()
        path = scratch("pipe")
        mkfifo(path, 0o600)
    }

    @Test func `is not waited for longer than is said, when nothing reads it`() {
        let error = #expect(throws: StorageError.self) {
            try LocalFile.writeDocument(path, with: Array("x".utf8), mode: 0o600, within: .zero)
        }
        #expect(error == .notRead(path: path, .zero))
    }

    @Test func `is not waited for longer than is said, when its reader stops`() throws {
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let error = #expect(throws: StorageError.self) {
            try LocalFile.writeDocument(path, with: [UInt8](repeating: 65, count: 1 << 20), mode: 0o600, within: .zero)
        }
        #expect(error == .notRead(path: path, .zero))
    }

    @Test func `takes what is read`() throws {
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try LocalFile.writeDocument(path, with: Array("report".utf8), mode: 0o600, within: .seconds(60))
        var bytes = [UInt8](repeating: 0, count: 10)
        #expect(read(reader, &bytes, bytes.count) == 6)
    }
}
