import GalleyJupyterProtocol

/// Starts a kernel, hands it to `body`, and ends it however `body` is left.
///
/// When it returns or throws, the kernel is gone, and with it everything that it started and every file that was made
/// for it. When the task is cancelled the kernel is ended as soon as `body` returns.
///
/// - Parameters:
///   - spec: The kernel.
///   - options: How it is started and ended.
/// - Throws: ``KernelError`` where it does not start, and whatever `body` throws.
package func withKernel<Result>(
    _ spec: KernelSpec, options: KernelOptions = KernelOptions(), body: (LocalKernel) async throws -> Result
) async throws -> Result {
    try await KernelStartup.kernel(spec, options).withShutdown(body)
}
