import GalleyTestSupport
import Glibc
import Testing

@testable import GalleyStorage

@Suite struct `A rescue file` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test func `A rescue file is kept even if fsync fails`() throws {
        let path = try LocalFile.writeRescueCopy(
            Array("result".utf8), as: "a.ipynb", in: scratch.path, for: nil, flush: { _ in -1 })
        #expect(contents(path) == "result")
        #expect(mode(path) == 0o600)
    }

    @Test(.mounting)
    func `A rescue file that could not be written leaves nothing behind`() throws {
        let small = try SmallFileSystem(size: "64k")
        #expect(throws: StorageError.self) {
            try LocalFile.writeRescueCopy(
                [UInt8](repeating: 65, count: 100_000), as: "a.ipynb", in: small.path, for: nil)
        }
        #expect(list(small.path) == [])
    }
}

@Suite struct `A pipe for a report` {
    let scratch: TemporaryFolder
    let path: String

    init() throws {
        scratch = try TemporaryFolder()
        path = scratch("pipe")
        mkfifo(path, 0o600)
    }

    @Test func `A pipe that is not read delays a report for a limited time`() {
        let error = #expect(throws: StorageError.self) {
            try LocalFile.writeDocument(path, with: Array("x".utf8), mode: 0o600, within: .zero)
        }
        #expect(error == .notRead(path: path, .zero))
    }

    @Test func `A pipe whose reader stops delays a report for a limited time`() throws {
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let error = #expect(throws: StorageError.self) {
            try LocalFile.writeDocument(path, with: [UInt8](repeating: 65, count: 1 << 20), mode: 0o600, within: .zero)
        }
        #expect(error == .notRead(path: path, .zero))
    }

    @Test func `A pipe takes everything that is read`() throws {
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try LocalFile.writeDocument(path, with: Array("report".utf8), mode: 0o600, within: .seconds(60))
        var bytes = [UInt8](repeating: 0, count: 10)
        #expect(read(reader, &bytes, bytes.count) == 6)
    }
}
