public import GalleyParameters
import GalleyExecution
public import GalleyStorage

extension Batch {
    /// Creates a batch with a run of one notebook for each run of a matrix.
    ///
    ///     var options = Options()
    ///     options.result = .template("out/{name}-{region}-{year}.ipynb")
    ///     let matrix = ParameterMatrix(["region": ["eu", "us"], "year": [2024, 2025]])
    ///     let report = try await Batch(matrix, of: "report.ipynb", options).run()
    ///
    /// The values of the matrix are added to ``RunSettings/parameters``. Without a template, the names of the results end
    /// with the values: `report.executed-eu-2024.ipynb`.
    ///
    /// - Throws: ``ParameterMatrixError`` if the matrix has no runs; ``ResultTemplateError`` if the template does not
    ///   name a result; ``SharedResultError`` if two runs would have the same result.
    public init(
        _ matrix: ParameterMatrix, of notebook: NotebookLocation, _ options: Options = Options()
    ) throws {
        let runs = try matrix.runs()
        var results: [PathKey: Int] = [:]
        self.init(
            try zip(runs, runs.resultSuffixes).enumerated().map { number, run in
                var options = options
                options.parameters.values.merge(run.0)
                options.result = try options.result.forRun(of: notebook, options.parameters.values, suffix: run.1)
                if runs.count > 1, options.result != .nowhere {
                    let location =
                        try options.result.resolved(ResultNames(of: notebook, ParameterMap()))
                        .location(of: notebook) ?? notebook
                    if let other = results.updateValue(number, forKey: PathKey(location.text)) {
                        throw SharedResultError(location: location, first: runs[other], second: run.0)
                    }
                }
                var job = Job(notebook, options)
                job.distinguishingParameters = run.0.names
                return job
            })
    }
}

/// The error of two runs of one notebook with the same location for their results.
public struct SharedResultError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The location.
    public let location: NotebookLocation
    /// The parameters of the first run.
    public let first: ParameterMap
    /// The parameters of the second run.
    public let second: ParameterMap

    /// The error as a sentence.
    public var description: String {
        "the runs with \(first.text) and with \(second.text) would both write \(location); use a template with the names "
            + "of all parameters, such as {\(second.names.last ?? "name")}"
    }
}

extension ResultPlace {
    /// The place of the result of one of several runs of a notebook, whose names end with a suffix.
    fileprivate func forRun(
        of notebook: NotebookLocation, _ parameters: ParameterMap, suffix: String
    ) throws(ResultTemplateError) -> ResultPlace {
        let name = notebook.stem + suffix + ".ipynb"
        let place = try resolved(ResultNames(of: notebook, parameters))
        let location = place.location(of: notebook, mark: ".executed" + suffix, as: name)
        switch self {
        case .beside: return location.map { .file($0.text) } ?? self
        // The folders of a template are created, as that for results.
        case .folder, .template: return location.map { .template(ResultTemplate.escaping($0.text)) } ?? self
        default: return self
        }
    }
}
