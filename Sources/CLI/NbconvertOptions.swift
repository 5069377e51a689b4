import Galley
import GalleyExecution
import GalleyExport
import GalleyFlags
import GalleyNotebook
import GalleyStorage

/// The settings that only the command lines of nbconvert and `jupyter execute` have.
struct NbconvertOptions: Sendable {
    /// The format of the result and the parts that it leaves out.
    var conversion = ExportSettings()
    /// The file of the settings that come before those of the command line.
    var configuration: String?
    /// Whether the notebooks run before they are converted.
    var executes = false
    /// Whether standard input is the notebook, and the result is named `notebook`.
    var readsStandardInput = false
    var interruptsAtLimit = false
    /// Whether errors end the run, even if another option allows them.
    var forcesErrors = false
    /// The folder for results; nil for the folder of the notebook.
    var folder: String?
    /// Whether the command line asks for joined streams.
    var joinsStreams = false

    /// The format of the result.
    var format: ExportFormat { conversion.format ?? .notebook }

    /// Whether the result is more than the notebook after its run.
    var converts: Bool { format != .notebook || conversion.exportOptions != ExportOptions() }

    /// The parts that the result of a run leaves out.
    ///
    /// nbconvert removes outputs before the run. Here, the tags for outputs apply to the outputs of the run, because
    /// the result would show what it is to leave out.
    var optionsAfterRun: ExportOptions {
        var options = conversion.exportOptions
        options.clearsOutput = false
        return options
    }

    /// Applies the settings of nbconvert to the arguments.
    func apply(to arguments: inout ExecuteArguments) throws(UsageError) {
        if forcesErrors { arguments.options.allowedErrors = .nothing }
        if arguments.dialect == .nbconvert { try chooseFormat(&arguments) }
        guard let folder else { return }
        switch arguments.result {
        case .nowhere: break
        case .beside: arguments.result = .folder(folder)
        case .file(let path) where arguments.result != .standardOutput:
            arguments.result = .file(folder.withSlash + (path.pathNames.last ?? path[...]))
        default: throw UsageError("--output-dir does not go with --inplace or --stdout")
        }
    }

    private func chooseFormat(_ arguments: inout ExecuteArguments) throws(UsageError) {
        let defaultsToInPlace = joinsStreams || conversion.exportOptions.clearsOutput
        if joinsStreams, !executes {
            throw UsageError("--coalesce-streams: Galley joins streams while a notebook runs; add --execute")
        }
        if conversion.format == nil, defaultsToInPlace, arguments.result == .beside, folder == nil {
            arguments.result = .inPlace
        }
        guard conversion.format != nil || arguments.result == .inPlace || defaultsToInPlace else {
            throw .noFormat
        }
        if format != .notebook, arguments.result == .inPlace {
            throw UsageError("--inplace does not go with --to \(format): only a notebook can replace the notebook")
        }
        if readsStandardInput, arguments.result == .beside, folder == nil {
            arguments.result = .file("notebook" + (format == .notebook ? ".nbconvert" : ""))
        }
        do throws(ExportError) {
            try conversion.exportOptions.validate()
        } catch {
            throw UsageError("\(error)")
        }
        if executes {
            let options = optionsAfterRun
            arguments.options.preparations.append(RemovedCells(options: options))
        }
    }

    /// Returns the location of a result that would be at `location` if it were a notebook of Galley's.
    ///
    /// - Parameter isNamed: Whether the command line names the result. nbconvert writes it beside the notebook, and adds
    ///   the extension.
    func location(_ location: NotebookLocation, of task: NotebookTask, isNamed: Bool) -> NotebookLocation {
        let fileExtension = format.fileExtension ?? task.scriptExtension ?? ""
        guard isNamed else {
            let stem = location.text.hasSuffix(".ipynb") ? location.text.dropLast(".ipynb".count) : location.text[...]
            return NotebookLocation(stem + fileExtension)
        }
        let folder = self.folder != nil || location.text.isAbsolutePath ? "" : String(task.path.directory)
        let path = folder + location.text
        return NotebookLocation(path.hasSuffix(fileExtension) ? path : path + fileExtension)
    }
}

extension UsageError {
    /// The error of a conversion whose format is missing.
    static var noFormat: UsageError {
        UsageError(
            "to which format? Use --to with one of \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", "))")
    }
}

/// Removes the cells that a conversion leaves out, before they could run.
private struct RemovedCells: NotebookPreparation {
    let options: ExportOptions

    func prepare(_ notebook: inout Notebook, warn: (String) -> Void) throws { try options.removeCells(from: &notebook) }
}
