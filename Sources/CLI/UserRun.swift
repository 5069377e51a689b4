import GalleyFlags
import Galley
import Glibc
import GalleyLocalKernels
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The part of a run that one user's process does.
struct UserRun: Sendable {
    private(set) var arguments: ExecuteArguments
    private(set) var paths: RunPaths
    /// The user that the process becomes; nil for the one that this process runs as.
    let account: Account?
    /// The variables of this process before it becomes the user.
    private let callerEnvironment = currentEnvironment()
    /// A folder that is made as the home of a user who has none, and removed in the end.
    let temporaryHome: String?
    /// Whether other parts of the run are other users'.
    private let isShared: Bool

    private init(_ arguments: ExecuteArguments, as account: Account? = nil, isShared: Bool = false) {
        (self.arguments, self.isShared) = (arguments, isShared)
        paths = RunPaths(arguments)
        self.account = account
        temporaryHome = account.flatMap { Account(id: $0.id) == nil ? $0.home : nil }
    }

    /// Divides a run by the users whose notebooks it is to run: root runs nothing for another user.
    ///
    /// - Throws: `KernelError` where a user was named that there is not; `UsageError` where the parts cannot share a file.
    static func all(of arguments: ExecuteArguments) throws -> [UserRun] {
        let shares = try divide(arguments)
        for share in shares { share.paths.prepare() }
        return shares
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
            // Another name of root is not a way to root's rights.
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
            return UserRun(part, as: named ?? owner.map { Account.owning($0) }, isShared: owners.count > 1)
        }
    }

    /// Refuses files that would tell each of the users of the notebooks of the others.
    private static func checkFiles(of arguments: ExecuteArguments, _ owners: [FileOwner?]) throws(UsageError) {
        let names = owners.map { Account.name(of: $0?.user ?? 0) }.joined(separator: " and ")
        // A log among root's files is written by the supervisor, and root alone reads it.
        let log = arguments.background.log.flatMap { LocalFile.isInRootsFolder($0) ? nil : ("--log", $0) }
        let lines = arguments.events.map { ("--events", $0) } ?? log
        let file =
            arguments.background.status.map { ("--status", $0) }
            ?? arguments.batch.reports.first.map { ($0.kind.rawValue, $0.path) } ?? lines
        guard let (option, path) = file else { return }
        throw UsageError(
            "\(option) \(path): the notebooks belong to \(names), and one file would tell each of the others' outputs; "
                + "run them one owner at a time, or with --as-caller")
    }

    /// Whether all users may read the notebooks, and what comes of them.
    private var isForAll: Bool {
        arguments.deferred.isEmpty
            && arguments.tasks.allSatisfy { task in
                guard case .user(let owner, _) = task.owner else { return false }
                return owner.mode & 0o004 != 0
            }
    }

    /// The files of this part that the supervisor writes for its process.
    var rootOwnedFiles: RootOwnedFiles {
        var files: [(path: String, use: RootOwnedFiles.Use)] = paths.statusCopies.map {
            ($0.path, .document(mode: $0.mode, group: $0.group))
        }
        let mode: UInt32 = isShared || !isForAll ? 0o600 : 0o666
        if let log = paths.log { files.append((log, .lines(isNew: false, mode: mode))) }
        if let events = arguments.events { files.append((events, .lines(isNew: true, mode: mode))) }
        let mask = umask(0)
        umask(mask)
        files += arguments.batch.reports.filter { $0.path != "-" }.map {
            ($0.path, .document(mode: 0o666 & ~UInt32(mask), group: nil))
        }
        for task in arguments.tasks {
            guard let account, let path = arguments.outputPath(of: task) else { continue }
            var owner = FileOwner(user: account.id, group: account.group, mode: 0o600)
            if case .user(let own, _) = task.owner, own.user == account.id { owner = own }
            files.append((path, .notebook(owner)))
        }
        return RootOwnedFiles(files)
    }

    /// Becomes the user, for good.
    func become(supervisedBy supervisor: ProcessIdentity) throws(Errno) {
        guard let account else { return }
        try UserSwitch.of(account).become()
        ChildProcess.terminateWithParent(of: supervisor)
        if let temporaryHome { try LocalFile.makePrivateFolder(temporaryHome) }
    }

    /// Looks up what only the process that runs the notebooks may look into.
    mutating func prepare(_ supervisor: SupervisorLink?) throws(UsageError) {
        if temporaryHome != nil, arguments.options.keepsKernel != .never {
            throw UsageError(
                "the owner of \(paths.notebook) has no account, and a home only for as long as the run takes: "
                    + "the kernel cannot be kept")
        }
        if let supervisor { paths.process = supervisor.process }
        guard arguments.isUserRun else { return }
        try arguments.findDeferred()
        try arguments.complete()
        if let account {
            arguments.localKernels.loginEnvironment = LoginEnvironmentCache(account, insteadOf: callerEnvironment)
        }
    }
}

extension Account {
    /// The user who owns a file: without an account, one who has the group of the file and a home for as long as the run takes.
    ///
    /// A group that the machine knows has rights. A file can have it without its owner being in it, from its folder, so a
    /// number is not given such a group.
    static func owning(_ owner: FileOwner) -> Account {
        if let account = Account(id: owner.user) { return account }
        let nobodys = isGroup(owner.user) ? 65534 : owner.user
        let word = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return Account(
            number: owner.user, group: owner.group == 0 || isGroup(owner.group) ? nobodys : owner.group,
            home: "/tmp/galley-home-\(word)")
    }
}

extension UserSwitch {
    static func of(_ account: Account) -> UserSwitch {
        UserSwitch(user: account.id, group: account.group, groups: account.groups)
    }
}
