import GalleyAttachedKernels
import GalleyJupyterProtocol
import GalleyLocalKernels

/// What the program is composed of: the one place that chooses among rooms that could stand for one another.
enum Rooms {
    /// Where the kernels of a run come from.
    static func kernels(for arguments: ExecuteArguments) -> any KernelProvider {
        guard let existing = arguments.existing else { return arguments.localKernels }
        return AttachedKernels(existing == "newest" ? nil : existing)
    }

    /// The sources whose kernels `galley kernels` lists.
    static let providers: [any KernelProvider] = [LocalKernels(), AttachedKernels()]
}
