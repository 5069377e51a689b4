import Foundation
import Galley
import GalleyJSON
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import GalleyTestSupport
import Synchronization
import Testing

/// A file that the test creates later, and code that waits for it.
final class SignalFile: Sendable {
    private let folder = try! TemporaryFolder()
    private var path: String { folder("sign") }
    private let isGiven = Mutex(false)

    var wait: String { "import os, time\nwhile not os.path.exists('\(path)'): time.sleep(0.01)\nos.remove('\(path)')" }

    /// Creates the file, once.
    func give() {
        isGiven.withLock { isGiven in
            if !isGiven { isGiven = FileManager.default.createFile(atPath: path, contents: nil) }
        }
    }
}

func options(_ more: [String: String] = [:]) -> Options {
    var environment = ["JUPYTER_PATH": Repository.kernels + "/share/jupyter", "PATH": "/usr/bin:/bin"]
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
