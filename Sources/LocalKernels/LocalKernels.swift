import Glibc
public import GalleyJupyterProtocol

/// The kernels of this machine: each is a process that Galley starts for one request, and ends afterwards.
public struct LocalKernels: KernelProvider {
    /// What lists call it.
    public let name = "local"
    /// What a login sets of the user that this process has become; nil if it has become none.
    package var loginEnvironment: LoginEnvironmentCache?
    /// How messages travel.
    package var transport = KernelOptions.Transport.automatic
    /// How kernels are ended.
    package var shutdownSteps = ShutdownStep.graceful

    /// Finds kernels where a program with the variables of this process would.
    public init() {}

    /// All of them.
    public var features: Set<KernelFeature> { Set(KernelFeature.allCases) }

    /// What the system's memory leaves.
    public var capacity: KernelCapacity { KernelCapacity(availableMemory: SystemResources.availableMemory) }

    /// Lists the kernels that are installed here, by their names.
    @concurrent
    public func kernels() async -> [KernelDescription] {
        KernelFinder(environment: await environment(for: KernelRequest()).variables).all().map { spec in
            let program = spec.program()
            return KernelDescription(
                name: spec.name, displayName: spec.displayName, language: spec.language, location: spec.folder,
                program: program, interruptMode: spec.interruptMode.rawValue,
                problem: program == nil ? "its program \(spec.arguments.first ?? "") does not exist" : nil)
        }.sorted { $0.name < $1.name }
    }

    /// Starts a kernel, hands it to `body`, and ends it, with everything that it started, however `body` is left.
    ///
    /// - Throws: ``KernelError`` if there is no such kernel or it does not start, and any error of `body`.
    public func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        let (spec, options) = try await choose(request)
        // A choice that was cut short may be incomplete.
        try Task.checkCancellation()
        if let securityWarning = spec.securityWarning(options) { request.warn(securityWarning) }
        return try await GalleyLocalKernels.withKernel(spec, options: options) { try await body($0) }
    }

    /// Removes what a kernel of this user's has left that was kept and has ended, if its keepers could not do it.
    package static func removeLeftovers(of kernel: KeptKernel) {
        RuntimeFolder.removeLeftovers(ofConnectionFile: kernel.connectionFile)
    }

    /// Chooses the kernel, and how it is started.
    @concurrent
    func choose(_ request: KernelRequest) async throws(KernelError) -> (KernelSpec, KernelOptions) {
        try request.checkUser()
        let (variables, isComplete) = await environment(for: request)
        var options = KernelOptions(environment: variables)
        options.workingDirectory = request.workingDirectory ?? request.notebookDirectory
        options.extraArguments = request.arguments
        options.startTimeout = request.startTimeout
        (options.transport, options.shutdownSteps) = (transport, shutdownSteps)
        options.limits = request.resources
        options.leavesChildren = request.leavesChildren
        options.hasOwnTemporaryFolder = request.hasTemporaryDirectory
        options.isKeepable = request.keepsKernel != .never
        if let warning = request.rootsRightsWarning { request.warn(warning) }
        if let loginEnvironment, !isComplete {
            request.warn(
                "the login shell of \(loginEnvironment.account.name) did not answer; the kernel runs without what it would have set"
            )
        }
        return (try find(request, KernelFinder(environment: variables, ownerHome: request.homeForRoot)), options)
    }

    /// The variables of a kernel; complete unless a login shell did not answer.
    private func environment(
        for request: KernelRequest
    ) async -> (variables: [String: String], isComplete: Bool) {
        guard request.inheritsEnvironment else { return (request.environment, true) }
        var variables: [String: String]
        var isComplete = true
        if let loginEnvironment {
            let own = await loginEnvironment.environment()
            isComplete = own != nil
            variables = own ?? loginEnvironment.account.environment(insteadOf: loginEnvironment.caller, login: [:])
        } else {
            variables = currentEnvironment()
        }
        return (variables.merging(request.environment) { $1 }, isComplete)
    }

    /// Finds the kernel that was chosen, or the one that the notebook names.
    private func find(_ request: KernelRequest, _ finder: KernelFinder) throws(KernelError) -> KernelSpec {
        if let kernel = request.kernel { return try finder.find(kernel) }
        let wanted = request.notebook
        guard !wanted.isNameless else { throw .nameless }
        guard let name = wanted.name else {
            // A notebook that names neither a kernel nor a language is Python's.
            if let only = wanted.language.flatMap({ finder.onlyKernel(of: $0) }) { return only }
            return try finder.find("python3")
        }
        do throws(KernelError) {
            return try finder.find(name, mayBePath: false)
        } catch {
            guard case .notFound = error, request.allowsFallback, let language = wanted.language,
                let only = finder.onlyKernel(of: language)
            else { throw error }
            request.warn("kernel '\(name)' is not here; '\(only.name)', the only one for \(language), takes its place")
            return only
        }
    }
}

extension KernelRequest {
    /// Makes sure that the notebook may run as the user that this process runs as, which it cannot change.
    func checkUser() throws(KernelError) {
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
        if !owner.isSafeFromOtherUsers { throw .changeable }
    }

    /// Whether root's rights were chosen for a notebook that other users can change.
    private var takesRootsRights: Bool {
        user == .caller && geteuid() == 0 && owner.map { $0.user != 0 || !$0.isSafeFromOtherUsers } ?? false
    }

    /// Root looks in the environments of the notebook's owner only where root's rights were chosen.
    var homeForRoot: String? { takesRootsRights ? owner.flatMap { Account(id: $0.user)?.home } : nil }

    /// What the user has to know of root's rights.
    var rootsRightsWarning: String? {
        guard takesRootsRights, let owner else { return nil }
        return "the kernel runs with root's rights, as was asked for; the notebook belongs to "
            + Account.name(of: owner.user)
            + (owner.user == 0 ? ", but another user can change where its path leads" : "")
    }
}
