import GalleyJupyterProtocol

/// A kernel that changes how another one is used, and is the same kernel in all else.
protocol KernelDecorator: Kernel {
    /// The other kernel.
    var kernel: any Kernel { get }
}

extension KernelDecorator {
    var name: String { kernel.name }
    var info: KernelInfo { kernel.info }
    var session: Session { kernel.session }
    var user: String? { kernel.user }
    var memory: Int? { kernel.memory }
    var executor: (any TaskExecutor)? { kernel.executor }
}
