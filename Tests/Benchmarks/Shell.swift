import Glibc
import GalleyJSON

/// Helpers to run programs and write files. Foundation is not used, because its memory would count.
enum Shell {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program and returns its output.
    @discardableResult
    static func run(_ arguments: String...) throws -> String {
        let quoted = arguments.map {
            "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        guard let pipe = unsafe popen(quoted.joined(separator: " "), "r") else {
            throw Failure(description: "\(arguments[0]) cannot be started")
        }
        var output: [UInt8] = []
        while case let byte = unsafe fgetc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
        let status = unsafe pclose(pipe)
        guard status == 0 else { throw Failure(description: "\(arguments[0]) ended with \(status >> 8)") }
        return String(decoding: output.last == UInt8(ascii: "\n") ? output.dropLast() : output[...], as: UTF8.self)
    }

    /// Writes a text to a new file without syncing it to disk.
    static func write(_ text: JSONText, to path: String) throws {
        _ = unsafe unlink(path)
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
        guard file >= 0 else { throw Failure(description: "\(path) cannot be opened") }
        defer { close(file) }
        posix_fallocate(file, 0, text.count)
        try text.forEachRun { (run: Span<UInt8>) throws in
            var rest = run
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
                guard count > 0 else { throw Failure(description: "\(path) cannot be written") }
                rest = rest.extracting(count...)
            }
        }
    }

    /// The peak memory of this process in bytes.
    static var peakMemory: Int {
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
