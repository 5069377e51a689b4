public import Execution
public import LocalKernels
import Notebook

/// How a notebook is to be run.
public struct Options: Sendable {
    /// The kernel by its name, or by the path of a Python environment; nil for the one that the notebook names.
    public var kernel: String?
    /// Whether a kernel that is not there may be replaced by the only one of the notebook's language.
    public var mayReplaceKernel = false
    /// How the kernel is started and ended. Its limit for the start is shortened where the whole run has less time.
    public var launch: KernelOptions
    /// How the cells are run.
    public var execution = ExecutionOptions()
    /// Whether the notebook's metadata tell how the run went.
    public var records = false

    /// Runs all cells in the kernel that the notebook names, up to the first error.
    public init(launch: KernelOptions = KernelOptions()) { self.launch = launch }
}

extension Options {
    /// Finds the kernel for a notebook.
    ///
    /// - Returns: The kernel, and what somebody should know about the choice.
    func findKernel(for wanted: WantedKernel) throws(KernelError) -> (spec: KernelSpec, warning: String?) {
        let finder = KernelFinder(environment: launch.environment)
        if let kernel { return (try finder.find(kernel), nil) }
        guard !wanted.isNameless else { throw .nameless }
        guard let name = wanted.name else {
            if let only = wanted.language.flatMap({ finder.onlyKernel(of: $0) }) { return (only, nil) }
            // What nobody has said anything about is Python.
            return (try finder.find("python3"), nil)
        }
        do throws(KernelError) {
            return (try finder.find(name, mayBePath: false), nil)
        } catch {
            guard case .notFound = error, mayReplaceKernel, let language = wanted.language,
                let only = finder.onlyKernel(of: language)
            else { throw error }
            return (only, "kernel '\(name)' is not here; '\(only.name)', the only one for \(language), takes its place")
        }
    }
}
