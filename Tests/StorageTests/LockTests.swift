import Foundation
import GalleyStorage
import Testing

@testable import struct GalleyStorage.FileLock

@Suite struct `A file that is locked` {
    @Test func `is refused to others until it is let go or the store is gone, also when it was replaced`() async throws
    {
        let scratch = try Scratch()
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

    @Test func `is locked by whatever name it is called`() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a.ipynb"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/link.ipynb", withDestinationPath: "a.ipynb")
        let own = LocalFile(path)
        try await own.lock()
        await #expect(throws: StorageError.self) { try await LocalFile(scratch.path + "/link.ipynb").lock() }
        _ = own
    }

    @Test func `is not what a link leads to that takes its place, for those who follow none`() throws {
        let scratch = try Scratch()
        symlink(try scratch.file("a.ipynb"), scratch("link.ipynb"))
        #expect(throws: Never.self) { _ = try FileLock.acquire(scratch("link.ipynb")) }
        #expect(throws: StorageError.self) { _ = try FileLock.acquire(scratch("link.ipynb"), followsLinks: false) }
    }

    @Test func `need not exist`() async throws {
        let scratch = try Scratch()
        let file = LocalFile(scratch.path + "/new.ipynb")
        try await file.lock()
        #expect(try await file.write(Array("x".utf8)) == .original)
    }
}
