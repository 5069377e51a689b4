import GalleyJSON
public import GalleyNotebook

extension Notebook {
    /// The parameters that the notebook declares: the assignments in its first cell with the tag `parameters`.
    ///
    ///     let notebook = try await Notebook(contentsOf: "report.ipynb")
    ///     for parameter in notebook.parameters() { print(parameter.name, parameter.defaultValue) }
    ///
    /// Only assignments that always run count, not those in conditions, loops and functions. The parameters are in the
    /// order of their first assignments. There are none if the cell is missing or its language is unknown.
    public func parameters() -> [DeclaredParameter] {
        let kernel = metadata["kernelspec"]
        guard let cell = parametersCell, cell.kind == .code,
            let syntax = SourceSyntax.of(
                kernel: kernel?["name"]?.string,
                language: kernel?["language"]?.string ?? metadata["language_info"]?["name"]?.string)
        else { return [] }
        var reader = AssignmentReader(cell.source, syntax)
        return reader.parameters()
    }

    /// The first cell with the tag `parameters`.
    package var parametersCell: Cell? { cells.first { $0.tags.contains(Parameters.defaultsTag) } }
}
