import GalleyFlags
import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels
import GalleyStorage

/// What was asked of `galley execute`.
struct ExecuteArguments: Sendable {
    /// The notebooks, as they were written.
    private(set) var paths: [String] = []
    /// The notebooks; none where this part of several has none.
    private(set) var tasks: [NotebookTask] = []
    /// Arguments that only the process of their owner may look into.
    private(set) var deferred: [TaskList.Deferred] = []
    /// Whether this is what one user's process has to do.
    private(set) var isUserRun = false
    /// Whether it is one notebook that was called by its name, of which more is told than of many.
    private(set) var isSingle = true
    var batch = BatchSettings()
    var options = Options()
    /// How kernels of this machine are started and ended.
    var localKernels = LocalKernels()
    /// Answers to the questions of the notebook, in order.
    var answers: [String] = []
    var isQuiet = false
    var streams = false
    var events: String?
    var background = BackgroundOptions()
    /// Whether the command line asks for help.
    private(set) var wantsHelp = false
    let dialect: Dialect

    /// Whose command line it is.
    enum Dialect: Equatable, Sendable {
        case galley
        /// Names of results are relative to the notebook, and nothing is run without `--execute`.
        case nbconvert
        /// Nothing is written, and all cells are run.
        case check

        /// The word that calls it.
        var command: String {
            switch self {
            case .galley: "execute"
            case .nbconvert: "nbconvert"
            case .check: "check"
            }
        }
    }

    /// What only `galley check` is asked for.
    var check = CheckSettings()

    /// What only nbconvert's line can say.
    var nbconvert = NbconvertOptions()

    /// Reads a command line, and looks at nothing else: ``resolve()`` does.
    init(_ arguments: [String], _ dialect: Dialect) throws(UsageError) {
        self.dialect = dialect
        guard let operands = try ExecuteFlags.command(of: dialect).parse(arguments, into: &self) else {
            wantsHelp = true
            return
        }
        paths = operands
        if nbconvert.readsStandardInput { paths.append("-") }
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley \(dialect.command) --help'") }
        try nbconvert.apply(to: &self)
        if dialect == .check { result = .nowhere }
    }

    /// Finds the notebooks, and what the run needs besides, on the disks of this machine.
    mutating func resolve() throws(UsageError) {
        try find(paths)
        if assignsUsers { try checkCombinations() } else { try complete() }
    }

    /// Finds the notebooks that arguments mean.
    mutating func find(_ paths: [String]) throws(UsageError) {
        var output: String?
        if case .folder(let path) = result { output = path }
        let list = try TaskList(
            paths, excluding: batch.excluded, output: output, dialect, assignsUsers: assignsUsers, isUserRun: isUserRun)
        (tasks, deferred) = (list.tasks, list.deferred)
        isSingle = list.isSingle && batch.shard == nil && dialect != .check
    }

    /// Reads what the run needs besides the notebooks themselves, and puts together what several options decide.
    mutating func complete() throws(UsageError) {
        if batch.shard != nil || batch.order == .slowestFirst { tasks.readDurations() }
        if let shard = batch.shard { tasks.keep(shard) }
        try check.readSanitizers(usesRootsRights: options.user == .caller)
        try checkCombinations()
    }

    /// Whether root has to find out first which user runs which notebook, and may read nothing until then.
    var assignsUsers: Bool { geteuid() == 0 && options.user != .caller && !isUserRun }

    /// Takes the part of the notebooks that one user's process runs.
    mutating func take(_ tasks: [NotebookTask], _ deferred: [TaskList.Deferred]) {
        (self.tasks, self.deferred, isUserRun) = (tasks, deferred, true)
    }

    /// How many notebooks run at a time: nbconvert runs one after the other, and what one leaves the next may want.
    ///
    /// There are no more than this process can open the files for.
    var concurrency: Int {
        min(batch.concurrency ?? (dialect == .nbconvert ? 1 : Batch.defaultConcurrency), Batch.maximumConcurrency)
    }

    /// Adds the notebooks that arguments stand for which only the user's own process may look into.
    mutating func findDeferred() throws(UsageError) {
        guard !deferred.isEmpty else { return }
        let (known, isOnly) = (tasks, tasks.isEmpty)
        try find(deferred.map(\.argument))
        if !isOnly { isSingle = false }
        tasks = known + tasks
    }

    /// Sets the place of the result, which can be set once.
    mutating func setResult(_ new: ResultPlace) throws(UsageError) {
        if result != .beside, result != new {
            throw UsageError("the result goes to one place: choose one of --inplace, --output and --stdout")
        }
        result = new
    }

    /// Where the result goes.
    var result: ResultPlace {
        get { options.result }
        set { options.result = newValue }
    }

    /// Puts together what several options decide.
    private mutating func checkCombinations() throws(UsageError) {
        if readsStandardInput {
            guard tasks.count == 1 else {
                throw UsageError("standard input is one notebook; it does not go with others")
            }
            switch result {
            case .beside: result = .standardOutput
            case .inPlace: throw UsageError("standard input cannot be written in place; use --output or --stdout")
            default: break
            }
            if batch.retries > 0 { throw UsageError("standard input cannot be read twice; leave --retries out") }
        }
        if tasks.count > 1 {
            if result == .standardOutput { throw UsageError("several notebooks do not fit into standard output") }
            if case .file(let name) = result, !name.contains("{notebook_name}") {
                throw UsageError("--output \(name) is one file for several notebooks; use --output-dir or --inplace")
            }
        }
        if background.isDetached, result == .standardOutput {
            throw UsageError("--detach leaves nobody to read standard output; use --inplace or --output")
        }
        try checkResultPaths()
        try checkOutputFiles()
        try KeptKernelSink.check(self)
        if nbconvert.interruptsAtLimit, options.allowedErrors.isEverything {
            // There an interrupt is an error of the cell, which ends the run unless errors are allowed.
            options.onTimeout = .continue
        }
    }
}

extension ExecuteArguments {
    /// Makes sure that no result takes the place of a notebook, or of another result.
    private mutating func checkResultPaths() throws(UsageError) {
        // A result of the run before, that was named together with its notebook, is not run.
        if result == .beside, tasks.count > 1 {
            let results = Set(tasks.compactMap { resultPath(of: $0).map { PathKey($0) } })
            tasks.removeAll { results.contains(PathKey($0.path)) }
        }
        var results = Dictionary(tasks.map { (PathKey($0.path), $0.path) }) { $1 }
        for task in tasks {
            guard let path = resultPath(of: task) else { continue }
            if case .folder = result, !isSingle, path.isSamePath(as: task.path) || isSame(path, task.path) {
                throw UsageError("--output-dir: \(path) would be written over itself; use --inplace for that")
            }
            if path.isSamePath(as: task.path) { continue }
            if let other = results.updateValue(task.path, forKey: PathKey(path)) {
                throw UsageError(
                    "\(path) would be the result of \(task.path), and is that of \(other) or itself one of the notebooks; "
                        + "use --output-dir")
            }
        }
    }

    /// Whether two paths lead to one file, for all that root may find out where it plans.
    private func isSame(_ one: String, _ other: String) -> Bool {
        guard assignsUsers else { return LocalFile.isSame(one, other) }
        return PathWalk.identity(of: one).map { $0 == PathWalk.identity(of: other) } ?? false
    }

    /// Makes sure that no file which tells of the run is a notebook of it, or another such file.
    private func checkOutputFiles() throws(UsageError) {
        var others = tasks.flatMap { task in
            [("the notebook", task.path)] + (resultPath(of: task).map { [("the result", $0)] } ?? [])
        }
        let files =
            [("--status", background.status), ("--log", background.log), ("--events", events)]
            + batch.reports.map { ($0.kind.rawValue, $0.path) }
        for (option, path) in files {
            if let path, path.hasSuffix(".ipynb"), batch.reports.contains(where: { $0.path == path }) {
                throw UsageError("\(option) \(path): a report is no notebook; name another file")
            }
            // What is no file, such as /dev/null, may be for several.
            guard let path, path != "-", [nil, .file].contains(LocalFile.kind(of: path)) else { continue }
            let parts = RunPaths.pathComponents(of: path)
            if let other = others.first(where: {
                RunPaths.pathComponents(of: $0.1) == parts || LocalFile.isSame($0.1, path)
            }) {
                throw UsageError("\(option) \(path): that is \(other.0); name another file")
            }
            others.append(("the file of \(option)", path))
        }
        let spoken = batch.reports.filter { $0.path == "-" }.count + (result == .standardOutput ? 1 : 0)
        if spoken > 1 { throw UsageError("standard output has room for one document; give the others files") }
    }
}

extension ExecuteArguments {
    /// Where the result of a notebook goes, as a path; nil for standard output and for the notebook's own place.
    func resultPath(of task: NotebookTask) -> String? {
        let location = location(ofResultOf: task)
        return location == .standardStreams ? nil : location?.text
    }

    /// Where the result of a notebook goes; nil if that is the notebook's own place, or nowhere.
    func location(ofResultOf task: NotebookTask) -> NotebookLocation? {
        let mark = dialect == .nbconvert ? ".nbconvert" : ".executed"
        let location = result.location(
            of: NotebookLocation(task.path), mark: mark,
            as: isSingle || task.relativePath.isEmpty ? nil : task.relativePath)
        // nbconvert puts it beside the notebook.
        if dialect == .nbconvert, nbconvert.folder == nil, case .file = result, let name = location,
            name != .standardStreams
        {
            return NotebookLocation(NbconvertOptions.path(name.text, beside: task.path))
        }
        return location
    }

    /// Where a notebook is when it has been run, as a path; nil for standard output.
    func outputPath(of task: NotebookTask) -> String? { result == .inPlace ? task.path : resultPath(of: task) }

    /// Whether the notebook comes by standard input.
    var readsStandardInput: Bool { tasks.contains { $0.path == "-" } }

    /// The notebook, where there is one; the folder that they are in, where there are several.
    var title: String {
        if isSingle, let task = tasks.first { return task.path }
        let folders = Set(tasks.map { LocalFile.folder(of: $0.path) ?? "." })
        return folders.count == 1 ? folders.first ?? "." : "."
    }
}
