import GalleyFlags
import Galley
import GalleyExecution
import GalleyExport
import Glibc
import GalleyLocalKernels
import GalleyParameters
import GalleyStorage
import GalleySupervisor

/// The command line of `galley execute`, `galley check` or `galley nbconvert`.
struct ExecuteArguments: Sendable {
    /// The operands: notebooks, folders, patterns, lists (`@FILE`), and `-` for standard input.
    private(set) var paths: [String] = []
    /// The notebooks to run; empty if this part of several has none.
    var tasks: [NotebookTask] = []
    /// The notebooks that the command line seems to name, and that are not run.
    private(set) var leftOut: [LeftOutNotebook] = []
    /// The common folder of the notebooks.
    private(set) var root = "/"
    /// The run whose failed notebooks run again, if the command line asks for them.
    var lastFailed: LastFailed?
    /// Whether the notebooks are only listed.
    var lists = false
    /// The arguments that only the process of their owner may look up.
    private(set) var deferred: [TaskList.Deferred] = []
    /// Whether these are the arguments of one user's process.
    private(set) var isUserRun = false
    /// Whether the command line names one notebook, for which progress is shown by cell.
    private(set) var isSingle = true
    var batch = BatchSettings()
    var matrix = MatrixSettings()
    var options = Options()
    /// The provider of local kernels, with its settings.
    var localKernels = LocalKernels()
    /// The running kernel to use, as the command line names it.
    var existingKernel: String?
    /// The Jupyter server of the kernels.
    var server = ServerOptions()
    var parameters = ParameterOptions()
    /// The providers of notebooks and files in stores and on the web, which use the credentials of this process.
    var stores = Rooms.stores(currentEnvironment())
    /// The files in stores that the command line names.
    var remoteInputs = RemoteInputs()
    /// The files that the runs take along and take back.
    var files = RunFilesOptions()
    /// The second operand, which is the place of the result if the store has no such object.
    var undecidedResult: String?
    /// Whether the command line asks for the parameters of the notebook.
    var listsParameters = false
    /// The answers to `input()`, in order.
    var answers: [String] = []
    var isQuiet = false
    var streams = false
    var events: String?
    var background = BackgroundOptions()
    /// Whether the command line asks for help.
    private(set) var wantsHelp = false
    let dialect: Dialect

    /// The command that the arguments belong to.
    enum Dialect: Equatable, Sendable {
        case execute
        /// The names of results are relative to the notebook, and nothing runs without `--execute`.
        case nbconvert
        /// The operands are one notebook and its result, and the statuses are papermill's.
        case papermill
        /// No notebook is written, and all cells run.
        case check

        /// The command's words.
        var command: String {
            switch self {
            case .execute: "execute"
            case .nbconvert: "nbconvert"
            case .papermill: "papermill"
            case .check: "check"
            }
        }
    }

    /// The settings of `galley check`.
    var check = CheckSettings()

    /// The settings that only nbconvert's command line has.
    var nbconvert = NbconvertOptions()

    /// The settings that only papermill's command line has.
    var papermill = PapermillOptions()

    /// The options on the command line that have no effect, each with the reason.
    var notes: [String] = []

    /// Parses a command line without access to a disk; ``resolve()`` looks up what it names.
    ///
    /// - Parameter settings: The words of a configuration file; nil if none was read.
    init(_ arguments: [String], _ dialect: Dialect, after settings: [String]? = nil) throws(UsageError) {
        self.dialect = dialect
        let command = ExecuteFlags.command(of: dialect)
        // The default depends on other flags. No flag sets a negative time.
        let unset = Duration.seconds(-1)
        options.startTimeout = unset
        defer {
            if options.startTimeout == unset {
                // A hub can need minutes for the user's server.
                options.startTimeout = server.isGiven ? ServerOptions.startTimeout : RunSettings().startTimeout
            }
        }
        _ = try command.parse(settings ?? [], into: &self)
        guard let operands = try command.parse(arguments, into: &self) else {
            wantsHelp = true
            return
        }
        paths = operands
        if nbconvert.configuration != nil, settings == nil { return }
        if nbconvert.readsStandardInput { paths.append("-") }
        guard !paths.isEmpty || lastFailed != nil || dialect == .papermill else {
            throw UsageError("which notebook? See 'galley \(dialect.command) --help'")
        }
        try nbconvert.apply(to: &self)
        try checkParameters()
        if dialect == .check { result = check.updates ? .inPlace : .nowhere }
    }

    /// Finds the notebooks, reads the other inputs that the options name, and checks the combination of options.
    ///
    /// Where root assigns the notebooks to users, ``findDeferred()`` and ``complete()`` do the rest in the process of each
    /// user.
    mutating func resolve() throws(UsageError) {
        try server.check()
        if dialect == .papermill { try papermill.take(paths, into: &options) } else { try takeSecondOperand() }
        if [paths.contains("-"), parameters.readsStandardInput, matrix.readsStandardInput].count(where: \.self) > 1 {
            throw UsageError("standard input can be only one of the notebook, the parameters and the rows; use files")
        }
        if parameters.remoteFiles.isEmpty { try parameters.resolve(into: &options) }
        if dialect == .papermill { paths = [try papermill.notebook(with: options.parameters.values)] }
        if !hasRemoteInputs { try matrix.read(for: options.parameters, usesRootsRights: options.user == .caller) }
        if paths.isEmpty {
            paths = try readLastRun()?.paths() ?? []
            try find(paths, root: lastFailed?.run?.root)
        } else {
            try find(paths)
        }
        if hasRemoteInputs { return try checkRemoteOutputs() }
        if assignsUsers || !deferred.isEmpty { try checkCombinations() } else { try complete() }
    }

    /// The notebook whose parameters the command line asks for; nil if it asks for a run.
    var notebookToInspect: String? {
        get throws(UsageError) {
            guard listsParameters else { return nil }
            guard paths.count <= (dialect == .papermill ? 2 : 1) else {
                throw UsageError("--help-notebook lists one notebook; for several, use 'galley inspect'")
            }
            return paths.first ?? "-"
        }
    }

    /// Takes the second of two operands as the place of the result, if it does not exist or parameters are given.
    ///
    /// This is papermill's order. A result is never run, and another notebook is never replaced.
    private mutating func takeSecondOperand() throws(UsageError) {
        guard dialect == .execute, paths.count == 2, result == .beside, lastFailed == nil, !matrix.isGiven,
            let output = paths.last,
            output == "-" || output.hasSuffix(".ipynb"), !output.contains(where: { "*?[".contains($0) }),
            !output.hasPrefix("@")
        else { return }
        if NotebookLocation(output).isRemote {
            // A web address is never a result, and what exists on a server is not asked.
            guard NotebookLocation(output).serverPath == nil, !NotebookLocation(output).isWebAddress else { return }
            guard parameters.isEmpty else { return takeAsResult(output) }
            return undecidedResult = output
        }
        let task = NotebookTask(path: output)
        let isNew = output == "-" ? !parameters.isEmpty : !task.exists(forRoot: assignsUsers)
        guard isNew || !parameters.isEmpty else { return }
        guard isNew || task.isResultOfParameters(forRoot: assignsUsers) else {
            let shown = UsageError.visible(output)
            throw UsageError(
                "\(shown) exists, and is not the result of a run with parameters. Use --output \(shown) to replace it, or "
                    + "--inplace to run both notebooks")
        }
        takeAsResult(output)
    }

    /// Takes the second of two operands as the place of the result.
    mutating func takeAsResult(_ output: String) {
        paths.removeLast()
        tasks.removeAll { $0.path.isSamePath(as: output) }
        isSingle = paths.count == 1
        leftOut.append(LeftOutNotebook(path: output, reason: .secondOperand))
        result = .output(output)
    }

    /// Replaces each notebook by its runs, which a file in a store lists.
    mutating func multiplyTasks(_ runs: [ParameterMap]) throws(UsageError) {
        if tasks.contains(where: { !$0.parameters.isEmpty }) { return }
        try tasks.multiply { _ in runs }
    }

    /// Reads how the last run ended, if its failed notebooks run again.
    private mutating func readLastRun() throws(UsageError) -> LastRun? {
        guard let lastFailed else { return nil }
        if let run = lastFailed.run { return run }
        let run =
            if let report = lastFailed.report {
                try LastRun(report: report, usesRootsRights: options.user == .caller)
            } else {
                try LastRun(of: dialect.command)
            }
        try run.check(options.parameters)
        self.lastFailed?.run = run
        return run
    }

    /// Replaces the tasks by the notebooks that these operands stand for.
    ///
    /// - Parameter listed: The notebooks of folders that are not local. Other such folders are deferred.
    private mutating func find(
        _ paths: [String], root: String? = nil, listed: [PathKey: [NotebookLocation]] = [:]
    ) throws(UsageError) {
        var output: String?
        if case .folder(let path) = result { output = path }
        let list = try TaskList(
            paths, excluding: batch.excluded, output: output, root: root, dialect, assignsUsers: assignsUsers,
            isUserRun: isUserRun, listed: listed
        ) { [hasServer = server.isGiven] location throws(UsageError) in
            try Rooms.check(location, hasServer: hasServer)
        }
        (tasks, deferred, self.root) = (list.tasks, list.deferred, list.root)
        leftOut += list.leftOut
        isSingle =
            list.isSingle && batch.shard == nil && lastFailed == nil && dialect != .check && !matrix.isGiven
        if let runs = matrix.runs { try tasks.multiply { _ in runs } }
    }

    /// Reads the earlier durations from the notebooks if the options need them, and the file of the sanitizers. Then
    /// checks the combination of options.
    mutating func complete() throws(UsageError) {
        try openServer()
        if let run = try readLastRun() {
            if !matrix.isGiven { try tasks.multiply { run.runs(of: $0.path) } }
            leftOut += try run.keepFailed(&tasks)
        }
        if batch.shard != nil || batch.order == .slowestFirst { tasks.readDurations() }
        if let shard = batch.shard { leftOut += tasks.keep(shard) }
        if nbconvert.format == .script { tasks.readScriptExtensions() }
        if !options.only.isEmpty { try tasks.checkSelection(options.settings) }
        try tasks.checkParameters(options.settings)
        try check.readSanitizers(usesRootsRights: options.user == .caller)
        try checkCombinations()
    }

    /// The lines that report notebooks which are left out.
    var notices: [String] { leftOut.notices(isAll: tasks.isEmpty) }

    /// Reads the inputs of ``complete()`` for a list of the notebooks, which starts no process of another user.
    mutating func completeList() throws {
        guard assignsUsers else {
            if deferred.isEmpty, !hasRemoteInputs { return }
            try readRemoteInputs()
            try findDeferred()
            return try complete()
        }
        try readRemoteInputs()
        if !deferred.isEmpty, deferred.allSatisfy({ $0.owner == nil }) { try findDeferred() }
        guard deferred.isEmpty, tasks.allSatisfy({ $0.owner == .root }) else {
            if lastFailed != nil || batch.shard != nil || !options.only.isEmpty {
                throw UsageError(
                    "--list: root does not read notebooks of other users; leave out --last-failed, --shard, --only and "
                        + "--cells, or use --as-caller")
            }
            return
        }
        isUserRun = true
        try complete()
    }

    /// Whether root must first assign the notebooks to users, and may read none of them until then.
    var assignsUsers: Bool { geteuid() == 0 && options.user != .caller && !isUserRun }

    /// Restricts the run to the notebooks of one user.
    mutating func take(_ tasks: [NotebookTask], _ deferred: [TaskList.Deferred]) {
        (self.tasks, self.deferred, isUserRun) = (tasks, deferred, true)
    }

    /// The number of notebooks that run at a time.
    ///
    /// nbconvert runs one after the other, because a notebook may read the files of the one before. The number of files
    /// that the process can open is an upper limit.
    var concurrency: Int {
        min(batch.concurrency ?? (dialect == .nbconvert ? 1 : Batch.defaultConcurrency), Batch.maximumConcurrency)
    }

    /// Reads the files with which the run logs in to its server.
    private mutating func openServer() throws(UsageError) {
        if isUserRun, geteuid() != 0 { try server.checkRootsCredentials() }
        try server.resolve(
            usesRootsRights: options.user == .caller, startsHubServer: true, startTimeout: options.startTimeout
        ) {
            Terminal.reportProblem("galley: \($0)")
        }
        server.recordKernels(of: RunPaths.absolutePath(title))
        if let existingKernel { server.keepRecord(of: existingKernel) }
    }

    /// Adds the notebooks of the deferred operands, in the process of their owner.
    ///
    /// - Throws: `UsageError`, and any error of a storage provider that cannot list a folder.
    mutating func findDeferred() throws {
        guard !deferred.isEmpty else { return }
        try openServer()
        let (known, isOnly) = (tasks, tasks.isEmpty)
        var listed: [PathKey: [NotebookLocation]] = [:]
        let storage = Rooms.storage(for: self)
        for one in deferred where one.owner == nil {
            listed[PathKey(one.argument)] = try storage.notebooks(of: one.argument)
        }
        if !isUserRun || paths.allSatisfy({ NotebookLocation($0).isRemote }), deferred.allSatisfy({ $0.owner == nil }) {
            // Root does not look at local folders again, which may have got notebooks of other users.
            leftOut = leftOut.filter { if case .secondOperand = $0.reason { true } else { false } }
            return try find(
                paths.isEmpty ? deferred.map(\.argument) : paths, root: lastFailed?.run?.root, listed: listed)
        }
        try find(deferred.map(\.argument), listed: listed)
        if !isOnly { isSingle = false }
        tasks = known + tasks
    }

    /// Sets the place of the result, which can be set only once.
    mutating func setResult(_ new: ResultPlace) throws(UsageError) {
        if result != .beside, result != new {
            throw UsageError("the result has more than one place; use only one of --inplace, --output and --stdout")
        }
        result = new
    }

    /// The place of the result.
    var result: ResultPlace {
        get { options.result }
        set { options.result = newValue }
    }

    /// Combines options that depend on each other, and refuses combinations that make no sense.
    private mutating func checkCombinations() throws(UsageError) {
        try checkMatrix()
        try tasks.resolveResults(result, options.parameters.values)
        if readsStandardInput {
            guard tasks.count == 1 else {
                throw UsageError("standard input (-) cannot be combined with other notebooks; run it alone")
            }
            switch result {
            case .beside: result = .standardOutput
            case .inPlace: throw UsageError("standard input cannot be written in place; use --output or --stdout")
            default: break
            }
            if batch.retries > 0 { throw UsageError("standard input cannot be read twice; leave --retries out") }
        }
        if tasks.count > 1 {
            if result == .standardOutput {
                throw UsageError(
                    "several notebooks cannot be written to standard output; use --output-dir or --inplace")
            }
            if case .file(let name) = result {
                throw UsageError("--output \(name) is one file for several notebooks; use --output-dir or --inplace")
            }
        }
        if background.isDetached, result == .standardOutput {
            throw UsageError(
                "--detach: a background run cannot write its result to standard output; use --inplace or --output")
        }
        try checkResultPaths()
        try checkOutputFiles()
        try checkRemoteOutputs()
        try files.check(self)
        try Rooms.checkKernelOptions(self)
        try KeptKernelSink.check(self)
        if nbconvert.interruptsAtLimit, options.allowedErrors.isEverything {
            // In nbconvert, an interrupt is an error of the cell. It ends the run unless errors are allowed.
            options.onTimeout = .continue
        }
    }
}
