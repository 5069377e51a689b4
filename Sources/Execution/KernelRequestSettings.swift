package import GalleyJupyterProtocol

extension KernelRequest {
    /// Creates the request for a kernel with a run's settings and the kernel that the notebook names.
    package init(_ settings: RunSettings, for notebook: WantedKernel) {
        self.init(settings.kernel, notebook: notebook)
        (allowsFallback, user) = (settings.allowsKernelFallback, settings.user)
        (environment, inheritsEnvironment) = (settings.environment, settings.inheritsEnvironment)
        (workingDirectory, arguments) = (settings.workingDirectory, settings.kernelArguments)
        (resources, leavesChildren) = (settings.resources, settings.leavesChildren)
        (hasTemporaryDirectory, keepsKernel) = (settings.hasTemporaryDirectory, settings.keepsKernel)
        startTimeout = settings.startTimeout.clampedToClock
    }
}
