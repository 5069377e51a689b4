import GalleyExecution
import Galley
import GalleyLocalKernels
import GalleyNotebook

/// A kind of notebook, with its expected outcome.
enum NotebookKind: Int, CaseIterable {
    case picture, raises, exits, slow, deaf, dies, parent, big, nameless, empty

    var name: String {
        switch self {
        case .picture: "shows text and a picture"
        case .raises: "raises an error"
        case .exits: "calls sys.exit"
        case .slow: "exceeds the time limit of a cell"
        case .deaf: "ignores the interrupt at the limit"
        case .dies: "loses its kernel"
        case .parent: "starts processes"
        case .big: "prints a megabyte"
        case .nameless: "names a kernel that does not exist"
        case .empty: "has no cells"
        }
    }

    var notebook: Notebook {
        var notebook = Notebook()
        for source in sources { notebook.cells.append(.code(source, id: "c\(notebook.cells.count)")) }
        return notebook
    }

    private var sources: [String] {
        switch self {
        case .picture: ["print('text')", "display({'image/png': '\(Self.png)'}, raw=True)\n6 * 7"]
        case .raises: ["1 / 0", "print('never')"]
        case .exits: ["import sys; sys.exit(3)"]
        case .slow: ["import time; time.sleep(1000)"]
        case .deaf: ["import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1000)"]
        case .dies: ["print('last words', flush=True)", "import os; os.kill(os.getpid(), 9)"]
        case .parent:
            [
                """
                import subprocess
                for is_apart in (False, True):
                    subprocess.Popen(["sleep", "1000"], start_new_session=is_apart)
                    subprocess.Popen(["sh", "-c", "sleep 1000 & sleep 1000"], start_new_session=is_apart)
                """
            ]
        case .big: ["for line in range(10_000): print('x' * 99)", "'y' * 100_000"]
        case .nameless: ["print(1)"]
        case .empty: []
        }
    }

    /// A PNG image of one pixel.
    private static let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    func adjust(_ options: inout Options) {
        switch self {
        case .slow: options.timeout = .milliseconds(300)
        case .deaf:
            options.timeout = .milliseconds(300)
            options.grace = .milliseconds(600)
        case .nameless: options.kernel = "none-such"
        default: break
        }
    }

    /// Returns the fault of an outcome; nil if the outcome is the expected one.
    func problem(_ end: Result<Report, any Error>, _ store: MemoryStore, isCancelled: Bool) -> String? {
        let text: String
        switch end {
        case .success(let report):
            if isCancelled, report.outcome.status == "stopped" { return nil }
            text = ([report.outcome.status] + report.cells.map(\.outcome.status)).joined(separator: " ")
        case .failure(KernelError.notFound): text = "not-found"
        // A batch that is canceled before it starts runs nothing.
        case .failure(is CancellationError) where isCancelled: return nil
        case .failure(let error): text = "\(error)"
        }
        if text != wanted { return "a run that \(name) ended with '\(text)' instead of '\(wanted)'" }
        return hasRightOutputs(store) ? nil : "a run that \(name) did not leave the expected outputs"
    }

    private var wanted: String {
        switch self {
        case .picture, .big: "succeeded succeeded succeeded"
        case .raises: "raised raised not-reached"
        case .exits: "exited exited"
        case .slow, .deaf: "timed-out timed-out"
        case .dies: "kernel-died succeeded kernel-died"
        case .parent: "succeeded succeeded"
        case .nameless: "not-found"
        case .empty: "succeeded"
        }
    }

    private func hasRightOutputs(_ store: MemoryStore) -> Bool {
        guard let cells = try? store.notebook.cells else { return false }
        let outputs = cells.map { $0.outputs.map { $0 } }
        switch self {
        case .picture:
            return outputs[0].first?.text == "text\n" && outputs[1].count == 2
                && outputs[1].first?.data?.text("image/png")?.hasPrefix("iVBORw0KGgo") == true
        case .raises: return outputs[0].first?.errorName == "ZeroDivisionError" && outputs[1].isEmpty
        case .dies: return outputs[0].first?.text == "last words\n"
        case .big:
            return outputs[0].compactMap(\.text).joined().utf8.count == 1_000_000
                && (outputs[1].first?.data?.text("text/plain")?.utf8.count ?? 0) > 100_000
        default: return true
        }
    }
}
