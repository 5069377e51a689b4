import Glibc
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage

/// The kernel that a notebook is run in: which, as whom, in what surroundings.
struct KernelChoice {
    var spec: KernelSpec
    var launch: KernelOptions
    /// What somebody should know about the choice.
    var warnings: [String] = []

    /// The name of the user that it runs as, or the number of one without a name.
    var user: String { launch.account?.name ?? Self.caller }

    static var caller: String { Account.current?.name ?? "user \(geteuid())" }
}

extension Options {
    /// Finds out how the kernel for a notebook is started.
    func start(for wanted: WantedKernel, of owner: FileOwner? = nil) async throws -> KernelStart {
        if let startKernel { return .own(startKernel, wanted) }
        let choice = try await chooseKernel(for: wanted, of: owner)
        // What was not waited for may be missing in it.
        try Task.checkCancellation()
        return .local(choice)
    }

    /// Chooses the kernel for a notebook that belongs to `owner`.
    @concurrent
    func chooseKernel(for wanted: WantedKernel, of owner: FileOwner?) async throws(KernelError) -> KernelChoice {
        switch user {
        case .caller: return try callersKernel(for: wanted, home: owner.flatMap { Account(id: $0.user)?.home })
        case .named(let name):
            guard let account = Account(named: name) else { throw .noAccount(name) }
            return try await kernel(for: wanted, as: account)
        case .owner:
            guard let owner else { throw .noOwner }
            guard let account = Account(id: owner.user) else { throw .noAccount("\(owner.user)") }
            return try await kernel(for: wanted, as: account)
        case .automatic:
            guard geteuid() == 0, let owner, owner.user != 0 else { return try callersKernel(for: wanted) }
            guard let account = Account(id: owner.user) else {
                return try callersKernel(
                    for: wanted,
                    insteadOf: "the notebook belongs to number \(owner.user), who is no user of this machine")
            }
            do throws(KernelError) {
                return try await kernel(for: wanted, as: account)
            } catch {
                // Where it is not to be found in either place, it is missed in that of the notebook's owner.
                guard error.isRootsAffair, let choice = try? callersKernel(for: wanted, insteadOf: error.reason) else {
                    throw error
                }
                return choice
            }
        }
    }

    /// Chooses the kernel that runs as whoever runs this process because it cannot run as somebody else.
    private func callersKernel(for wanted: WantedKernel, insteadOf reason: String) throws(KernelError) -> KernelChoice {
        var choice = try callersKernel(for: wanted)
        choice.warnings.append("the kernel runs as \(KernelChoice.caller): \(reason)")
        return choice
    }

    /// Chooses the kernel that runs as whoever runs this process.
    ///
    /// - Parameter home: The home of another user whose environments count too.
    private func callersKernel(for wanted: WantedKernel, home: String? = nil) throws(KernelError) -> KernelChoice {
        let (spec, warning) = try findKernel(
            for: wanted, by: KernelFinder(environment: launch.environment, ownerHome: home))
        return KernelChoice(spec: spec, launch: launch, warnings: warning.map { [$0] } ?? [])
    }

    /// Chooses the kernel that runs as `account`, which must be able to get at it.
    private func kernel(for wanted: WantedKernel, as account: Account) async throws(KernelError) -> KernelChoice {
        if account.id == geteuid() { return try callersKernel(for: wanted) }
        guard account.may(.enter, "/") != nil else {
            throw .notAllowedToBecome(account.name, reason: Errno(rawValue: EPERM).description)
        }
        let caller = currentEnvironment()
        let login = await account.loginEnvironment()
        // What differs from this process's own variables was set on purpose.
        let added = launch.environment.filter { caller[$0.key] != $0.value }
        var launch = launch
        launch.account = account
        launch.environment = account.environment(insteadOf: caller, login: login ?? [:]).merging(added) { $1 }
        let (spec, warning) = try findKernel(for: wanted, by: KernelFinder(environment: launch.environment))
        let places: [(Account.Access, String?)] = [
            (.enter, spec.folder), (.run, spec.program(environment: launch.environment)),
            (.enter, launch.workingFolder ?? "."),
        ]
        for (access, path) in places {
            guard let path, account.may(access, path) == false else { continue }
            throw .outOfReach(path, account: account.name, isRoots: account.isKeptOut(of: path))
        }
        let silence =
            "the login shell of \(account.name) did not answer; the kernel runs without what it would have set"
        return KernelChoice(
            spec: spec, launch: launch, warnings: [warning, login == nil ? silence : nil].compactMap(\.self))
    }

    /// Finds the kernel for a notebook.
    ///
    /// - Returns: The kernel, and what somebody should know about the choice.
    private func findKernel(
        for wanted: WantedKernel, by finder: KernelFinder
    ) throws(KernelError) -> (spec: KernelSpec, warning: String?) {
        if let kernel { return (try finder.find(kernel), nil) }
        guard !wanted.isNameless else { throw .nameless }
        guard let name = wanted.name else {
            if let only = wanted.language.flatMap({ finder.onlyKernel(of: $0) }) { return (only, nil) }
            // What nobody has said anything about is Python.
            return (try finder.find("python3"), nil)
        }
        do throws(KernelError) {
            return (try finder.find(name, mayBePath: false), nil)
        } catch {
            guard case .notFound = error, mayReplaceKernel, let language = wanted.language,
                let only = finder.onlyKernel(of: language)
            else { throw error }
            return (only, "kernel '\(name)' is not here; '\(only.name)', the only one for \(language), takes its place")
        }
    }
}

extension KernelError {
    /// Whether root has made it so that a kernel cannot run as another user. What the user has made so is no reason to run
    /// the user's notebook with root's powers.
    fileprivate var isRootsAffair: Bool {
        switch self {
        case .notFound, .notAllowedToBecome, .outOfReach(_, _, isRoots: true): true
        default: false
        }
    }

    /// What it is, in the middle of a sentence.
    fileprivate var reason: String {
        switch self {
        case .notFound(let name, _, _): "the notebook's owner has no kernel '\(name)'"
        case .outOfReach(let path, let account, _): "\(account) may not get at \(path)"
        default: "\(self)"
        }
    }
}
