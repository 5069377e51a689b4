import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook

/// How the kernel of a run is started.
enum KernelStart: Sendable {
    /// On this machine.
    case local(KernelChoice)
    /// By somebody else, who is told what the notebook wants.
    case own(@Sendable (WantedKernel) async throws -> any Kernel, WantedKernel)

    /// The user that it runs as; nil where nobody knows.
    var user: String? { if case .local(let choice) = self { choice.user } else { nil } }

    /// What somebody should know about the choice.
    var warnings: [String] {
        guard case .local(let choice) = self else { return [] }
        return choice.warnings + [choice.spec.exposure(choice.launch)].compactMap(\.self)
    }

    /// Starts the kernel, hands it to `body`, and ends it however `body` is left.
    ///
    /// - Parameters:
    ///   - limit: How long the start may take.
    ///   - grace: How long the end of somebody else's may take.
    /// - Throws: `KernelError` where it does not start in time, whatever somebody else's start throws, and whatever
    ///   `body` throws.
    func withKernel<Result>(
        within limit: Duration, grace: Duration, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        switch self {
        case .local(let choice):
            var launch = choice.launch
            launch.startLimit = limit
            return try await GalleyLocalKernels.withKernel(choice.spec, options: launch, body: body)
        case .own(let start, let wanted):
            let kernel = try await Self.kernel(start, wanted, within: limit)
            return try await GuestKernel(kernel, patience: grace).untilLeft(body)
        }
    }

    private static func kernel(
        _ start: @escaping @Sendable (WantedKernel) async throws -> any Kernel, _ wanted: WantedKernel,
        within limit: Duration
    ) async throws -> any Kernel {
        let interlude = Interlude(catching: { try await start(wanted) }) { late in
            if case .success(let kernel) = late { await kernel.shutdown() }
        }
        let answer = await withTaskCancellationHandler {
            await interlude.answer(within: limit)
        } onCancel: {
            interlude.giveUp()
        }
        if let answer { return try answer.get() }
        try Task.checkCancellation()
        let name = wanted.name ?? "of the caller's own"
        throw KernelError.silent(kernel: name, limit, lastLines: [])
    }
}
