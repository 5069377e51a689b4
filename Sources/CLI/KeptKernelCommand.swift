import Dispatch
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyExecution
import GalleyStorage
import GalleyRuns
import Glibc

/// The kernels that `galley runs` lists beside the runs.
enum KeptKernelList {
    /// Those that go on; what is told of others is forgotten, and what they have left is removed.
    static func find(in folders: [RunRegistry]) -> [KeptKernelRecord] {
        for folder in folders where folder.user == geteuid() {
            for kernel in folder.removeEndedKernels() { kernel.removeLeftovers() }
        }
        return folders.flatMap(\.keptKernels).filter(\.isAlive)
            .sorted { $0.since.microseconds < $1.since.microseconds }
    }

    /// Shows them to a person.
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

/// `galley stop` and `galley wait` for a kernel that goes on after its run.
struct KeptKernelCommand {
    private let action: StopOrWaitCommand.Action
    private let folder: RunRegistry
    private let kernel: KeptKernelRecord

    /// How long the kernel has to answer that it will end.
    private static let shutdownTimeout = Duration.milliseconds(2500)

    /// Finds the kernel; nil if none is called so, or a run is that is believed.
    init?(_ action: StopOrWaitCommand.Action, _ id: String, in folders: [RunRegistry]) {
        guard !folders.contains(where: { $0.isTrusted && $0.run(id) != nil }),
            let (folder, kernel) = folders.lazy.compactMap({ folder in folder.keptKernel(id).map { (folder, $0) } })
                .first
        else { return nil }
        (self.action, self.folder, self.kernel) = (action, folder, kernel)
    }

    /// Ends the kernel, or waits until it has ended; returns the status to end with.
    func run() -> Int32 {
        if kernel.isAlive {
            switch action {
            case .wait: kernel.process.waitForEnd()
            case .stop:
                do throws(Errno) {
                    try kernel.end(asking: ask)
                } catch {
                    let user = folder.user
                    Terminal.reportProblem(
                        "galley: kernel '\(kernel.id)' cannot be ended: \(error). It takes "
                            + "\(Account(id: user)?.name ?? "user \(user)"), or root")
                    return ExitStatus.notAllowed
                }
            }
        }
        // Root removes nothing among the files of another user.
        if folder.user == geteuid(), kernel.hasEnded {
            folder.remove(kernel: kernel.id)
            kernel.removeLeftovers()
        }
        return ExitStatus.success
    }

    /// Asks the kernel to end. Root believes no connection file of another user.
    private func ask() {
        guard folder.user == geteuid() else { return }
        let isOver = DispatchSemaphore(value: 0)
        let path = kernel.connectionFile
        Task {
            await Rooms.requestShutdown(ofKernelAt: path, within: Self.shutdownTimeout)
            isOver.signal()
        }
        isOver.wait()
    }
}

extension KeptKernelRecord {
    /// Removes what the kernel has left, if it has lost its keepers.
    fileprivate func removeLeftovers() {
        LocalKernels.removeLeftovers(of: KeptKernel(connectionFile: connectionFile, process: process.number))
    }
}
