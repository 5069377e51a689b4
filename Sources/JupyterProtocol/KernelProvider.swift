/// A source of kernels: this machine, a connection file, a server.
///
/// A provider finds or starts the kernel that a request asks for, and hands it to a closure. Afterwards it ends the kernel,
/// or leaves it as it was, as such kernels want it.
///
/// The only thing that Galley does to a kernel without its provider is to send it messages.
public protocol KernelProvider: Sendable {
    /// The word for this source in lists and messages, such as `local`.
    var name: String { get }

    /// What requests may ask for, besides a kernel by its name. Galley refuses requests for anything else.
    var features: Set<KernelFeature> { get }

    /// How many kernels there is room for now, as far as that is known without waiting.
    var capacity: KernelCapacity { get }

    /// Whether a kernel is gone when ``withKernel(_:_:)`` has returned, so that the next one is fresh.
    var endsKernels: Bool { get }

    /// Lists the kernels that a request can name.
    func kernels() async throws -> [KernelDescription]

    /// Finds or starts a kernel, hands it to `body`, and ends it however `body` is left.
    ///
    /// `body` is called once the kernel has answered. If the task is cancelled before that, the provider gives up. If
    /// `body` returns at once, the kernel came too late and nothing has been run in it.
    ///
    /// - Throws: A ``KernelFault`` if there is no kernel, `CancellationError` if the task is cancelled before there is one,
    ///   and any error of `body`.
    func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result
}

extension KernelProvider {
    /// Nothing but a kernel by its name.
    public var features: Set<KernelFeature> { [] }

    /// As many as are asked for.
    public var capacity: KernelCapacity { KernelCapacity() }

    /// It is.
    public var endsKernels: Bool { true }
}

/// Something that a request can ask of the kernel's surroundings, and that not every provider can do.
@nonexhaustive
public enum KernelFeature: String, Hashable, Sendable, CaseIterable {
    /// Another kernel of the notebook's language, if the one that was named is not there.
    case fallback
    /// Variables.
    case environment
    /// The directory that the kernel works in.
    case workingDirectory
    /// Arguments of the kernel's program.
    case arguments
    /// Limits for what the kernel uses.
    case resources
    /// A directory for temporary files of the kernel's own.
    case temporaryDirectory
    /// Processes that outlive the kernel.
    case survivingChildren
    /// A kernel that goes on after the run.
    case keeping
}

/// How many kernels a provider has room for; nil for what it does not know.
public struct KernelCapacity: Hashable, Sendable {
    /// How many notebooks can run their cells at a time.
    public var concurrency: Int?
    /// The memory that is free for further kernels, in bytes.
    public var availableMemory: Int?

    /// Makes a capacity that sets no bounds but these.
    public init(concurrency: Int? = nil, availableMemory: Int? = nil) {
        (self.concurrency, self.availableMemory) = (concurrency, availableMemory)
    }
}

/// A kernel in the list of a provider.
public struct KernelDescription: Hashable, Sendable {
    /// The name that notebooks and requests have for it.
    public var name: String
    /// The name that is shown to people.
    public var displayName: String
    /// The language that it runs.
    public var language: String
    /// The place that describes it: a directory, a file, an address.
    public var location: String
    /// The program that it is, if the provider knows it.
    public var program: String?
    /// How it wants to be interrupted, `signal` or `message`, if the provider knows.
    public var interruptMode: String?
    /// Why it would not start; nil if nothing is known to be wrong.
    public var problem: String?

    /// Describes a kernel.
    public init(
        name: String, displayName: String, language: String, location: String, program: String? = nil,
        interruptMode: String? = nil, problem: String? = nil
    ) {
        (self.name, self.displayName, self.language, self.location) = (name, displayName, language, location)
        (self.program, self.interruptMode, self.problem) = (program, interruptMode, problem)
    }
}

/// An error for which there is no kernel: the exit status for such errors, and the retries of batches, follow from it.
public protocol KernelFault: Error {
    /// Whether the next attempt may succeed: a kernel that did not start may start then, one that is not there will not.
    var isTransient: Bool { get }
}

/// Says that a provider cannot do what a request asks for.
public struct UnsupportedKernelRequest: KernelFault, Hashable {
    /// The feature that the request needs.
    public let feature: KernelFeature
    /// The name of the provider.
    public let provider: String

    /// Names both.
    public init(_ feature: KernelFeature, provider: String) { (self.feature, self.provider) = (feature, provider) }

    /// Asking again changes nothing.
    public var isTransient: Bool { false }
}

extension UnsupportedKernelRequest: CustomStringConvertible {
    /// What cannot be done, and what to do instead.
    public var description: String {
        let what =
            switch feature {
            case .fallback: "replaced by another of the notebook's language"
            case .environment: "given environment variables"
            case .workingDirectory: "given a working directory"
            case .arguments: "given arguments"
            case .resources: "limited in what they use"
            case .temporaryDirectory: "given a directory for temporary files"
            case .survivingChildren: "made to leave processes behind"
            case .keeping: "kept when the run is over"
            }
        return "Kernels of '\(provider)' cannot be \(what). Leave that out, or take the kernel from elsewhere"
    }
}
