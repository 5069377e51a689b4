package import GalleyJupyterProtocol

/// The reason why a server has no kernel for a request.
package enum ServerKernelError: Error, Hashable, Sendable {
    /// The server has no kernel with this name; if `name` is nil, the request names no kernel, and there is no obvious
    /// one.
    case notFound(name: String?, available: [String])
    /// The server has no running kernel with this ID.
    case notRunning(id: String)
    /// The request names a kernel, but this kernel is already running.
    case alreadyRunning
    /// The server has no folder with this path.
    case noFolder(path: String)
    /// The server accepts no more kernels.
    case tooMany(reason: String?, Duration)
    /// The kernel did not respond in time.
    case silent(Duration)
    /// The kernel failed before it was ready.
    case failed(KernelFailure)
    /// The connection to the kernel could not be made.
    case noConnection(reason: String)
    /// This process may not send the notebook's code to a server.
    case notAllowed(KernelRightsProblem)
    /// The server did not end the kernel.
    case notEnded(id: String, reason: String)
}

extension ServerKernelError {
    /// Whether the next attempt may succeed.
    package var isTransient: Bool {
        switch self {
        case .tooMany, .silent, .failed, .noConnection, .notEnded: true
        case .notFound, .notRunning, .alreadyRunning, .noFolder, .notAllowed: false
        }
    }
}

extension ServerKernelError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    package var description: String {
        switch self {
        case .notFound(let name, let available):
            "the server has no kernel \(name.map { "'\($0)'" } ?? "for the notebook, which names none"). "
                + (available.isEmpty ? "It has no kernels at all" : "It has: \(available.joined(separator: ", "))")
        case .notRunning(let id):
            "no kernel '\(id)' runs on the server. 'galley kernels --server URL' lists the kernels that do"
        case .alreadyRunning: "the kernel is already running, so its name cannot be chosen"
        case .noFolder(let path):
            "the server has no folder '\(path)' for the kernel. Folders are paths from the root of its files"
        case .tooMany(let reason, let limit):
            "the server accepted no kernel within \(limit.components.seconds) s\(reason.map { ": \($0)" } ?? "")"
        case .silent(let limit):
            "the kernel did not respond within \(limit.components.seconds) s. Allow more time for the start"
        case .failed(let failure): "the kernel failed during its start: \(failure)"
        case .noConnection(let reason): "no connection to the kernel: \(reason)"
        case .notEnded(let id, let reason): "the kernel \(id) may still run: \(reason)"
        case .notAllowed(.userNamed(let name)): "kernels of a server run as the server decides, not as \(name)"
        case .notAllowed(.notebookOfAnotherUser):
            "other users can change the notebook, and Galley runs as root. Run it as the owner, or choose root's rights"
        }
    }
}
