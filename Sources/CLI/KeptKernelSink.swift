import Galley
import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// Records the kernels that are kept after their runs, and prints how to use and stop them.
final class KeptKernelSink: ProgramSink {
    private let arguments: ExecuteArguments
    /// Prints lines for a person.
    private let writeLine: @Sendable ([String]) -> Void
    private let kernels = Mutex<[Int: Kept]>([:])

    private struct Kept {
        var name = ""
        var kernel: KeptKernel?
        /// The ID for `galley stop`, or why the kernel could not be recorded.
        var record = Record.failed("")
    }

    private enum Record {
        case id(String)
        case failed(String)
    }

    init(_ arguments: ExecuteArguments, writeLine: @escaping @Sendable ([String]) -> Void) {
        (self.arguments, self.writeLine) = (arguments, writeLine)
    }

    /// Refuses to keep kernels in combination with options that rule it out.
    static func check(_ arguments: ExecuteArguments) throws(UsageError) {
        let keeping = arguments.options.keepsKernel
        guard keeping != .never else { return }
        let flag = keeping == .always ? "--keep-kernel" : "--keep-kernel-on-failure"
        if !Rooms.kernels(for: arguments).features.contains(.keeping) {
            throw UsageError("\(flag): the kernel of --existing keeps running in any case; leave \(flag) out")
        }
        if arguments.dialect == .check, keeping == .afterFailure {
            throw UsageError("\(flag): galley check finds failures after the kernel has ended; use --keep-kernel")
        }
    }

    /// Records each kernel that is kept.
    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .started(let start)): kernels.withLock { $0[job] = Kept(name: start.kernel) }
        case .run(let job, .kernelKept(let kernel)): record(kernel, of: job)
        default: break
        }
    }

    /// Prints how to use and stop a kept kernel, after its notebook is finished.
    func receive(_ event: ProgramEvent) {
        guard case .judged(let job, let jobReport) = event, let kept = kernels.withLock({ $0[job] }),
            let kernel = kept.kernel
        else { return }
        writeLine(lines(kernel, kept.record, of: job, jobReport))
    }

    private func record(_ kernel: KeptKernel, of job: Int) {
        let name = kernels.withLock { $0[job]?.name } ?? ""
        let record = makeRecord(of: kernel, named: name, for: arguments.tasks[job].shownPath)
        kernels.withLock { $0[job] = Kept(name: name, kernel: kernel, record: record) }
    }

    private func makeRecord(of kernel: KeptKernel, named name: String, for path: String) -> Record {
        if let id = kernel.id {
            return ServerKernelRegistry(notebook: path).keep(id).map { .id($0) }
                ?? .failed("its record cannot be written")
        }
        guard let folder = RunRegistry.own() else { return .failed("/var/tmp and /tmp are not writable") }
        let id = folder.newID(for: path)
        guard
            let record = KeptKernelRecord(kernel, id: id, kernel: name, notebook: RunPaths.absolutePath(path))
        else { return .failed("its process cannot be identified") }
        do throws(StorageError) {
            try folder.add(record)
            return .id(id)
        } catch {
            return .failed("\(error)")
        }
    }

    private func lines(_ kernel: KeptKernel, _ record: Record, of job: Int, _ report: JobReport) -> [String] {
        let path = arguments.tasks[job].shownPath
        let command: String? =
            switch record {
            case .id(let id): "galley stop \(id)"
            case .failed(let reason):
                kernel.process.map { "kill \($0) ('galley runs' does not list it: \(reason.terminalSafeLine(300)))" }
            }
        let name = path == "-" ? "notebook" : arguments.tasks[job].title.terminalSafeLine(200)
        var lines = ["\(name): the kernel goes on\(command.map { "; to end it: \($0)" } ?? "")"]
        let existing: String
        if let server = kernel.server, let id = kernel.id {
            existing = "--server \(server.quotedForShell) --existing \(id.quotedForShell)"
        } else {
            existing = "--existing \(kernel.connectionFile.quotedForShell)"
            lines.append("    jupyter console \(existing)")
        }
        if let cell = report.run?.failingCell, path != "-", arguments.dialect != .check {
            let resultFlag = arguments.result == .inPlace ? " --inplace" : ""
            let notebook = (path.hasPrefix("-") ? "./" + path : path).quotedForShell
            lines.append("    galley execute\(resultFlag) \(existing) --start-at \(cell.number) \(notebook)")
        }
        return lines
    }
}

extension String {
    /// The text, quoted as one word for a shell.
    var quotedForShell: String {
        let isPlain = !isEmpty && allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0) }
        return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
