import Glibc
import GalleyStorage

/// A pipe for short messages, of which the first alone is read.
struct MessagePipe: Sendable {
    private let reading: Int32
    private let writing: Int32

    init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }

    var ends: [Int32] { [reading, writing] }

    /// As long as it can be written to, the end is not seen.
    func closeWriting() { close(writing) }

    /// Leaves it to another process.
    func closeReading() { close(reading) }

    /// Writes as much of a message as is written in one piece.
    func write(_ text: String) { Terminal.write(Array(text.utf8.prefix(4000)) + [0], to: writing) }

    /// The message of a process that has ended; empty where it sent none. What holds the pipe open is not waited for.
    func readNow() -> String {
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        return read()
    }

    /// Waits for a message; empty where there will be none.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            // Safe because the array is passed with its own length.
            let count = unsafe Glibc.read(reading, &bytes, bytes.count)
            if count >= 0 { return String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self) }
            if errno != EINTR { return "" }
        }
    }
}
