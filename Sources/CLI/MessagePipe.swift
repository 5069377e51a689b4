import Glibc
import GalleyStorage

/// A pipe that passes one short message from a process to another. Messages after the first are ignored.
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

    /// Closes the write end of this process. A reader sees the end of file once all processes have closed it.
    func closeWriting() { close(writing) }

    /// Closes the read end in a process that does not read.
    func closeReading() { close(reading) }

    /// Writes a message, cut off at 4000 bytes so that the pipe takes it in one piece.
    func write(_ text: String) { Terminal.write(Array(text.utf8.prefix(4000)) + [0], to: writing) }

    /// Returns the message of a process that has ended, or an empty string. Does not wait for other processes that hold
    /// the pipe open.
    func readNow() -> String {
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        return read()
    }

    /// Waits for a message. Returns an empty string if all writers close the pipe without one.
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
