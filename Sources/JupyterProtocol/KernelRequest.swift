package import GalleyJSON

/// What a run asks of a ``KernelProvider``: which kernel, and in what surroundings.
///
/// A provider does all of it. For what it cannot do see ``KernelProvider/features``.
public struct KernelRequest: Sendable {
    /// The kernel that the caller chose, by its name or by a path; nil for the one that the notebook names.
    public var kernel: String?
    /// The kernel that the notebook names.
    public var notebook: WantedKernel
    /// Whether the only kernel of the notebook's language may replace one that is not there.
    public var allowsFallback = false
    /// The variables to set.
    public var environment: [String: String] = [:]
    /// Whether the kernel also has the variables that the provider gives to its kernels: on this machine, those of this
    /// process.
    public var inheritsEnvironment = true
    /// The directory that the kernel works in; nil for ``notebookDirectory``.
    public var workingDirectory: String?
    /// The directory of the notebook's file; nil if it is in none.
    public var notebookDirectory: String?
    /// Arguments that are added to those of the kernel.
    public var arguments: [String] = []
    /// The user that the kernel has to run as.
    public var user = KernelUser.automatic
    /// The owner of the notebook; nil if it has none.
    public var owner: KernelRequest.Owner?
    /// What the kernel may use.
    public var resources = ResourceLimits()
    /// Whether the kernel has a directory of its own for temporary files, which is removed with it.
    public var hasTemporaryDirectory = false
    /// Whether processes that the kernel started may outlive it.
    public var leavesChildren = false
    /// Whether the kernel goes on after the run.
    public var keepsKernel = KernelKeeping.never
    /// How long it may take until the kernel is ready.
    public var startTimeout = Duration.seconds(60)
    /// Takes sentences for the user about the choice of the kernel.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// Asks for the kernel of this name or path; nil for the one that the notebook names.
    public init(_ kernel: String? = nil, notebook: WantedKernel = WantedKernel()) {
        (self.kernel, self.notebook) = (kernel, notebook)
    }

    /// The owner of a notebook's file.
    public struct Owner: Hashable, Sendable {
        /// The number of the user.
        public var user: UInt32
        /// Whether no other user can put another file in the notebook's place.
        public var isSafeFromOtherUsers: Bool

        /// Names an owner.
        public init(user: UInt32, isSafeFromOtherUsers: Bool = true) {
            (self.user, self.isSafeFromOtherUsers) = (user, isSafeFromOtherUsers)
        }
    }

    /// The features that the request needs, and that not every provider has.
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

    /// Makes sure that a provider can do all that is asked for.
    package func check(for provider: some KernelProvider) throws(UnsupportedKernelRequest) {
        let missing = features.subtracting(provider.features).min { $0.rawValue < $1.rawValue }
        if let missing { throw UnsupportedKernelRequest(missing, provider: provider.name) }
    }
}

/// What a notebook says of the kernel that is to run it.
public struct WantedKernel: Hashable, Sendable {
    /// The name of the kernel.
    public let name: String?
    /// The language that the notebook is written in.
    public let language: String?
    /// Whether the notebook describes a kernel without naming it.
    package let isNameless: Bool

    /// Says what a notebook would.
    public init(name: String? = nil, language: String? = nil) {
        (self.name, self.language, isNameless) = (name, language, false)
    }

    /// Reads the metadata of a notebook.
    package init(metadata: Value) {
        let spec = metadata["kernelspec"]
        name = spec?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        language = spec?["language"]?.string ?? metadata["language_info"]?["name"]?.string
        isNameless = spec?.kind == .object && name == nil
    }
}

/// The user that a kernel runs as: always the one that this process runs as. The cases say what that user has to be.
///
/// A process of root's does not run the notebook of another user, unless ``caller`` says so, and never becomes that user:
/// a library does not change the user of its host. The `galley` program does, in a process of its own.
@nonexhaustive
public enum KernelUser: Hashable, Sendable {
    /// Any user but root; root only for a notebook of root's whose path no other user can change.
    case automatic
    /// Any user. Root runs the notebook of another user with root's rights.
    case caller
    /// The owner of the notebook.
    case owner
    /// The user of this name or number.
    case named(String)
}

/// What a kernel may use; nil for as much as there is.
public struct ResourceLimits: Hashable, Sendable {
    /// The memory that it may have mapped, in bytes.
    public var memory: Int?
    /// The time that processors may spend on it.
    public var processorTime: Duration?
    /// The number of files that it may have open.
    public var openFiles: Int?

    /// Sets no limits.
    public init() {}
}
