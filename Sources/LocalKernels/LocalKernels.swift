import Glibc
public import GalleyJupyterProtocol

/// The kernels of this machine. Galley starts a process for each request and ends it afterward.
public struct LocalKernels: KernelProvider {
    /// The name of this provider in lists.
    public let name = "local"
    /// The login environment of the user that this process has become; nil if it has not changed its user.
    package var loginEnvironment: LoginEnvironmentCache?
    /// The transport of messages.
    package var transport = KernelOptions.Transport.automatic
    /// The steps that shut a kernel down.
    package var shutdownSteps = ShutdownStep.graceful

    /// Creates a provider that searches the folders that the environment of this process determines.
    public init() {}

    /// All features.
    public var features: Set<KernelFeature> { Set(KernelFeature.allCases) }

    /// The number of kernels is limited only by the available memory.
    public var capacity: KernelCapacity { KernelCapacity(availableMemory: SystemResources.availableMemory) }

    /// Returns the installed kernels, sorted by name.
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

    /// Starts a kernel, passes it to `body`, and ends it and all its descendants when `body` returns or throws.
    ///
    /// - Throws: ``KernelError`` if there is no such kernel or it does not start, and any error of `body`.
    public func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        let (spec, options) = try await choose(request)
        // If the task was canceled, the variables may be incomplete.
        try Task.checkCancellation()
        if let securityWarning = spec.securityWarning(options) { request.warn(securityWarning) }
        return try await GalleyLocalKernels.withKernel(spec, options: options) { try await body($0) }
    }

    /// Looks for the kernel that a request names.
    ///
    /// - Throws: The error of each such request, if there is no such kernel.
    @concurrent
    package func checkInstalled(_ request: KernelRequest) async throws(KernelError) {
        guard let kernel = request.kernel else { return }
        _ = try KernelFinder(environment: await environment(for: request).variables).find(kernel)
    }

    /// Removes the files of a kept kernel of this user that has ended, if its keepers could not remove them.
    package static func removeLeftovers(of kernel: KeptKernel) {
        RuntimeFolder.removeLeftovers(ofConnectionFile: kernel.connectionFile)
    }

    /// Chooses the kernel and its options.
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
                "the login shell of \(loginEnvironment.account.name) did not respond; the kernel runs without the variables that a login sets"
            )
        }
        return (try find(request, KernelFinder(environment: variables, ownerHome: request.homeForRoot)), options)
    }

    /// Returns the variables of a kernel; they are complete unless a login shell did not respond.
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

    /// Finds the requested kernel, or the one that the notebook names.
    private func find(_ request: KernelRequest, _ finder: KernelFinder) throws(KernelError) -> KernelSpec {
        if let kernel = request.kernel { return try finder.find(kernel) }
        let wanted = request.notebook
        guard !wanted.isNameless else { throw .nameless }
        guard let name = wanted.name else {
            // A notebook without a kernel and a language runs in Python.
            if let only = wanted.language.flatMap({ finder.onlyKernel(of: $0) }) { return only }
            return try finder.find("python3")
        }
        do throws(KernelError) {
            return try finder.find(name, mayBePath: false)
        } catch {
            guard case .notFound = error, request.allowsFallback, let language = wanted.language,
                let only = finder.onlyKernel(of: language)
            else { throw error }
            request.warn("kernel '\(name)' is not installed; using '\(only.name)', the only kernel for \(language)")
            return only
        }
    }
}

extension KernelRequest {
    /// Checks that the notebook may run as the user of this process, which cannot change.
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

    /// Whether the caller chose root's rights for a notebook that other users can change.
    private var takesRootsRights: Bool {
        user == .caller && geteuid() == 0 && owner.map { $0.user != 0 || !$0.isSafeFromOtherUsers } ?? false
    }

    /// The owner's home folder, whose environments root searches only if root's rights were chosen.
    var homeForRoot: String? { takesRootsRights ? owner.flatMap { Account(id: $0.user)?.home } : nil }

    /// A warning that the kernel runs with root's rights, and why that is a risk; nil if it is none.
    var rootsRightsWarning: String? {
        guard takesRootsRights, let owner else { return nil }
        return "the kernel runs with root's rights, as requested; the notebook belongs to "
            + Account.name(of: owner.user)
            + (owner.user == 0 ? ", but another user can change where its path leads" : "")
    }
}
