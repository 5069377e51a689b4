import Execution
import Galley
import Glibc
import LocalKernels
import Storage

/// What was asked of `galley execute`.
struct ExecuteArguments: Sendable {
    var notebook = ""
    var result = Result.beside
    var options = Options()
    /// Answers to the questions of the notebook, in order.
    var answers: [String] = []
    var isQuiet = false
    var streams = false
    var events: String?
    var background = Background()
    var wantsHelp = false
    let dialect: Dialect

    /// Where the result goes.
    enum Result: Equatable, Sendable {
        /// To a new file beside the notebook.
        case beside
        case inPlace
        case file(String)
        case folder(String)
        case standardOutput
    }

    /// Whose command line it is.
    enum Dialect: Equatable, Sendable {
        case galley
        /// Names of results are relative to the notebook, and nothing is run without `--execute`.
        case nbconvert
    }

    /// What only nbconvert's line can say.
    var nbconvert = Nbconvert()

    init(_ arguments: [String], _ dialect: Dialect) throws(UsageError) {
        self.dialect = dialect
        var paths: [String] = []
        var rest = arguments[...]
        var isLiteral = false
        while let argument = rest.popFirst() {
            if isLiteral || argument == "-" || !argument.hasPrefix("-") {
                paths.append(argument)
            } else if argument == "--" {
                isLiteral = true
            } else {
                try take(argument, &rest)
            }
        }
        if wantsHelp { return }
        if nbconvert.readsStandardInput { paths.append("-") }
        guard let path = paths.first else { throw UsageError("which notebook? See 'galley execute --help'") }
        guard paths.count == 1 else {
            throw UsageError("one notebook at a time: '\(paths[1])' is one too many")
        }
        notebook = path
        try settle()
    }

    private mutating func take(_ argument: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        guard let flag = Flag.all.first(where: { $0.names.contains(name) }) else {
            if let refusal = Flag.refusal(of: name) { throw UsageError(refusal) }
            throw UsageError(
                unknown: "option", name, known: Flag.all.flatMap(\.names), help: "galley execute --help")
        }
        switch flag.act {
        case .set(let set):
            guard parts.count == 1 else { throw UsageError("\(name) takes no value") }
            try set(&self)
        case .take(let take):
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                throw UsageError("\(name) needs a value. See 'galley execute --help'")
            }
            try take(&self, value, name)
        }
    }

    /// Says where the result goes, which can be said once.
    mutating func setResult(_ new: Result) throws(UsageError) {
        if result != .beside, result != new {
            throw UsageError("the result goes to one place: choose one of --inplace, --output and --stdout")
        }
        result = new
    }

    /// Puts together what several options decide.
    private mutating func settle() throws(UsageError) {
        try nbconvert.settle(&self)
        if dialect == .nbconvert, unsafe access(notebook, F_OK) != 0, unsafe access(notebook + ".ipynb", F_OK) == 0 {
            notebook += ".ipynb"
        }
        if notebook == "-" {
            switch result {
            case .beside: result = .standardOutput
            case .inPlace: throw UsageError("standard input cannot be written in place; use --output or --stdout")
            default: break
            }
        }
        if background.isDetached, result == .standardOutput {
            throw UsageError("--detach leaves nobody to read standard output; use --inplace or --output")
        }
        try keepFilesApart()
        if nbconvert.interruptsAtLimit, options.execution.allowedErrors.isEverything {
            // There an interrupt is an error of the cell, which ends the run unless errors are allowed.
            options.execution.atLimit = .goOn
        }
        if options.launch.workingFolder == nil { options.launch.workingFolder = LocalFile.folder(of: notebook) }
        if !answers.isEmpty {
            let answers = Answers(answers)
            options.launch.answer = { _, _ in answers.next() }
        }
    }
}

extension ExecuteArguments {
    /// Makes sure that no file which tells of the run is a notebook of it, or another such file.
    private func keepFilesApart() throws(UsageError) {
        var others = [("the notebook", notebook)] + (resultPath.map { [("the result", $0)] } ?? [])
        for (option, path) in [("--status", background.status), ("--log", background.log), ("--events", events)] {
            // What is no file, such as /dev/null, may be for several.
            var status = stat()
            guard let path, unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else { continue }
            if let other = others.first(where: { $0.1 == path || LocalFile.isSame($0.1, path) }) {
                throw UsageError("\(option) \(path): that is \(other.0); name another file")
            }
            others.append(("the file of \(option)", path))
        }
    }
}

extension ExecuteArguments {
    /// Where the result goes, as a path; nil for standard output and for the notebook's own place.
    var resultPath: String? {
        let folder = notebook.lastIndex(of: "/").map { String(notebook[...$0]) } ?? ""
        let base = notebook == "-" ? "notebook.ipynb" : String(notebook.dropFirst(folder.count))
        let stem = base.hasSuffix(".ipynb") ? String(base.dropLast(6)) : base
        switch result {
        case .standardOutput, .inPlace: return nil
        case .beside: return folder + stem + (dialect == .nbconvert ? ".nbconvert.ipynb" : ".executed.ipynb")
        case .folder(let path): return path + (path.hasSuffix("/") ? "" : "/") + base
        case .file(let path): return path.replacing("{notebook_name}", with: stem)
        }
    }
}

extension ExecuteArguments {
    static let help = """
        Usage: galley execute [options] NOTEBOOK         ('-' is standard input)

        Result  --inplace             into the notebook itself, saved along the way
                --output FILE, --output-dir DIR, --stdout
                                      elsewhere; else NAME.executed.ipynb beside it
                --no-timing, --record leave out when cells ran; keep how the run went
                --max-output 10MB     of each cell, the rest is counted and cut
                --collapse-progress   keep of a progress bar what a terminal shows
        Kernel  --kernel NAME         or the path of a Python environment
                --kernel-fallback     else the only one of the notebook's language
                --cwd DIR, --env K=V  its folder (the notebook's), its variables
                --answer TEXT         to the next question that input() asks
                --leave-children      let what it started live on
        Time    --timeout T, --total-timeout T, --idle-timeout T, --startup-timeout T
                                      of a cell, the run, silence, the kernel's start:
                                      600 (seconds), 90s, 10m, 1h30m or none
                --on-timeout stop|interrupt     end the run, or run the next cell
                --grace 10s           until a kernel that is deaf is killed
        Cells   --allow-errors, --allow-error NAME     go on after errors
                --start-at CELL, --stop-after CELL     a number, a tag or an id
        Output  --stream, --quiet     show what cells print; say only what is wrong
                --events FILE         what happens, as JSON lines
        More    --detach, --log, --status, --then, --as-user: galley help background
        """
}
