package import GalleyJSON
import Glibc

/// A request to a ``KernelProvider`` for a kernel and its environment.
///
/// A provider fulfills the whole request, or rejects it; see ``KernelProvider/features``.
public struct KernelRequest: Sendable {
    /// The name or path of the kernel that the caller chose; nil for the kernel that the notebook names.
    public var kernel: String?
    /// The kernel that the notebook names.
    public var notebook: WantedKernel
    /// Whether a missing kernel may be replaced by the only kernel of the notebook's language.
    public var allowsFallback = false
    /// The environment variables to set.
    public var environment: [String: String] = [:]
    /// Whether the kernel also gets the provider's default environment. On this machine, that is the environment of
    /// this process.
    public var inheritsEnvironment = true
    /// The kernel's working directory; nil for ``notebookDirectory``.
    public var workingDirectory: String?
    /// The directory of the notebook's file; nil if there is no file.
    public var notebookDirectory: String?
    /// Additional command-line arguments for the kernel.
    public var arguments: [String] = []
    /// The user that the kernel must run as.
    public var user = KernelUser.automatic
    /// The owner of the notebook's file; nil if unknown.
    public var owner: KernelRequest.Owner?
    /// The resource limits of the kernel.
    public var resources = ResourceLimits()
    /// Whether the kernel has its own temporary directory, which is removed when the kernel ends.
    public var hasTemporaryDirectory = false
    /// Whether the kernel's child processes may outlive it.
    public var leavesChildren = false
    /// Whether the kernel continues after the run.
    public var keepsKernel = KernelKeeping.never
    /// The time limit for the start of the kernel.
    public var startTimeout = Duration.seconds(60)
    /// Receives warnings about the choice of the kernel.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// Creates a request for a kernel by name or path; nil for the kernel that the notebook names.
    public init(_ kernel: String? = nil, notebook: WantedKernel = WantedKernel()) {
        (self.kernel, self.notebook) = (kernel, notebook)
    }

    /// The owner of a notebook's file.
    public struct Owner: Hashable, Sendable {
        /// The user ID.
        public var user: UInt32
        /// Whether no other user can replace the notebook with another file.
        public var isSafeFromOtherUsers: Bool

        /// Creates an owner.
        public init(user: UInt32, isSafeFromOtherUsers: Bool = true) {
            (self.user, self.isSafeFromOtherUsers) = (user, isSafeFromOtherUsers)
        }
    }

    /// The optional features that the request uses.
    public var features: Set<KernelFeature> {
        let asked: [KernelFeature: Bool] = [
            .fallback: allowsFallback, .environment: !environment.isEmpty || !inheritsEnvironment,
            .workingDirectory: workingDirectory != nil,
            .arguments: !arguments.isEmpty, .resources: resources != ResourceLimits(),
            .temporaryDirectory: hasTemporaryDirectory, .survivingChildren: leavesChildren,
            .keeping: keepsKernel != .never,
        ]
        return Set(asked.filter(\.value).keys)
    }

    /// Checks that a provider supports all features of the request.
    package func check(for provider: some KernelProvider) throws(UnsupportedKernelRequest) {
        let missing = features.subtracting(provider.features).min { $0.rawValue < $1.rawValue }
        if let missing { throw UnsupportedKernelRequest(missing, provider: provider.name) }
    }
}

/// The reason why this process may not send a notebook's code to a kernel that runs as its own user decides.
package enum KernelRightsProblem: Error, Hashable, Sendable {
    /// The request names a user.
    case userNamed(String)
    /// This process runs as root, and other users can change the notebook.
    case notebookOfAnotherUser
}

extension KernelRequest {
    /// Checks that this process may send the notebook's code to a kernel whose user it does not choose.
    package func checkRights() throws(KernelRightsProblem) {
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

/// The kernel that a notebook's metadata asks for.
public struct WantedKernel: Hashable, Sendable {
    /// The name of the kernel.
    public let name: String?
    /// The language of the notebook.
    public let language: String?
    /// Whether the metadata describes a kernel without a name.
    package let isNameless: Bool

    /// Creates a description of the kernel that a notebook asks for.
    public init(name: String? = nil, language: String? = nil) {
        (self.name, self.language, isNameless) = (name, language, false)
    }

    /// Reads a notebook's metadata.
    package init(metadata: Value) {
        let spec = metadata["kernelspec"]
        name = spec?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        language = spec?["language"]?.string ?? metadata["language_info"]?["name"]?.string
        isNameless = spec?.kind == .object && name == nil
    }
}

/// A condition on the user that a kernel runs as. That user is always the one of this process.
///
/// A process of root does not run the notebook of another user, unless ``caller`` allows it. It never switches to that
/// user either, because a library must not change the user of its host process. The `galley` program does that in a
/// separate process.
@nonexhaustive
public enum KernelUser: Hashable, Sendable {
    /// Any user except root. Root is accepted only for its own notebooks whose path no other user can change.
    case automatic
    /// Any user. Root runs notebooks of other users with root's rights.
    case caller
    /// The owner of the notebook.
    case owner
    /// The user with this name or numeric ID.
    case named(String)
}

/// The resource limits of a kernel; nil for no limit.
public struct ResourceLimits: Hashable, Sendable {
    /// The maximum size of mapped memory, in bytes.
    public var memory: Int?
    /// The maximum processor time.
    public var processorTime: Duration?
    /// The maximum number of open files.
    public var openFiles: Int?

    /// Creates limits that are all nil.
    public init() {}
}
