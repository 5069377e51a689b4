import Glibc
public import GalleyJupyterProtocol
import GalleyZeroMQTransport

/// A kernel that another program started, found by its connection file. Galley runs code in it and leaves it running.
///
///     var options = Options()
///     options.kernels = AttachedKernels("kernel-4711.json")
///
/// Other clients can use the kernel at the same time. Cells run in the current state of the kernel.
public struct AttachedKernels: KernelProvider {
    /// The name of this provider in lists.
    public let name = "existing"
    /// The path of a connection file, or part of the name of one in Jupyter's folders; nil for the newest.
    private let file: String?
    /// Returns the connection file of a kernel by a name that is not part of the name of its file.
    private let lookUp: @Sendable (String) -> String?

    /// Creates a provider for the kernel of a connection file.
    ///
    /// - Parameter file: A path, or part of the name of a file in this process's directory or in Jupyter's runtime
    ///   directory, such as the ID of a kernel; nil for the newest file there.
    public init(_ file: String? = nil) { self.init(file) { _ in nil } }

    /// Creates a provider that also finds kernels by other names than that of their connection file.
    ///
    /// - Parameter lookUp: Returns the path of the connection file of the kernel with this name; nil if there is none.
    package init(_ file: String?, lookUp: @escaping @Sendable (String) -> String?) {
        (self.file, self.lookUp) = (file, lookUp)
    }

    /// One notebook at a time, because the kernel has one state.
    public var capacity: KernelCapacity { KernelCapacity(concurrency: 1) }

    /// False: the kernel is left running.
    public var endsKernels: Bool { false }

    /// Returns the kernels of this user on this machine that have a connection file in Jupyter's folders.
    @concurrent
    public func kernels() async -> [KernelDescription] {
        ConnectionFileSearch.files(matching: nil).compactMap { path in
            guard let bytes = ConnectionFileSearch.read(path), let file = try? ConnectionFile(parsing: bytes),
                ListeningProcess(at: file.endpoints) != nil
            else { return nil }
            let id = ConnectionFileSearch.id(of: path)
            return KernelDescription(
                name: id, displayName: file.kernelName.isEmpty ? id : file.kernelName, language: "", location: path)
        }
    }

    /// Connects to the kernel, passes it to `body`, and leaves it running when `body` returns or throws.
    ///
    /// - Throws: ``AttachedKernelError`` if there is no such file or the kernel does not respond, and any error of
    ///   `body`.
    public func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        try await connect(request).withShutdown { try await body($0) }
    }

    /// Sends a shutdown request to the kernel of a connection file and waits for the reply, for at most `limit`.
    @concurrent
    package static func requestShutdown(of path: String, within limit: Duration) async {
        guard let bytes = ConnectionFileSearch.read(path), let file = try? ConnectionFile(parsing: bytes) else {
            return
        }
        await AttachedKernel.requestShutdown(of: file, within: limit)
    }

    @concurrent
    private func connect(_ request: KernelRequest) async throws -> AttachedKernel {
        do throws(KernelRightsProblem) {
            try request.checkRights()
        } catch {
            switch error {
            case .userNamed(let name): throw AttachedKernelError.userNamed(name)
            case .notebookOfAnotherUser: throw AttachedKernelError.notebookOfAnotherUser
            }
        }
        if let kernel = request.kernel { throw AttachedKernelError.otherKernelNamed(kernel) }
        let path = try ConnectionFileSearch.find(file, lookUp: lookUp)
        guard let bytes = ConnectionFileSearch.read(path) else {
            throw AttachedKernelError.notReadable(path: path)
        }
        let connectionFile: ConnectionFile
        do {
            connectionFile = try ConnectionFile(parsing: bytes)
        } catch {
            throw AttachedKernelError.invalid(path: path, reason: "\(error)")
        }
        let kernel = try await AttachedKernel.connect(connectionFile, path, within: request.startTimeout)
        if !kernel.isWatched {
            request.warn("the kernel's process was not found, so only time limits can detect its end")
        }
        return kernel
    }
}

/// The reasons why Galley cannot use a kernel that another program started.
@nonexhaustive
public enum AttachedKernelError: KernelFault, Hashable {
    /// No connection file matches this name; if `name` is nil, there are no connection files.
    case notFound(name: String?, searched: [String])
    /// The file cannot be read, or is too large for a connection file.
    case notReadable(path: String)
    /// The file is not a valid connection file.
    case invalid(path: String, reason: String)
    /// No kernel responds at the addresses in the file.
    case silent(path: String, Duration)
    /// The connection failed before the kernel responded.
    case broken(path: String, KernelFailure)
    /// The request names a kernel, but this kernel is already running.
    case otherKernelNamed(String)
    /// The request names a user, but the kernel is already running.
    case userNamed(String)
    /// This process runs as root, and other users can change the notebook.
    case notebookOfAnotherUser

    /// Whether the next attempt may succeed, because the kernel was busy or the connection failed.
    public var isTransient: Bool {
        switch self {
        case .silent, .broken: true
        default: false
        }
    }
}

extension AttachedKernelError: CustomStringConvertible {
    /// What failed, and how to fix it.
    public var description: String {
        switch self {
        case .notFound(let name?, let searched):
            "No connection file matches '\(name)'. Looked in: \(searched.joined(separator: ", ")). "
                + "Give the path of the kernel's connection file"
        case .notFound(nil, let searched):
            "No connection file found in \(searched.joined(separator: ", ")). Give the path of the kernel's file"
        case .notReadable(let path): "The connection file \(path) cannot be read. Check its path and its permissions"
        case .invalid(let path, let reason): "\(path) is not a valid connection file: \(reason)"
        case .silent(let path, let limit):
            "The kernel of \(path) did not respond within \(limit). It has ended, or it is busy with other code"
        case .broken(let path, let failure): "The connection to the kernel of \(path) failed: \(failure.lossReason)"
        case .otherKernelNamed(let name):
            "The kernel is already running, so it cannot be '\(name)'. Choose a kernel or a connection file, not both"
        case .userNamed(let name): "The kernel is already running, so it cannot run as \(name)"
        case .notebookOfAnotherUser:
            "Other users can change the notebook, and Galley runs as root. Run it as the owner, or choose root's rights"
        }
    }
}
