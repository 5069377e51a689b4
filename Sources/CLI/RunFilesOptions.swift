import Galley
import GalleyExecution
import GalleyFlags
import Glibc
import GalleyRunFiles
import GalleyStorage

/// The options for files that a run brings and stores.
struct RunFilesOptions: Sendable {
    private(set) var settings = RunFilesSettings()
    private let shared = SharedFiles()

    /// The files to bring that are not on this machine.
    var remoteInputs: [NotebookLocation] { settings.inputs.filter(\.isRemote) }

    static let flags: [Flag<ExecuteArguments>] = [
        Flag(
            "--input", takes: "PLACE", example: "s3://in/data/", in: .result,
            "Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated"
        ) { arguments, value, _ in arguments.files.settings.inputs.append(NotebookLocation(value)) },
        Flag(
            "--collect", takes: "PATTERN", example: "*.csv", in: .result,
            "Store the files that the run makes and that match beside its result; can be repeated"
        ) { arguments, value, name throws(UsageError) in
            guard arguments.files.settings.collect(value) else {
                throw UsageError(
                    "\(name) \(UsageError.visible(value)): the pattern must stay in the notebook's folder; write it as "
                        + "'*.csv' or 'out/**'")
            }
        },
    ]

    /// Refuses these options where they have no effect.
    func check(_ arguments: ExecuteArguments) throws(UsageError) {
        guard !settings.isEmpty else { return }
        let flag = settings.inputs.isEmpty ? "--collect" : "--input"
        if arguments.server.isGiven || arguments.existingKernel != nil {
            throw UsageError(
                "\(flag): the kernel of --server or --existing has its own files; bring and fetch them there, in a cell "
                    + "or by 'galley terminal'")
        }
        if arguments.dialect == .nbconvert, !arguments.nbconvert.executes {
            throw UsageError("\(flag) takes part in a run; add --execute")
        }
        let isPrivate =
            arguments.tasks.contains { $0.path == "-" || NotebookLocation($0.path).isRemote }
            || arguments.deferred.contains { $0.owner == nil }
        if arguments.options.keepsKernel != .never, arguments.options.workingDirectory == nil, isPrivate {
            throw UsageError(
                "\(flag): a notebook of a store or of standard input runs in a private folder, which a kernel that is kept would lose; name a "
                    + "folder by --cwd, or leave --keep-kernel out")
        }
        for input in remoteInputs { try Rooms.check(input, hasServer: false) }
        guard !settings.patterns.isEmpty else { return }
        if arguments.dialect == .check {
            throw UsageError("--collect: galley check stores no results; leave --collect out, or use galley execute")
        }
        if arguments.tasks.contains(where: { arguments.outputPath(of: $0) == nil }) {
            throw UsageError(
                "--collect: files go beside the result, and standard output has no place for them; use --output")
        }
    }

    /// Returns the workspace of a notebook's run; nil if the options ask for none.
    ///
    /// - Parameter workingDirectory: The folder of the kernel, if the options name one.
    func workspace(
        of task: NotebookTask, in workingDirectory: String?, _ arguments: ExecuteArguments,
        _ storage: [any StorageProvider]
    ) -> (any RunWorkspace)? {
        guard !settings.isEmpty else { return nil }
        let notebook = NotebookLocation(task.path)
        let own = notebook.isRemote || task.path == "-" ? nil : LocalFile.folder(of: task.path) ?? "."
        // A user whom root has chosen may have no access to root's folder.
        let temporary = currentEnvironment()["TMPDIR"].flatMap { path in
            let canWrite = unsafe access(path, W_OK | X_OK) == 0
            return LocalFile.kind(of: path) == .folder && canWrite ? path : nil
        }
        return RunFiles(
            settings, storage: storage + [LocalStorage()],
            folder: (workingDirectory ?? own).map(RunPaths.absolutePath),
            temporaryFolder: temporary ?? "/tmp", notebook: notebook,
            result: arguments.outputPath(of: task).map { NotebookLocation($0) },
            sharing: shared)
    }
}

/// Prints which files of a run were stored beside its result.
struct CollectedFilesSink: ProgramSink {
    /// Prints lines for a person.
    let writeLine: @Sendable ([String]) -> Void

    func receive(_ event: BatchEvent) {}

    func receive(_ event: ProgramEvent) {
        guard case .judged(_, let jobReport) = event, let files = jobReport.run?.files, !files.isEmpty else { return }
        let shown = files.prefix(5).map { "\($0.location.terminalSafeLine(200)) (\($0.size.inBytes))" }
        let rest = files.count > shown.count ? ["and \(files.count - shown.count) more"] : []
        writeLine(["collected " + (shown + rest).joined(separator: ", ")])
    }
}

extension Int {
    /// The number of bytes for people, such as `1.5 MB`.
    fileprivate var inBytes: String {
        for (unit, size) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)] where self >= size {
            return "\(self / size).\(self % size * 10 / size) \(unit)"
        }
        return "\(self) B"
    }
}
