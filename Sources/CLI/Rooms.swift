import Galley
import GalleyAttachedKernels
import GalleyFlags
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyRuns
import GalleyStorage

/// The composition of the program: the one place that chooses among providers and lists the flags of rooms.
enum Rooms {
    /// The flags of the rooms that take part in a run.
    static let flags: [Flag<Options>] =
        Options.flags + [
            Flag(
                "--existing", takes: "FILE|ID", example: "newest", in: .kernel,
                "Use a running kernel: its connection file, its ID in 'galley runs' or 'galley kernels', or newest"
            ) { options, value, _ in
                options.kernels = AttachedKernels(value == "newest" ? nil : value) { id in
                    let kept = RunRegistry.own()?.keptKernel(id)
                    return kept.flatMap { $0.isAlive ? $0.connectionFile : nil }
                }
            }
        ]

    /// The kernel providers that `galley kernels` lists.
    static let providers: [any KernelProvider] = [LocalKernels(), AttachedKernels()]

    /// The storage providers for notebooks and results that are not local files.
    static let storage: [any StorageProvider] = []

    /// Asks the kernel of a connection file to shut down, and waits for its reply for at most `limit`.
    static func requestShutdown(ofKernelAt path: String, within limit: Duration) async {
        await AttachedKernels.requestShutdown(of: path, within: limit)
    }

    /// Refuses options for the start of a kernel if the provider finds kernels that already run.
    static func checkKernelOptions(_ arguments: ExecuteArguments) throws(UsageError) {
        let options = arguments.options
        let flags: [(name: String, feature: KernelFeature, isGiven: Bool)] = [
            ("--param-env and --secret", .environment, !options.parameters.secrets.isEmpty),
            ("--env", .environment, !options.environment.isEmpty),
            ("--cwd", .workingDirectory, options.workingDirectory != nil),
            ("--kernel-fallback", .fallback, options.allowsKernelFallback),
            ("--leave-children", .survivingChildren, options.leavesChildren),
            ("--ExecutePreprocessor.extra_arguments", .arguments, !options.kernelArguments.isEmpty),
        ]
        let features = kernels(for: arguments).features
        guard let flag = flags.first(where: { $0.isGiven && !features.contains($0.feature) }) else { return }
        throw UsageError("\(flag.name): the kernel of --existing is already running; leave \(flag.name) out")
    }

    /// Returns the kernel provider of a run.
    static func kernels(for arguments: ExecuteArguments) -> any KernelProvider {
        let chosen = arguments.options.kernels
        return chosen.name == arguments.localKernels.name ? arguments.localKernels : chosen
    }
}
