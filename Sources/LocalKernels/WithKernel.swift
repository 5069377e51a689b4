/// Starts a kernel, hands it to `body`, and ends it however `body` is left.
///
///     try await withKernel("python3") { kernel in
///         kernel.send(kernel.session.executeRequest("6 * 7"))
///         for try await message in kernel.messages { … }
///     }
///
/// When it returns or throws, the kernel is gone, and with it everything that it started and every file that was made
/// for it. When the task is cancelled the kernel is ended as soon as `body` returns.
///
/// - Parameters:
///   - name: What notebooks call the kernel, or the path of a Python environment.
///   - options: How it is started and ended.
/// - Throws: ``KernelError`` where there is no such kernel or it does not start, and whatever `body` throws.
public func withKernel<Result>(
    _ name: String, options: KernelOptions = KernelOptions(), body: (LocalKernel) async throws -> Result
) async throws -> Result {
    try await withKernel(try KernelFinder(environment: options.environment).find(name), options: options, body: body)
}

/// Starts a kernel that was found before, hands it to `body`, and ends it however `body` is left.
public func withKernel<Result>(
    _ spec: KernelSpec, options: KernelOptions = KernelOptions(), body: (LocalKernel) async throws -> Result
) async throws -> Result {
    let kernel = try await Start.kernel(spec, options)
    do {
        let result = try await body(kernel)
        await kernel.shutdown()
        return result
    } catch {
        await kernel.shutdown()
        throw error
    }
}
