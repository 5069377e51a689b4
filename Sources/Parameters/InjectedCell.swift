import GalleyJSON
package import GalleyNotebook

extension Notebook {
    /// Adds the cell that assigns parameters, or gives new values to the one that is there.
    ///
    /// - Parameter kernel: The kernel that runs the notebook instead of its own; nil for its own.
    /// - Returns: Warnings.
    /// - Throws: ``ParameterError`` if the notebook cannot take the parameters.
    package mutating func assign(_ parameters: Parameters, kernel: String?) throws(ParameterError) -> [String] {
        let own = metadata["kernelspec"]
        let language =
            if let language = parameters.language {
                try ParameterLanguages.language(kernel: nil, language: language)
            } else {
                try ParameterLanguages.language(
                    kernel: kernel ?? own?["name"]?.string,
                    language: own?["language"]?.string ?? metadata["language_info"]?["name"]?.string)
            }
        let declared = self.parameters()
        let unknown = try parameters.check(against: declared)
        let warnings = try assign(parameters, in: language)
        // Without a cell of parameters, every name is unknown, and another warning says why.
        guard parametersCell != nil || parameters.isStrict, !unknown.isEmpty else { return warnings }
        let error = ParameterError.unknownNames(unknown, known: declared.map(\.name))
        if parameters.isStrict { throw error }
        return warnings + ["\(error)"]
    }

    /// Adds the cell in a language.
    ///
    /// A new cell follows the first cell with the tag `parameters`. Without one, it is the first cell.
    ///
    /// - Returns: Warnings about the place of the cell.
    /// - Throws: ``ParameterError`` if the language cannot hold a name or a value.
    private mutating func assign(
        _ parameters: Parameters, in language: any ParameterLanguage
    ) throws(ParameterError) -> [String] {
        var source = try language.source(assigning: parameters)
        if source.hasSuffix("\n") { source.removeLast() }
        let defaults = cells.firstIndex { $0.tags.contains(Parameters.defaultsTag) }
        let earlier = cells.firstIndex { $0.kind == .code && $0.tags.contains(Parameters.injectedTag) }
        if let earlier {
            cells[earlier].source = source
            // Before the default values, it would have no effect.
            if let defaults, earlier < defaults { cells.insert(cells.remove(at: earlier), at: defaults) }
        } else {
            // With the same ID each time, two runs give the same file.
            var cell = Cell.code(source, id: freeCellID(Parameters.injectedTag))
            cell.tags = [Parameters.injectedTag]
            cells.insert(cell, at: defaults.map { $0 + 1 } ?? 0)
        }
        guard defaults == nil else { return repeatedCells }
        return [
            "No cell has the tag '\(Parameters.defaultsTag)'. The parameters are assigned before the first cell; later "
                + "cells may replace them"
        ]
    }

    /// Warnings about further cells that assign parameters: they run after the values are assigned.
    private var repeatedCells: [String] {
        [Parameters.defaultsTag, Parameters.injectedTag].compactMap { tag in
            let count = cells.count { $0.kind == .code && $0.tags.contains(tag) }
            return count < 2
                ? nil : "\(count) cells have the tag '\(tag)'. Galley uses the first; the others may replace its values"
        }
    }
}
