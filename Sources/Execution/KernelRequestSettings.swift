package import GalleyJupyterProtocol

extension KernelRequest {
    /// Asks for the kernel that settings describe and a notebook wants.
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
