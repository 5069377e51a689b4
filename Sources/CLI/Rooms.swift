import Galley
import GalleyAttachedKernels
import GalleyFlags
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyStorage

/// What the program is composed of: the one place that names the rooms which could stand for one another.
enum Rooms {
    /// The flags of the rooms that take part in a run.
    static let flags: [Flag<Options>] =
        Options.flags + [
            Flag(
                "--existing", takes: "FILE|ID", example: "newest", in: .kernel,
                "Use a running kernel, by its connection file or ID, or the newest; it keeps running"
            ) { options, value, _ in options.kernels = AttachedKernels(value == "newest" ? nil : value) }
        ]

    /// The sources whose kernels `galley kernels` lists.
    static let providers: [any KernelProvider] = [LocalKernels(), AttachedKernels()]

    /// What opens the notebooks and results that are no files of this machine.
    static let storage: [any StorageProvider] = []

    /// Asks the kernel of a connection file to end, and waits for its answer, for so long at most.
    static func requestShutdown(ofKernelAt path: String, within limit: Duration) async {
        await AttachedKernels.requestShutdown(of: path, within: limit)
    }

    /// Where the kernels of a run come from: those of this machine are started as the arguments say.
    static func kernels(for arguments: ExecuteArguments) -> any KernelProvider {
        let chosen = arguments.options.kernels
        return chosen.name == arguments.localKernels.name ? arguments.localKernels : chosen
    }
}
