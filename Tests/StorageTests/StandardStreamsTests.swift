import Foundation
import GalleyCLinux
import GalleyStorage
import Testing

@testable import struct GalleyStorage.FileDescriptor

@Suite struct `The standard streams` {
    @Test func `The standard streams read and write a notebook`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            _ = Glibc.write(ends[1], "notebook", 8)
            close(ends[1])
            dup2(ends[0], STDIN_FILENO)
            let streams = StandardStreams()
            let bytes = try await streams.read()
            try #require(bytes == Array("notebook".utf8))
            try #require(try await streams.write(Array("the notebook".utf8)) == .original)
        }
        #expect(
            result.map { String(decoding: $0.standardOutputContent, as: UTF8.self).contains("the notebook") } == true)
    }

    @Test func `The standard streams wait for a pipe in non-blocking mode`() async throws {
        var ends: [Int32] = [0, 0]
        try #require(clinux_make_pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        let (read, write) = (ends[0], ends[1])
        let size = 3_000_000
        // Both calls block, and the shared pool has only one thread for each processor.
        let written = Task.detached {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        returning: Result {
                            try FileDescriptor(owning: write).write([UInt8](repeating: 65, count: size).span)
                        })
                }
            }
        }
        let bytes = try FileDescriptor(owning: read).readToEnd(expecting: 10)
        try await written.value.get()
        #expect(bytes.count == size)
    }
}
