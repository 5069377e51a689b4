import GalleyJupyterProtocol

/// A wrapper that changes how a kernel is used, and forwards everything else to it.
protocol KernelDecorator: Kernel {
    /// The wrapped kernel.
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
