package import GalleyJupyterProtocol

/// How a kernel is to be started and ended.
package struct KernelOptions: Sendable {
    /// The folder it works in; nil for that of this process.
    package var workingDirectory: String?
    /// The variables it starts with, before those that its own description adds.
    package var environment: [String: String]
    /// Arguments added to its own.
    package var extraArguments: [String] = []
    /// How long it may take until it is ready.
    package var startTimeout: Duration = .seconds(60)
    /// What it may use.
    package var limits = ResourceLimits()
    /// Whether processes that it started may outlive it, for a notebook that starts a service on purpose.
    ///
    /// What they write to the kernel's own output and error goes nowhere then, and a post-mortem has no last lines.
    package var leavesChildren = false
    /// Whether it has a folder of its own for temporary files, which is removed with it; else that of the environment.
    package var hasOwnTemporaryFolder = false
    /// Whether it may be left running when the conversation is over.
    package var isKeepable = false
    /// How it is spoken to.
    package var transport: Transport = .automatic
    /// How it is ended: each step with the patience that follows it. What is still there after the last is killed.
    package var shutdownSteps: [ShutdownStep] = ShutdownStep.graceful
    /// Begins with the environment of this process, and everything else as it usually is.
    package init(environment: [String: String] = currentEnvironment()) { self.environment = environment }

    /// The ways of speaking to a kernel.
    package enum Transport: Hashable, Sendable {
        /// The first of the others that the kernel is able to.
        case automatic
        /// Sockets in a private folder: nobody else can take their place.
        case ipc
        /// Ports on this machine.
        case tcp
    }
}

/// One step on the way to a kernel's end.
package enum ShutdownStep: Hashable, Sendable {
    /// Asks it to end; once it has said that it will, it gets `afterReply` and not a moment more.
    case request(patience: Duration, afterReply: Duration)
    /// Sends its group of processes a signal.
    case signal(Int32, patience: Duration)

    /// What kernels that behave need no more than the first step of.
    package static let graceful: [ShutdownStep] = [
        .request(patience: .milliseconds(2500), afterReply: .seconds(1)), .signal(15, patience: .seconds(1)),
    ]
    /// Asks nothing and waits for nothing.
    package static let immediate: [ShutdownStep] = []
}
