import Foundation
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import struct GalleyStorage.FileLock

@Suite struct `A lock of a file` {
    @Test
    func `A locked file is refused to others until it is unlocked or its store is gone, even after it is replaced`()
        async throws
    {
        let scratch = try TemporaryFolder()
        let path = scratch.path + "/a.ipynb"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        let others = LocalFile(path)
        do {
            let own = LocalFile(path)
            try await own.lock()
            await #expect(throws: StorageError.self) { try await others.lock() }
            for text in ["new", "newer"] {
                _ = try await own.write(Array(text.utf8))
                do {
                    try await others.lock()
                    Issue.record("it was not locked")
                } catch {
                    #expect(error == .inUse(path: path, process: Int(getpid())))
                    #expect("\(error)" == "\(path) is already being run by this process")
                }
            }
        }
        try await others.lock()
        await others.unlock()
        let third = LocalFile(path)
        try await third.lock()
        _ = others
        let other = StorageError.inUse(path: path, process: 1)
        #expect("\(other)" == "\(path) is being run by another process (ID 1); wait for it, or end it")
    }

    @Test func `A locked file is locked under each of its names`() async throws {
        let scratch = try TemporaryFolder()
        let path = scratch.path + "/a.ipynb"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/link.ipynb", withDestinationPath: "a.ipynb")
        let own = LocalFile(path)
        try await own.lock()
        await #expect(throws: StorageError.self) { try await LocalFile(scratch.path + "/link.ipynb").lock() }
        _ = own
    }

    @Test func `A lock that follows no links does not lock the target of a link`() throws {
        let scratch = try TemporaryFolder()
        symlink(try scratch.file("a.ipynb"), scratch("link.ipynb"))
        #expect(throws: Never.self) { _ = try FileLock.acquire(scratch("link.ipynb")) }
        #expect(throws: StorageError.self) { _ = try FileLock.acquire(scratch("link.ipynb"), followsLinks: false) }
    }

    @Test func `A locked file need not exist`() async throws {
        let scratch = try TemporaryFolder()
        let file = LocalFile(scratch.path + "/new.ipynb")
        try await file.lock()
        #expect(try await file.write(Array("x".utf8)) == .original)
    }
}
