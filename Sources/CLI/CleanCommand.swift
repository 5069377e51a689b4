import GalleyFlags
import Glibc
import GalleyJSON
import GalleyLocalKernels
import GalleyNotebook
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// `galley clean`: takes out of notebooks what runs have left in them, as git wants it.
struct CleanCommand: Sendable {
    private var paths: [String]
    /// The only files that paths may lead to which other users can change.
    private var only: [PathKey: LocalFile.Identity] = [:]
    private let isInPlace: Bool
    private let remains: UnvalidatedNotebook.RunTraces

    private static let options = ["--inplace", "--all"]

    init(_ arguments: [String]) throws(UsageError) {
        let options = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("-") && $0 != "-" }
        for option in options where !Self.options.contains(option) {
            throw UsageError(unknown: "option of clean", option, known: Self.options, help: "galley clean --help")
        }
        let literal = arguments.drop { $0 != "--" }.dropFirst()
        paths = arguments.prefix { $0 != "--" }.filter { !options.contains($0) } + literal
        isInPlace = options.contains("--inplace")
        remains = options.contains("--all") ? .everything : .outputs
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley clean --help'") }
        guard isInPlace || paths.count == 1 else {
            throw UsageError("several notebooks do not fit into standard output; use --inplace")
        }
        guard !isInPlace || !paths.contains("-") else {
            throw UsageError("standard input cannot be written in place; leave --inplace out")
        }
    }

    /// Has a process of each owner do its part, where this one is root's, and returns in them; this process may have no
    /// other thread.
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

    /// Does it, and returns the status to end with.
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
        // An empty file holds nothing to be removed, and git asks about it too.
        if bytes.isEmpty { return }
        let text = try UnvalidatedNotebook(parsing: bytes).removing(remains)
        if !isInPlace { return _ = try await StandardStreams().write(text) }
        // What is clean is not touched.
        guard text.count != bytes.count || Array(text.bytes) != bytes else { return }
        if case .conflict(let other) = try await source.write(text) {
            Terminal.reportProblem(
                "galley: somebody else has changed \(path) meanwhile; the clean notebook is in \(other)")
        }
    }

    static let help = """
        Usage: galley clean [--all] NOTEBOOK            to standard output
               galley clean [--all] --inplace NOTEBOOK ...

        Removes the outputs and execution counts of a notebook ('-' is standard input),
        and touches nothing else.

          --all    removes all that a run leaves: also when cells ran, the state of
                   widgets, and what --record has kept

        As a filter of git's, so that outputs never get into a repository:

          git config filter.galley.clean "galley clean -"
          git config filter.galley.required true
          echo '*.ipynb filter=galley' >> .gitattributes
        """
}
