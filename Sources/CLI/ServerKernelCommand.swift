import GalleyFlags
import GalleyJupyterProtocol
import GalleyJupyterServer
import GalleyRuns
import Glibc

/// `galley stop` and `galley wait` for a kernel on a server that was kept after its run, or that a killed run has left.
struct ServerKernelCommand {
    private let action: StopOrWaitCommand.Action
    private let folder: RunRegistry
    private let kernel: ServerKernelRecord
    private var server: ServerOptions

    /// Finds the kernel among the records of this process's user; nil if no kernel has the ID.
    init?(_ action: StopOrWaitCommand.Action, _ id: String, in folders: [RunRegistry], _ server: ServerOptions) {
        let own = folders.lazy.filter { $0.user == geteuid() }
        guard
            let (folder, kernel) = own.compactMap({ folder in
                folder.kernel(id, of: ServerKernelRecord.self).map { (folder, $0) }
            }).first,
            kernel.isKept || kernel.isLeft
        else { return nil }
        (self.action, self.folder, self.kernel, self.server) = (action, folder, kernel, server)
        self.server.use(kernel.server)
    }

    /// Stops the kernel or waits for its end; returns the exit status.
    mutating func run() throws(UsageError) -> Int32 {
        try server.resolve(usesRootsRights: false, startsHubServer: false) { Terminal.reportProblem("galley: \($0)") }
        guard let server = server.server else { return ExitStatus.usage }
        let (action, id) = (action, kernel.kernelID)
        do {
            try waitForTask {
                switch action {
                case .stop: try await server.endKernel(id)
                case .wait:
                    while true {
                        do {
                            guard try await server.hasKernel(id) else { break }
                        } catch let error as any KernelFault where error.isTransient {
                            // The server may be restarting.
                        }
                        try await Task.sleep(for: .seconds(2))
                    }
                }
            }
        } catch {
            Terminal.reportProblem("galley: kernel '\(kernel.id)' on \(kernel.server): \(error)")
            return ExitStatus.of(error)
        }
        folder.remove(kernel)
        return ExitStatus.success
    }
}
