import GalleyFlags
import Glibc
import GalleyJSON
import GalleyLocalKernels
import GalleyNotebook
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The command `galley clean`, which removes outputs from notebooks.
struct CleanCommand: Sendable {
    private var paths: [String] = []
    /// The file that each path must lead to, for paths that other users can change.
    private var only: [PathKey: LocalFile.Identity] = [:]
    private var isInPlace = false
    private var remains = UnvalidatedNotebook.RunTraces.outputs

    static let command = Command<CleanCommand>(
        CommandDescription(
            "clean", "Remove the outputs and execution counts of notebooks",
            usage: ["[--all] NOTEBOOK", "[--all] --inplace NOTEBOOK ..."],
            details: [
                "Nothing else in the file changes. The clean notebook goes to standard output unless you use "
                    + "`--inplace`. Standard input is `-`.",
                "To keep outputs out of a git repository, use it as a filter:",
                """
                    git config filter.galley.clean "galley clean -"
                    git config filter.galley.required true
                    echo '*.ipynb filter=galley' >> .gitattributes
                """,
            ],
            operand: .notebook,
            examples: [("galley clean --inplace report.ipynb", "remove the outputs from a notebook")],
            exitStatus: "0 if every notebook is clean; 3 if one could not be read or written.", topics: ["git"]),
        of: "galley",
        [
            Flag("--inplace", in: .result, "Write the clean notebook into the file") { $0.isInPlace = true },
            Flag(
                "--all", in: .result,
                "Also remove when cells ran, the state of widgets, and the record of the run"
            ) { $0.remains = .everything },
        ])

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let operands = try Self.command.parse(arguments, into: &self) else { return nil }
        paths = operands
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley clean --help'") }
        guard isInPlace || paths.count == 1 else {
            throw UsageError("several notebooks do not fit into standard output; use --inplace")
        }
        guard !isInPlace || !paths.contains("-") else {
            throw UsageError("standard input cannot be written in place; leave --inplace out")
        }
    }

    private init() {}

    /// Starts a process for each owner, if this process is root's, and returns in each of them with the owner's
    /// notebooks.
    ///
    /// - Important: The process must have only one thread.
    func forkPerOwner() -> CleanCommand {
        guard geteuid() == 0 else { return self }
        var part = self
        var parts: [FileOwner?: [String]] = [:]
        for path in paths {
            let owner = path == "-" ? NotebookOwner.ofStandardInput : NotebookOwner(of: path)
            if path == "-", owner == .none {
                Terminal.reportProblem("galley: -: any user can write to standard input, so root does not read it")
                exit(ExitStatus.storage)
            }
            if case .user(let owner, let only) = owner {
                part.only[PathKey(path)] = only
                parts[FileOwner(user: owner.user, group: owner.group), default: []].append(path)
            } else {
                parts[nil, default: []].append(path)
            }
        }
        guard parts.keys.contains(where: { $0 != nil }) else { return self }
        var worst = ExitStatus.success
        for (owner, paths) in parts {
            part.paths = paths
            do throws(Errno) {
                if let child = try ChildProcess.make(hasOwnProcessGroup: false) {
                    let end = ChildProcess.waitForExit(
                        of: [child], forwarding: Signals.ending,
                        within: ChildProcess.Limits(whole: .seconds(600), ending: .seconds(15)))[0].status
                    let status = end < 0 ? ExitStatus.signal(-end) : end
                    if ExitStatus.isWorse(status, than: worst) { worst = status }
                    continue
                }
                if let owner { try UserSwitch.of(Account.owning(owner)).become() }
                return part
            } catch {
                let name = owner.map { Account.name(of: $0.user) } ?? "root"
                Terminal.reportProblem("galley: no process can be made that runs as \(name): \(error)")
                exit(ExitStatus.noKernel)
            }
        }
        exit(worst)
    }

    /// Cleans the notebooks, and returns the exit status.
    func run() async -> Int32 {
        var status = ExitStatus.success
        for path in paths {
            if geteuid() == 0, path != "-", NotebookOwner(of: path) != .root {
                Terminal.reportProblem("galley: \(StorageError.changeable(path: path))")
                status = ExitStatus.storage
                continue
            }
            do {
                try await clean(path)
            } catch {
                Terminal.reportProblem("galley: \(error is NotebookError ? "\(path): " : "")\(error)")
                status = ExitStatus.storage
            }
        }
        return status
    }

    private func clean(_ path: String) async throws {
        let file = path == "-" ? nil : LocalFile(path, reading: LocalFile.ReadRestrictions(only: only[PathKey(path)]))
        let source: any NotebookStore = file ?? StandardStreams()
        if isInPlace { try await source.lock() }
        let bytes = try await source.read()
        for warning in await file?.takeWarnings() ?? [] { Terminal.reportProblem("galley: \(warning)") }
        // Git also filters empty files, which have no outputs.
        if bytes.isEmpty { return }
        let text = try UnvalidatedNotebook(parsing: bytes).removing(remains)
        if !isInPlace { return _ = try await StandardStreams().write(text) }
        // A clean file is not written.
        guard text.count != bytes.count || Array(text.bytes) != bytes else { return }
        if case .conflict(let other) = try await source.write(text) {
            Terminal.reportProblem(
                "galley: another program has changed \(path) meanwhile; the clean notebook is in \(other)")
        }
    }
}
