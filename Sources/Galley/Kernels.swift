public import GalleyJupyterProtocol
public import GalleyLocalKernels

/// Lists the kernels of this machine, or those of another provider.
///
///     let usable = try await kernels().filter { $0.problem == nil }
///     print(usable.contains { $0.name == "python3" })
///
/// - Parameter provider: The provider of the kernels.
/// - Throws: Any error of the provider.
public func kernels(of provider: any KernelProvider = LocalKernels()) async throws -> [KernelDescription] {
    try await provider.kernels()
}
