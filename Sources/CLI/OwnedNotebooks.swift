import Glibc
import Galley
import GalleyFlags
import GalleyLocalKernels
import GalleyNotebook
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The notebooks of a command that needs no kernel, which root handles in processes of their owners.
struct OwnedNotebooks: Sendable {
    /// The paths, or `-` for standard input.
    private(set) var paths: [String]
    /// The file that each path must lead to, for paths that other users can change.
    private var only: [PathKey: LocalFile.Identity] = [:]

    /// The providers of notebooks in stores and on the web.
    private let stores = Rooms.stores(currentEnvironment())

    init(_ paths: [String]) { self.paths = paths }

    /// Refuses locations that no storage provider opens.
    func checkLocations() throws(UsageError) {
        for path in paths where NotebookLocation(path).isRemote {
            try Rooms.check(NotebookLocation(path), hasServer: false)
        }
    }

    /// Returns the store of a notebook.
    func store(_ path: String) throws -> any NotebookStore {
        if path == "-" { return StandardStreams() }
        let location = NotebookLocation(path)
        if location.isRemote { return try stores.provider(of: location).store(at: location) }
        return LocalFile(path, reading: LocalFile.ReadRestrictions(only: only[PathKey(path)]))
    }

    /// Returns the provider of files at a location that is not local.
    func files(at location: NotebookLocation) throws -> any FileStorage { try stores.files(at: location) }

    /// Starts a process for each owner, if this process is root's, and returns in each of them with the owner's
    /// notebooks.
    ///
    /// - Important: The process must have only one thread.
    func forkPerOwner() -> OwnedNotebooks {
        guard geteuid() == 0 else { return self }
        var part = self
        var parts: [FileOwner?: [String]] = [:]
        for path in paths {
            // A notebook in a store has no owner here; the default is root.
            let isRemote = NotebookLocation(path).isRemote
            let owner =
                path == "-" ? NotebookOwner.ofStandardInput : isRemote ? .root : NotebookOwner(of: path)
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

    /// Calls `body` for each notebook, reports its errors, and returns the exit status.
    func forEach(_ body: (_ path: String) async throws -> Void) async -> Int32 {
        var status = ExitStatus.success
        for path in paths {
            let isRemote = NotebookLocation(path).isRemote
            if geteuid() == 0, path != "-", !isRemote, NotebookOwner(of: path) != .root {
                Terminal.reportProblem("galley: \(StorageError.changeable(path: path))")
                status = ExitStatus.storage
                continue
            }
            do {
                try await body(path)
            } catch {
                let name = NotebookLocation(path).shown
                let reason = (error as? NotebookError)?.withHint ?? "\(error)"
                let isNamed = error is StorageError || isRemote && reason.contains(name)
                Terminal.reportProblem("galley: \(isNamed ? "" : "\(name): ")\(reason)")
                status = ExitStatus.storage
            }
        }
        return status
    }
}
