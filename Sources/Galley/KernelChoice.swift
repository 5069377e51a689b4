import Glibc
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage

/// The kernel that a notebook is run in: which, as whom, in what surroundings.
struct KernelChoice {
    var spec: KernelSpec
    var launch: KernelOptions
    /// Warnings about the choice, for the user.
    var warnings: [String] = []

    /// The user that it runs as.
    var user: String { Account.caller }
}

extension Options {
    /// Finds out how the kernel for a notebook is started.
    func start(for wanted: WantedKernel, of owner: FileOwner? = nil) async throws -> KernelStart {
        if let startKernel { return .own(startKernel, wanted) }
        let choice = try await chooseKernel(for: wanted, of: owner)
        // A choice that was cut short may be incomplete.
        try Task.checkCancellation()
        return .local(choice)
    }

    /// Chooses the kernel for a notebook that belongs to `owner`.
    @concurrent
    func chooseKernel(for wanted: WantedKernel, of owner: FileOwner?) async throws(KernelError) -> KernelChoice {
        try checkUser(owner)
        var launch = launch
        var warnings: [String] = []
        if let login {
            let caller = login.caller
            // What differs from the caller's own variables was set on purpose.
            let added = launch.environment.filter { caller[$0.key] != $0.value }
            if let own = await login.environment() {
                launch.environment = own.merging(added) { $1 }
            } else {
                warnings.append(
                    "the login shell of \(login.account.name) did not answer; the kernel runs without what it would have set"
                )
                launch.environment = login.account.environment(insteadOf: caller, login: [:]).merging(added) { $1 }
            }
        }
        // Root looks in the environments of the notebook's owner only where root's rights were chosen.
        let isRootsChoice =
            user == .caller && geteuid() == 0 && owner.map { $0.user != 0 || !$0.isSafeForRoot } ?? false
        let home = isRootsChoice ? owner.flatMap { Account(id: $0.user)?.home } : nil
        let finder = KernelFinder(environment: launch.environment, ownerHome: home)
        let (spec, warning) = try findKernel(for: wanted, by: finder)
        if isRootsChoice, let owner {
            warnings.insert(
                "the kernel runs with root's rights, as was asked for; the notebook belongs to "
                    + Account.name(of: owner.user)
                    + (owner.user == 0 ? ", but another user can change where its path leads" : ""), at: 0)
        }
        if let warning { warnings.append(warning) }
        return KernelChoice(spec: spec, launch: launch, warnings: warnings)
    }

    /// Makes sure that the notebook may run as the user that this process runs as, which it cannot change.
    private func checkUser(_ owner: FileOwner?) throws(KernelError) {
        let reason = "this process runs as \(Account.caller)"
        switch user {
        case .caller: return
        case .named(let name):
            guard let account = Account(named: name) else { throw .noAccount(name) }
            if account.id != geteuid() { throw .notAllowedToBecome(account.name, reason: reason) }
        case .owner:
            guard let owner else { throw .noOwner }
            let name = Account.name(of: owner.user)
            if owner.user != geteuid(), geteuid() != 0 { throw .notAllowedToBecome(name, reason: reason) }
        case .automatic: break
        }
        guard geteuid() == 0, let owner else { return }
        if owner.user != 0 { throw .ownedByAnother(user: Account.name(of: owner.user)) }
        if !owner.isSafeForRoot { throw .changeable }
    }

    /// Finds the kernel for a notebook.
    ///
    /// - Returns: The kernel, and a warning about the choice for the user.
    private func findKernel(
        for wanted: WantedKernel, by finder: KernelFinder
    ) throws(KernelError) -> (spec: KernelSpec, warning: String?) {
        if let kernel { return (try finder.find(kernel), nil) }
        guard !wanted.isNameless else { throw .nameless }
        guard let name = wanted.name else {
            if let only = wanted.language.flatMap({ finder.onlyKernel(of: $0) }) { return (only, nil) }
            // A notebook that names neither a kernel nor a language is Python's.
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
