/// A source of kernels: this machine, a connection file or a server.
///
/// A provider finds or starts the kernel for a request, and passes it to a closure. Afterward it ends the kernel or
/// leaves it running, depending on the kind of kernel.
///
/// Without its provider, Galley only sends messages to a kernel.
public protocol KernelProvider: Sendable {
    /// The name of the provider in lists and messages, such as `local`.
    var name: String { get }

    /// The features that requests may use, in addition to a kernel name. Galley rejects requests for other features.
    var features: Set<KernelFeature> { get }

    /// The current capacity for kernels, as far as it is known without waiting.
    var capacity: KernelCapacity { get }

    /// Whether the kernel has ended when ``withKernel(_:_:)`` returns, so that the next kernel is a fresh one.
    var endsKernels: Bool { get }

    /// Lists the kernels that a request can name.
    func kernels() async throws -> [KernelDescription]

    /// Finds or starts a kernel, calls `body` with it, and ends it when `body` returns or throws.
    ///
    /// The provider calls `body` once the kernel is ready. If the task is canceled before that, the provider gives up.
    /// `body` may return at once, if the kernel became ready too late to run a cell.
    ///
    /// - Throws: A ``KernelFault`` if there is no kernel, `CancellationError` if the task is canceled before the kernel
    ///   is ready, and any error of `body`.
    func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result
}

extension KernelProvider {
    /// No features: requests can only name a kernel.
    public var features: Set<KernelFeature> { [] }

    /// No known limits.
    public var capacity: KernelCapacity { KernelCapacity() }

    /// True: the kernel ends with the run.
    public var endsKernels: Bool { true }
}

/// A feature of a kernel request that not every provider supports.
@nonexhaustive
public enum KernelFeature: String, Hashable, Sendable, CaseIterable {
    /// Replacing a missing kernel with another one of the notebook's language.
    case fallback
    /// Environment variables.
    case environment
    /// A working directory.
    case workingDirectory
    /// Command-line arguments for the kernel.
    case arguments
    /// Resource limits.
    case resources
    /// A temporary directory for the kernel alone.
    case temporaryDirectory
    /// Child processes that outlive the kernel.
    case survivingChildren
    /// A kernel that continues after the run.
    case keeping
}

/// The capacity of a provider; nil for unknown values.
public struct KernelCapacity: Hashable, Sendable {
    /// The number of notebooks that can run at the same time.
    public var concurrency: Int?
    /// The memory available for more kernels, in bytes.
    public var availableMemory: Int?

    /// Creates a capacity with these limits.
    public init(concurrency: Int? = nil, availableMemory: Int? = nil) {
        (self.concurrency, self.availableMemory) = (concurrency, availableMemory)
    }
}

/// A kernel in a provider's list.
public struct KernelDescription: Hashable, Sendable {
    /// The name that notebooks and requests use.
    public var name: String
    /// The name to show to users.
    public var displayName: String
    /// The language of the kernel.
    public var language: String
    /// The location of the kernel's description: a directory, a file or an address.
    public var location: String
    /// The kernel's program, if the provider knows it.
    public var program: String?
    /// The interrupt mode, `signal` or `message`, if the provider knows it.
    public var interruptMode: String?
    /// The reason why the kernel cannot start; nil if no problem is known.
    public var problem: String?

    /// Creates a description.
    public init(
        name: String, displayName: String, language: String, location: String, program: String? = nil,
        interruptMode: String? = nil, problem: String? = nil
    ) {
        (self.name, self.displayName, self.language, self.location) = (name, displayName, language, location)
        (self.program, self.interruptMode, self.problem) = (program, interruptMode, problem)
    }
}

/// An error because of which a run has no kernel. It determines the exit status, and whether a batch retries.
public protocol KernelFault: Error {
    /// Whether a retry may succeed. A kernel that failed to start may start the next time; a missing kernel stays
    /// missing.
    var isTransient: Bool { get }
}

/// An error for a request that uses a feature the provider does not support.
public struct UnsupportedKernelRequest: KernelFault, Hashable {
    /// The unsupported feature.
    public let feature: KernelFeature
    /// The name of the provider.
    public let provider: String

    /// Creates an error.
    public init(_ feature: KernelFeature, provider: String) { (self.feature, self.provider) = (feature, provider) }

    /// False: a retry cannot succeed.
    public var isTransient: Bool { false }
}

extension UnsupportedKernelRequest: CustomStringConvertible {
    /// The unsupported feature, and how to avoid the error.
    public var description: String {
        let what =
            switch feature {
            case .fallback: "replaced by another of the notebook's language"
            case .environment: "given environment variables"
            case .workingDirectory: "given a working directory"
            case .arguments: "given arguments"
            case .resources: "given resource limits"
            case .temporaryDirectory: "given a directory for temporary files"
            case .survivingChildren: "made to leave processes behind"
            case .keeping: "kept when the run is over"
            }
        return "Kernels of '\(provider)' cannot be \(what). Omit that setting, or use another kernel provider"
    }
}
