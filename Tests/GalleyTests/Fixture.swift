import Foundation
import Galley
import GalleyJSON
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import Synchronization
import Testing

/// A notebook in memory, in a place that can be made to fail.
final class CountingStore: NotebookStore {
    let name: String
    let canBeWrittenAgain: Bool
    private let destination: WriteOutcome
    private let state: Mutex<(bytes: [UInt8], writes: Int, failures: Int)>

    init(
        _ notebook: Notebook, name: String = "memory.ipynb", canBeWrittenAgain: Bool = true, failures: Int = 0,
        destination: WriteOutcome = .original
    ) {
        self.name = name
        self.destination = destination
        self.canBeWrittenAgain = canBeWrittenAgain
        state = Mutex((notebook.text.bytes, 0, failures))
    }

    var writes: Int { state.withLock { $0.writes } }
    var notebook: Notebook { get throws { try Notebook(parsing: state.withLock { $0.bytes }) } }

    func lock() {}
    func read() -> [UInt8] { state.withLock { $0.bytes } }
    func checkWritable() {}

    func write(_ bytes: some ByteRuns) throws -> WriteOutcome {
        let copy = bytes.bytes
        try state.withLock { state in
            state.writes += 1
            if state.writes <= state.failures { throw StorageError.diskFull(path: name, needed: copy.count) }
            state.bytes = copy
        }
        return destination
    }
}

/// A folder of a test's own.
struct Folder: ~Copyable {
    let path = NSTemporaryDirectory() + "galley-test-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// A file that is not there yet, and code that waits until it is.
final class Sign: Sendable {
    private let path = NSTemporaryDirectory() + "galley-sign-\(UUID().uuidString)"
    private let isGiven = Mutex(false)

    var wait: String { "import os, time\nwhile not os.path.exists('\(path)'): time.sleep(0.01)\nos.remove('\(path)')" }

    /// Makes it, once.
    func give() {
        isGiven.withLock { isGiven in
            if !isGiven { isGiven = FileManager.default.createFile(atPath: path, contents: nil) }
        }
    }
}

func options(_ more: [String: String] = [:]) -> Options {
    var environment = ["JUPYTER_PATH": root + "/.build/python/share/jupyter", "PATH": "/usr/bin:/bin"]
    environment.merge(more) { $1 }
    var options = Options()
    (options.environment, options.inheritsEnvironment) = (environment, false)
    (options.kernel, options.result) = ("python3", .inPlace)
    return options
}

func notebook(_ sources: String...) -> Notebook {
    var notebook = Notebook()
    for source in sources { notebook.cells.append(.code(source, id: "c\(notebook.cells.count)")) }
    return notebook
}
