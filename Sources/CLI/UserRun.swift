import GalleyFlags
import Galley
import Glibc
import GalleyLocalKernels
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The part of a run that one process executes as one user.
struct UserRun: Sendable {
    private(set) var arguments: ExecuteArguments
    private(set) var paths: RunPaths
    /// The user that the process becomes; nil if it stays the current user.
    let account: Account?
    /// The environment of this process before it becomes the user.
    private let callerEnvironment = currentEnvironment()
    /// A home folder for a user without an account, created for the run and removed after it.
    let temporaryHome: String?
    /// Whether other users run other parts of the run.
    private let hasOtherUsers: Bool

    private init(_ arguments: ExecuteArguments, as account: Account? = nil, hasOtherUsers: Bool = false) {
        (self.arguments, self.hasOtherUsers) = (arguments, hasOtherUsers)
        paths = RunPaths(arguments)
        self.account = account
        temporaryHome = account.flatMap { Account(id: $0.id) == nil ? $0.home : nil }
    }

    /// Divides a run into one part per user. Root runs no notebook of another user itself.
    ///
    /// - Throws: `KernelError` for an unknown user; `UsageError` if the parts would share an output file.
    static func all(of arguments: ExecuteArguments) throws -> [UserRun] {
        let userRuns = try divide(arguments)
        for userRun in userRuns { userRun.paths.prepare() }
        return userRuns
    }

    private static func divide(_ arguments: ExecuteArguments) throws -> [UserRun] {
        guard arguments.assignsUsers else { return [UserRun(arguments)] }
        var named: Account?
        if case .named(let name) = arguments.options.user, name != "root", name != "0" {
            guard
                let account = Account(named: name)
                    ?? UInt32(name).map({ Account.owning(FileOwner(user: $0, group: $0)) })
            else {
                throw KernelError.noAccount(name)
            }
            // Another name for the user ID 0 does not give root's rights.
            if account.id != 0 { named = account }
        }
        var owners: [FileOwner?] = []
        var parts: [UInt32: (tasks: [NotebookTask], deferred: [TaskList.Deferred])] = [:]
        func add(_ owner: FileOwner?, _ task: NotebookTask?, _ deferred: TaskList.Deferred?) {
            let user = named?.id ?? owner?.user ?? 0
            if parts[user] == nil { owners.append(user == 0 ? nil : owner ?? FileOwner(user: user, group: user)) }
            parts[user, default: ([], [])].tasks += task.map { [$0] } ?? []
            parts[user, default: ([], [])].deferred += deferred.map { [$0] } ?? []
        }
        for var task in arguments.tasks {
            if named == nil, case .user(let owner, let only) = task.owner {
                task.only = only
                add(owner, task, nil)
            } else {
                if let named { task.assign(to: FileOwner(user: named.id, group: named.group)) }
                add(nil, task, nil)
            }
        }
        for deferred in arguments.deferred { add(deferred.owner, nil, deferred) }
        if parts.isEmpty { add(nil, nil, nil) }
        if owners.count > 1 { try checkFiles(of: arguments, owners) }
        return owners.map { owner in
            let user = named?.id ?? owner?.user ?? 0
            var part = arguments
            part.take(parts[user]?.tasks ?? [], parts[user]?.deferred ?? [])
            if owners.count > 1 { part.batch.concurrency = max(1, part.concurrency / owners.count) }
            return UserRun(part, as: named ?? owner.map { Account.owning($0) }, hasOtherUsers: owners.count > 1)
        }
    }

    /// Refuses an output file that would show each user the outputs of the others.
    private static func checkFiles(of arguments: ExecuteArguments, _ owners: [FileOwner?]) throws(UsageError) {
        let names = owners.map { Account.name(of: $0?.user ?? 0) }.joined(separator: " and ")
        // The supervisor writes a log among root's files, and only root reads it.
        let log = arguments.background.log.flatMap { LocalFile.isInRootsFolder($0) ? nil : ("--log", $0) }
        let lines = arguments.events.map { ("--events", $0) } ?? log
        let file =
            arguments.background.status.map { ("--status", $0) }
            ?? arguments.batch.reports.first.map { ($0.kind.rawValue, $0.path) } ?? lines
        guard let (option, path) = file else { return }
        throw UsageError(
            "\(option) \(path): the notebooks belong to \(names), and one file would show each user the others' "
                + "outputs; run them one owner at a time, or with --as-caller")
    }

    /// Whether all users may read the notebooks, and so their results.
    private var isForAll: Bool {
        arguments.deferred.isEmpty
            && arguments.tasks.allSatisfy { task in
                guard case .user(let owner, _) = task.owner else { return false }
                return owner.mode & 0o004 != 0
            }
    }

    /// The files that the supervisor writes for the process of this part.
    var rootOwnedFiles: RootOwnedFiles {
        var files: [(path: String, use: RootOwnedFiles.Use)] = paths.statusCopies.map {
            ($0.path, .document(mode: $0.mode, group: $0.group))
        }
        let mode: UInt32 = hasOtherUsers || !isForAll ? 0o600 : 0o666
        if let log = paths.log { files.append((log, .lines(isNew: false, mode: mode))) }
        if let events = arguments.events { files.append((events, .lines(isNew: true, mode: mode))) }
        files += arguments.batch.reports.filter { $0.path != "-" && !NotebookLocation($0.path).isRemote }.map {
            ($0.path, .document(mode: 0o666 & ~LocalFile.creationMask, group: nil))
        }
        for task in arguments.tasks {
            guard let account, let path = arguments.outputPath(of: task), !NotebookLocation(path).isRemote else {
                continue
            }
            var owner = FileOwner(user: account.id, group: account.group, mode: 0o600)
            if case .user(let own, _) = task.owner, own.user == account.id { owner = own }
            files.append((path, .notebook(owner)))
        }
        return RootOwnedFiles(files)
    }

    /// Makes this process the user's permanently, and lets it end with its supervisor.
    func become(supervisedBy supervisor: ProcessIdentity) throws(Errno) {
        guard let account else { return }
        try UserSwitch.of(account).become()
        ChildProcess.terminateWithParent(of: supervisor)
        if let temporaryHome { try LocalFile.makePrivateFolder(temporaryHome) }
    }

    /// Looks up deferred arguments and files, which only the process that runs the notebooks may read.
    ///
    /// - Throws: `UsageError`, and any error of a storage provider that cannot list a folder.
    mutating func prepare(_ supervisor: SupervisorLink?) throws {
        if temporaryHome != nil, arguments.options.keepsKernel != .never {
            throw UsageError(
                "the kernel cannot be kept: the owner of \(paths.notebook) has no account, and the temporary home is "
                    + "removed after the run; leave --keep-kernel out")
        }
        if let supervisor { paths.process = supervisor.process }
        guard arguments.isUserRun || !arguments.deferred.isEmpty || arguments.hasRemoteInputs else { return }
        if let account {
            let environment = LoginEnvironmentCache(account, insteadOf: callerEnvironment)
            arguments.localKernels.loginEnvironment = environment
            // The credentials are the user's own.
            let login = arguments.usesStores ? try waitForTask { await environment.environment() } : nil
            arguments.stores = Rooms.stores(
                login ?? account.environment(insteadOf: callerEnvironment, login: [:]))
        }
        let isNewlyKnown = arguments.hasRemoteInputs
        try arguments.readRemoteInputs()
        try arguments.findDeferred()
        try arguments.complete()
        if isNewlyKnown { paths.update(for: arguments) }
    }
}

extension Account {
    /// Returns the account of a file's owner. An owner without an account gets the group of the file and a temporary
    /// home.
    ///
    /// A group that the system knows has rights, and a file can inherit it from its folder although the owner is no
    /// member. An owner without an account therefore does not get such a group.
    static func owning(_ owner: FileOwner) -> Account {
        if let account = Account(id: owner.user) { return account }
        let unprivilegedGroup = isGroup(owner.user) ? 65534 : owner.user
        let word = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return Account(
            number: owner.user, group: owner.group == 0 || isGroup(owner.group) ? unprivilegedGroup : owner.group,
            home: "/tmp/galley-home-\(word)")
    }
}

extension UserSwitch {
    static func of(_ account: Account) -> UserSwitch {
        UserSwitch(user: account.id, group: account.group, groups: account.groups)
    }
}
