import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyExecution
import GalleyStorage
import GalleyRuns
import Glibc

/// The kernels that `galley runs` lists beside the runs.
enum KeptKernelList {
    /// Returns the kernels that still run. Removes this user's records and files of kernels that have ended.
    static func find(in folders: [RunRegistry]) -> [KeptKernelRecord] {
        for folder in folders where folder.user == geteuid() {
            for kernel in folder.removeEndedKernels() { kernel.removeLeftovers() }
        }
        return folders.flatMap { $0.kernels(of: KeptKernelRecord.self) }.filter(\.isAlive)
            .sorted { $0.since.microseconds < $1.since.microseconds }
    }

    /// Returns the kernels on servers that were kept, or that a killed run has left.
    static func findOnServers(in folders: [RunRegistry]) -> [ServerKernelRecord] {
        folders.flatMap { $0.kernels(of: ServerKernelRecord.self) }.filter { $0.isKept || $0.isLeft }
            .sorted { $0.since.microseconds < $1.since.microseconds }
    }

    /// Prints the kernels on servers as a table.
    static func show(_ kernels: [ServerKernelRecord], age: (Timestamp) -> String) {
        ConsoleTable(
            head: ["ID", "USER", "KERNEL", "STATE", "STARTED", "NOTEBOOK", "SERVER"],
            rows: kernels.map { kernel in
                [
                    kernel.id, kernel.owner.map { Account(id: $0)?.name ?? "\($0)" } ?? "",
                    kernel.kernel.terminalSafeLine(30), kernel.isKept ? "kept" : "left by a killed run",
                    "\(age(kernel.since)) ago", kernel.notebook.terminalSafeLine(200),
                    kernel.server.terminalSafeLine(200),
                ]
            }
        ).show()
    }

    /// Prints the kernels of this machine as a table.
    static func show(_ kernels: [KeptKernelRecord], age: (Timestamp) -> String) {
        ConsoleTable(
            head: ["ID", "USER", "KERNEL", "PROCESS", "KEPT", "NOTEBOOK", "CONNECTION FILE"],
            rows: kernels.map { kernel in
                [
                    kernel.id, kernel.owner.map { Account(id: $0)?.name ?? "\($0)" } ?? "",
                    kernel.kernel.terminalSafeLine(30), "\(kernel.process.number)", "\(age(kernel.since)) ago",
                    kernel.notebook.terminalSafeLine(200), kernel.connectionFile.terminalSafeLine(200),
                ]
            }
        ).show()
    }
}

/// `galley stop` and `galley wait` for a kernel that was kept after its run.
struct KeptKernelCommand {
    private let action: StopOrWaitCommand.Action
    private let folder: RunRegistry
    private let kernel: KeptKernelRecord

    /// How long the kernel may take to reply to the shutdown request.
    private static let shutdownTimeout = Duration.milliseconds(2500)

    /// Finds the kernel; nil if no kernel has the ID, or if a run in a trusted folder has it.
    init?(_ action: StopOrWaitCommand.Action, _ id: String, in folders: [RunRegistry]) {
        guard !folders.contains(where: { $0.isTrusted && $0.run(id) != nil }),
            let (folder, kernel) = folders.lazy.compactMap({ folder in
                folder.kernel(id, of: KeptKernelRecord.self).map { (folder, $0) }
            }).first
        else { return nil }
        (self.action, self.folder, self.kernel) = (action, folder, kernel)
    }

    /// Stops the kernel or waits for its end; returns the exit status.
    func run() -> Int32 {
        if kernel.isAlive {
            switch action {
            case .wait: kernel.process.waitForEnd()
            case .stop:
                do throws(Errno) {
                    try kernel.end(asking: requestShutdown)
                } catch {
                    let user = folder.user
                    Terminal.reportProblem(
                        "galley: kernel '\(kernel.id)' cannot be ended: \(error). Only "
                            + "\(Account(id: user)?.name ?? "user \(user)") or root can end it")
                    return ExitStatus.notAllowed
                }
            }
        }
        // Root removes no files of another user.
        if folder.user == geteuid(), kernel.hasEnded {
            folder.remove(kernel)
            kernel.removeLeftovers()
        }
        return ExitStatus.success
    }

    /// Sends the kernel a shutdown request. Root does not trust a connection file of another user.
    private func requestShutdown() {
        guard folder.user == geteuid() else { return }
        let path = kernel.connectionFile
        try? waitForTask { await Rooms.requestShutdown(ofKernelAt: path, within: Self.shutdownTimeout) }
    }
}

extension KeptKernelRecord {
    /// Removes the files that remain if the processes that guarded the kernel were killed.
    fileprivate func removeLeftovers() {
        LocalKernels.removeLeftovers(of: KeptKernel(connectionFile: connectionFile, process: process.number))
    }
}
