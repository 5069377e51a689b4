import Galley
import GalleyAttachedKernels
import GalleyFlags
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyStorage

/// The composition of the program: the one place that chooses among providers and lists the flags of rooms.
enum Rooms {
    /// The flags of the rooms that take part in a run.
    static let flags: [Flag<Options>] =
        Options.flags + [
            Flag(
                "--existing", takes: "FILE|ID", example: "newest", in: .kernel,
                "Use a running kernel, by its connection file or ID, or the newest; it keeps running"
            ) { options, value, _ in options.kernels = AttachedKernels(value == "newest" ? nil : value) }
        ]

    /// The kernel providers that `galley kernels` lists.
    static let providers: [any KernelProvider] = [LocalKernels(), AttachedKernels()]

    /// The storage providers for notebooks and results that are not local files.
    static let storage: [any StorageProvider] = []

    /// Asks the kernel of a connection file to shut down, and waits for its reply for at most `limit`.
    static func requestShutdown(ofKernelAt path: String, within limit: Duration) async {
        await AttachedKernels.requestShutdown(of: path, within: limit)
    }

    /// Returns the kernel provider of a run.
    static func kernels(for arguments: ExecuteArguments) -> any KernelProvider {
        let chosen = arguments.options.kernels
        return chosen.name == arguments.localKernels.name ? arguments.localKernels : chosen
    }
}
