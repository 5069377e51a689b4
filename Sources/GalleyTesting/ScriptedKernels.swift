public import GalleyJupyterProtocol

/// A source of kernels that need no process: a closure makes each of them.
///
///     var options = Options()
///     options.kernels = ScriptedKernels { _ in
///         ScriptedKernel { code in .running(printing: "I was asked to run \(code)") }
///     }
public struct ScriptedKernels: KernelProvider {
    /// What messages call it.
    public let name: String
    /// What requests may ask for besides a kernel.
    public let features: Set<KernelFeature>
    /// How many kernels there is room for.
    public let capacity: KernelCapacity
    private let make: @Sendable (KernelRequest) async throws -> any Kernel

    /// Makes kernels by a closure, which gets the request.
    public init(
        name: String = "script", features: Set<KernelFeature> = [], capacity: KernelCapacity = KernelCapacity(),
        _ make: @escaping @Sendable (KernelRequest) async throws -> any Kernel
    ) {
        (self.name, self.features, self.capacity, self.make) = (name, features, capacity, make)
    }

    /// There is one, of any name.
    public func kernels() -> [KernelDescription] {
        [KernelDescription(name: name, displayName: name, language: name, location: "this process")]
    }

    /// Makes a kernel, hands it to `body`, and shuts it down however `body` is left.
    public func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        let kernel = try await make(request)
        do {
            let result = try await body(kernel)
            await kernel.shutdown()
            return result
        } catch {
            await kernel.shutdown()
            throw error
        }
    }
}
