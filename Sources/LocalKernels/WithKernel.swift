import GalleyJupyterProtocol

/// Starts a kernel, passes it to `body`, and ends it when `body` returns or throws.
///
/// When this function returns or throws, the kernel, all its descendants and all files created for it are gone. If the
/// task is canceled, the kernel is ended as soon as `body` returns.
///
/// - Parameters:
///   - spec: The kernel.
///   - options: The settings to start it and shut it down.
/// - Throws: ``KernelError`` if the kernel does not start, and any error of `body`.
package func withKernel<Result>(
    _ spec: KernelSpec, options: KernelOptions = KernelOptions(), body: (LocalKernel) async throws -> Result
) async throws -> Result {
    try await KernelStartup.kernel(spec, options).withShutdown(body)
}
