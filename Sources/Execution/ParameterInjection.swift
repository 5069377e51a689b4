import GalleyNotebook
import GalleyParameters

/// Assigns parameters before the first cell of a notebook that uses them.
struct ParameterInjection: NotebookPreparation {
    let parameters: Parameters
    /// The kernel that runs the notebook instead of its own; nil for its own.
    let kernel: String?

    func prepare(_ notebook: inout Notebook, warn: (String) -> Void) throws {
        for warning in try notebook.assign(parameters, kernel: kernel) { warn(warning) }
    }
}

extension RunSettings {
    /// The preparations that the settings ask for.
    package var preparations: [any NotebookPreparation] {
        parameters.isEmpty ? [] : [ParameterInjection(parameters: parameters, kernel: kernel)]
    }

    /// Whether a cell with these tags assigns the parameters. Such a cell runs before any selection of cells.
    func assigns(_ tags: [String]) -> Bool { !parameters.isEmpty && tags.contains(Parameters.injectedTag) }
}
