package import GalleyJupyterProtocol

/// The settings with which a kernel is started and shut down.
package struct KernelOptions: Sendable {
    /// The kernel's working folder; nil for that of this process.
    package var workingDirectory: String?
    /// The kernel's environment variables, before those that its kernel spec adds.
    package var environment: [String: String]
    /// Arguments appended to those of the kernel spec.
    package var extraArguments: [String] = []
    /// The time limit until the kernel is ready.
    package var startTimeout: Duration = .seconds(60)
    /// The kernel's resource limits.
    package var limits = ResourceLimits()
    /// Whether the kernel's child processes may outlive it, for a notebook that starts a service on purpose.
    ///
    /// If so, the kernel's standard output and error are discarded, and a post-mortem has no last lines.
    package var leavesChildren = false
    /// Whether the kernel gets its own folder for temporary files, which is removed when the kernel ends. If not, it
    /// uses the environment's.
    package var hasOwnTemporaryFolder = false
    /// Whether the kernel may be left running when the connection closes.
    package var isKeepable = false
    /// The transport of messages.
    package var transport: Transport = .automatic
    /// The steps that shut the kernel down, each with the time to wait after it. A kernel that survives the last step
    /// is killed.
    package var shutdownSteps: [ShutdownStep] = ShutdownStep.graceful
    /// Creates options with this environment and defaults for everything else.
    package init(environment: [String: String] = currentEnvironment()) { self.environment = environment }

    /// The transports for messages.
    package enum Transport: Hashable, Sendable {
        /// IPC sockets, or TCP ports if the kernel needs them.
        case automatic
        /// Sockets in a private folder, which other users cannot replace.
        case ipc
        /// TCP ports on this machine.
        case tcp
    }
}

/// A step in shutting down a kernel.
package enum ShutdownStep: Hashable, Sendable {
    /// Sends a shutdown request and waits for the reply; after the reply, waits `afterReply` for the kernel to end.
    case request(patience: Duration, afterReply: Duration)
    /// Sends a signal to the kernel's process group.
    case signal(Int32, patience: Duration)

    /// The default steps. Most kernels need only the first one.
    package static let graceful: [ShutdownStep] = [
        .request(patience: .milliseconds(2500), afterReply: .seconds(1)), .signal(15, patience: .seconds(1)),
    ]
    /// No steps: the kernel is killed immediately.
    package static let immediate: [ShutdownStep] = []
}
