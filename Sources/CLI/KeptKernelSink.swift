import Galley
import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyReports
import GalleyRuns
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
        /// The ID for `galley stop`; nil if the kernel could not be recorded.
        var id: String?
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
        writeLine(lines(kernel, kept.id, of: job, jobReport))
    }

    private func record(_ kernel: KeptKernel, of job: Int) {
        let name = kernels.withLock { $0[job]?.name } ?? ""
        var id: String?
        let path = arguments.tasks[job].path
        if let folder = RunRegistry.own() {
            let new = folder.newID(for: path)
            if let record = KeptKernelRecord(kernel, id: new, kernel: name, notebook: RunPaths.absolutePath(path)),
                (try? folder.add(record)) != nil
            {
                id = new
            }
        }
        kernels.withLock { $0[job] = Kept(name: name, kernel: kernel, id: id) }
    }

    private func lines(_ kernel: KeptKernel, _ id: String?, of job: Int, _ report: JobReport) -> [String] {
        let path = arguments.tasks[job].path
        let command =
            id.map { "galley stop \($0)" }
            ?? kernel.process.map {
                "kill \($0) ('galley runs' does not list it, because /var/tmp and /tmp are not writable)"
            }
        let name = path == "-" ? "notebook" : path.terminalSafeLine(200)
        var lines = [
            "\(name): the kernel goes on\(command.map { "; to end it: \($0)" } ?? "")",
            "    jupyter console --existing \(kernel.connectionFile.quotedForShell)",
        ]
        if let cell = report.run?.failingCell, path != "-", arguments.dialect != .check {
            let resultFlag = arguments.result == .inPlace ? " --inplace" : ""
            let file = kernel.connectionFile.quotedForShell
            let notebook = (path.hasPrefix("-") ? "./" + path : path).quotedForShell
            lines.append("    galley execute\(resultFlag) --existing \(file) --start-at \(cell.number) \(notebook)")
        }
        return lines
    }
}

extension String {
    /// The text, quoted as one word for a shell.
    fileprivate var quotedForShell: String {
        let isPlain = !isEmpty && allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0) }
        return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
