import Galley
import GalleyExecution
import GalleySupervisor

/// Writes what the cells print to one of their streams to a file, as they print it.
final class StreamFileSink: ProgramSink {
    private let stream: String
    private let path: String
    private let writer: BackgroundWriter
    private let readerTimeout: Duration
    private let reportProblem: @Sendable (String) -> Void

    /// How many bytes wait in memory for a slow disk.
    private static let limit = 256_000_000

    /// Opens the file and empties it.
    ///
    /// - Parameters:
    ///   - stream: The name of the stream: `stdout` or `stderr`.
    ///   - option: The option that names the file.
    ///   - reportProblem: Receives the problem at the end if some text could not be written.
    init(
        _ stream: String, of option: String, to path: String, readerTimeout: Duration, _ files: any RunFileWriter,
        reportProblem: @escaping @Sendable (String) -> Void
    ) throws(OutputFileError) {
        (self.stream, self.path, self.readerTimeout, self.reportProblem) = (stream, path, readerTimeout, reportProblem)
        writer = try BackgroundWriter(file: path, of: option, files, isNew: true, limit: Self.limit) { count in
            Array("\n[\(count) bytes are missing]\n".utf8)
        }
    }

    func receive(_ event: BatchEvent) {
        guard case .run(_, .output(_, .stream(stream, let text))) = event else { return }
        writer.write(Array(text.utf8))
    }

    func finish() async {
        if await !writer.finish(within: readerTimeout) { reportProblem("not all text could be written to \(path)") }
    }
}
