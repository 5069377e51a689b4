import GalleyConcurrency
package import GalleyHTTP

/// The keys of this machine's user, found in the places of the AWS tools, kept and renewed.
///
/// Keys that soon expire are renewed by one caller at a time. While they are still valid, the others use them, and so
/// do all if the renewal fails.
package final class CredentialChain: AWSCredentialSource {
    /// The seconds before the end of keys in which they are renewed, if that is possible.
    static let advisedRenewal = 300
    /// The seconds before the end of keys in which they are no longer used, if others can be had.
    static let requiredRenewal = 60
    /// The seconds between two attempts to renew keys that are still valid.
    static let pause = 60

    private struct State {
        var keys: AWSCredentials?
        var isRenewing = false
        /// The number of renewals that have ended.
        var renewals = 0
        var lastFailure: CredentialError?
        /// The time before which keys that are still valid are not renewed.
        var nextRenewal = Int.min
    }

    /// What a caller does next.
    private enum Step: Sendable {
        case use(AWSCredentials)
        case renew
        case fail(CredentialError)
    }

    private let isAnonymous: Bool
    private let find: @Sendable () async throws(CredentialError) -> AWSCredentials
    private let time: HTTPTime
    private let state = AsyncState(State())

    /// Creates a chain. Does no I/O.
    package convenience init(_ configuration: AWSConfiguration, time: HTTPTime = .system) {
        let sources = CredentialSources(
            configuration: configuration, connections: CredentialConnections(configuration, time: time))
        self.init(isAnonymous: configuration.isAnonymous, time: time) { () async throws(CredentialError) in
            try await sources.credentials()
        }
    }

    /// Creates a chain of one source.
    init(
        isAnonymous: Bool = false, time: HTTPTime = .system,
        _ find: @escaping @Sendable () async throws(CredentialError) -> AWSCredentials
    ) {
        self.isAnonymous = isAnonymous
        self.find = find
        self.time = time
    }

    /// Returns keys that are valid for at least a minute, or the last ones if they are valid and cannot be renewed; nil
    /// if requests are not to be signed.
    ///
    /// - Throws: ``CredentialError``, also if the task is canceled.
    package func credentials() async throws -> AWSCredentials? {
        if isAnonymous { return nil }
        return try await keys()
    }

    private func keys() async throws(CredentialError) -> AWSCredentials {
        // A caller that waits for the renewal of another one shares its failure.
        let seen = state.look(\.renewals)
        let step: Step? = await state.first { [time] state in
            let now = time.date()
            if let keys = state.keys, Self.canUse(keys, state, now) { return .use(keys) }
            if state.isRenewing { return nil }
            if state.renewals > seen, let failure = state.lastFailure {
                if let keys = state.keys, keys.isValid(now) { return .use(keys) }
                return .fail(failure)
            }
            state.isRenewing = true
            return .renew
        }
        switch step {
        case .use(let keys): return keys
        case .fail(let error): throw error
        case nil: throw .canceled
        case .renew: return try await renewed()
        }
    }

    /// Whether keys are used without renewing them.
    private static func canUse(_ keys: AWSCredentials, _ state: State, _ now: Int) -> Bool {
        guard let expiration = keys.expiration else { return true }
        let rest = expiration.subtracting(now)
        if rest >= advisedRenewal { return true }
        // Another caller renews them, or a renewal has just failed or brought no longer ones.
        return rest >= requiredRenewal && (state.isRenewing || now < state.nextRenewal)
    }

    /// Renews the keys, and returns the new ones, or the old ones if that fails and they are valid.
    private func renewed() async throws(CredentialError) -> AWSCredentials {
        let result: Result<AWSCredentials, CredentialError>
        do throws(CredentialError) {
            let keys = try await find()
            result =
                keys.isValid(time.date()) ? .success(keys) : .failure(.expired(source: "key \(keys.accessKeyID)"))
        } catch {
            result = .failure(error)
        }
        let now = time.date()
        let isCanceled = if case .failure(.canceled) = result { true } else { false }
        let old: AWSCredentials? = state.change { state in
            state.isRenewing = false
            if case .success(let keys) = result { state.keys = keys }
            // The cancellation of one caller says nothing to the others.
            guard !isCanceled else { return nil }
            state.renewals += 1
            state.nextRenewal = now.adding(Self.pause)
            if case .failure(let error) = result { state.lastFailure = error } else { state.lastFailure = nil }
            return state.keys.flatMap { $0.isValid(now) ? $0 : nil }
        }
        switch result {
        case .success(let keys): return keys
        case .failure(let error):
            guard let old else { throw error }
            return old
        }
    }

    /// Forgets keys that a store has refused as expired. The next call looks for new ones; a source that cannot renew
    /// its keys gives the same ones again.
    package func discard(_ refused: AWSCredentials) async {
        state.change { state in
            guard state.keys == refused else { return }
            state.keys = nil
            state.nextRenewal = .min
        }
    }
}

extension AWSCredentials {
    /// Whether the keys are not expired.
    fileprivate func isValid(_ now: Int) -> Bool { expiration.map { $0 > now } ?? true }
}

extension Int {
    /// The difference, at the ends of the range if it is outside.
    fileprivate func subtracting(_ other: Int) -> Int {
        let (result, overflows) = subtractingReportingOverflow(other)
        return overflows ? (other > 0 ? .min : .max) : result
    }

    /// The sum, at the ends of the range if it is outside.
    fileprivate func adding(_ other: Int) -> Int {
        let (result, overflows) = addingReportingOverflow(other)
        return overflows ? (other > 0 ? .max : .min) : result
    }
}
