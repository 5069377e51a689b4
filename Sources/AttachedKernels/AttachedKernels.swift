import Glibc
public import GalleyJupyterProtocol
import GalleyZeroMQTransport

/// A kernel that another program started, found by its connection file. Galley runs code in it and leaves it running.
///
///     var options = Options()
///     options.kernels = AttachedKernels("kernel-4711.json")
///
/// Other clients can use the kernel at the same time. Cells run in the state that the kernel is in.
public struct AttachedKernels: KernelProvider {
    /// What lists call it.
    public let name = "existing"
    /// A connection file by its path, or a part of its name in the folders where Jupyter keeps such files; nil for the newest.
    private let file: String?

    /// Names the connection file.
    ///
    /// - Parameter file: A path, or a part of the name of a file in this process's directory or in Jupyter's runtime
    ///   directory, such as the ID of a kernel; nil for the newest file there.
    public init(_ file: String? = nil) { self.file = file }

    /// One notebook at a time: the kernel has one state.
    public var capacity: KernelCapacity { KernelCapacity(concurrency: 1) }

    /// The kernel goes on running.
    public var endsKernels: Bool { false }

    /// Lists the kernels of this user that run on this machine and have a connection file where Jupyter keeps them.
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

    /// Connects to the kernel, hands it to `body`, and leaves it running however `body` is left.
    ///
    /// - Throws: ``AttachedKernelError`` if there is no such file or the kernel does not answer, and any error of `body`.
    public func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        try await connect(request).withShutdown { try await body($0) }
    }

    /// Asks the kernel of a connection file to end, and waits for the answer, for so long at most.
    @concurrent
    package static func requestShutdown(of path: String, within limit: Duration) async {
        guard let bytes = ConnectionFileSearch.read(path), let file = try? ConnectionFile(parsing: bytes) else {
            return
        }
        await AttachedKernel.requestShutdown(of: file, within: limit)
    }

    @concurrent
    private func connect(_ request: KernelRequest) async throws -> AttachedKernel {
        try request.checkRights()
        if let kernel = request.kernel { throw AttachedKernelError.otherKernelNamed(kernel) }
        let path = try ConnectionFileSearch.find(file)
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
            request.warn("the process of the kernel is not found, so its end is noticed by time limits alone")
        }
        return kernel
    }
}

extension KernelRequest {
    /// Makes sure that this process may send the notebook's code to a kernel.
    fileprivate func checkRights() throws(AttachedKernelError) {
        switch user {
        case .caller: return
        case .named(let name): throw .userNamed(name)
        case .owner where owner?.user != geteuid(): throw .userNamed("the owner of the notebook")
        case .owner, .automatic: break
        }
        guard geteuid() == 0, let owner, owner.user != 0 || !owner.isSafeFromOtherUsers else { return }
        throw .notebookOfAnotherUser
    }
}

/// Says why Galley cannot use a kernel that another program started.
@nonexhaustive
public enum AttachedKernelError: KernelFault, Hashable {
    /// No connection file has this name; nil if there is none at all.
    case notFound(name: String?, searched: [String])
    /// The file cannot be read, or is too large for a connection file.
    case notReadable(path: String)
    /// The file is no connection file.
    case invalid(path: String, reason: String)
    /// Nothing answers at the addresses of the file.
    case silent(path: String, Duration)
    /// The connection broke before the kernel had answered.
    case broken(path: String, KernelFailure)
    /// The kernel is there already, and another one was named.
    case otherKernelNamed(String)
    /// The kernel is there already, and a user was named for it.
    case userNamed(String)
    /// This process is root's, and other users can change the notebook.
    case notebookOfAnotherUser

    /// A kernel that was busy may answer the next time.
    public var isTransient: Bool {
        switch self {
        case .silent, .broken: true
        default: false
        }
    }
}

extension AttachedKernelError: CustomStringConvertible {
    /// What failed, and what to do.
    public var description: String {
        switch self {
        case .notFound(let name?, let searched):
            "No connection file is called '\(name)'. Looked in: \(searched.joined(separator: ", ")). "
                + "Name the file that the kernel was started with"
        case .notFound(nil, let searched):
            "No kernel has left a connection file in \(searched.joined(separator: ", ")). Name the file"
        case .notReadable(let path): "The connection file \(path) cannot be read. Is it yours?"
        case .invalid(let path, let reason): "\(path) is no connection file: \(reason)"
        case .silent(let path, let limit):
            "The kernel of \(path) did not answer within \(limit). It has ended, or it is busy with other code"
        case .broken(let path, let failure): "The connection to the kernel of \(path) broke: \(failure)"
        case .otherKernelNamed(let name):
            "The kernel runs already, so it cannot be '\(name)'. Name the kernel or the connection file, not both"
        case .userNamed(let name): "The kernel runs already, so it cannot be run as \(name)"
        case .notebookOfAnotherUser:
            "Other users can change the notebook, and this process is root's. Run it as the owner, or choose root's rights"
        }
    }
}
