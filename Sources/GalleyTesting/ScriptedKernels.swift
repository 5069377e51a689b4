public import GalleyJupyterProtocol

/// A provider of kernels for tests, which a closure creates without processes.
///
///     var options = Options()
///     options.kernels = ScriptedKernels { _ in
///         ScriptedKernel { code in .running(printing: "I was asked to run \(code)") }
///     }
public struct ScriptedKernels: KernelProvider {
    /// The name of the provider in messages.
    public let name: String
    /// The features that requests can use.
    public let features: Set<KernelFeature>
    /// The number of kernels and the memory that the provider offers.
    public let capacity: KernelCapacity
    private let make: @Sendable (KernelRequest) async throws -> any Kernel

    /// Creates a provider from a closure that returns a kernel for each request.
    public init(
        name: String = "script", features: Set<KernelFeature> = [], capacity: KernelCapacity = KernelCapacity(),
        _ make: @escaping @Sendable (KernelRequest) async throws -> any Kernel
    ) {
        (self.name, self.features, self.capacity, self.make) = (name, features, capacity, make)
    }

    /// Returns one kernel with the name of the provider. Requests for other names succeed too.
    public func kernels() -> [KernelDescription] {
        [KernelDescription(name: name, displayName: name, language: name, location: "this process")]
    }

    /// Creates a kernel, passes it to `body`, and shuts it down when `body` returns or throws.
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
