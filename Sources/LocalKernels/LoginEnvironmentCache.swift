/// What a login of the user that this process has become sets, which the user's shell is asked for once.
package actor LoginEnvironmentCache {
    /// The user.
    package nonisolated let account: Account
    /// The variables that this process had before it became the user.
    package nonisolated let caller: [String: String]
    private var asking: Task<[String: String]?, Never>?

    /// Names the user, as whom this process runs.
    package init(_ account: Account, insteadOf caller: [String: String]) {
        (self.account, self.caller) = (account, caller)
    }

    /// The variables that a program of the user's starts with in the stead of the caller's; nil where the shell did not tell
    /// what a login sets.
    ///
    /// The first who asks starts the shell; when all who wait are cancelled it goes on until its limit, for the next.
    package func environment() async -> [String: String]? {
        let account = account
        let asking = asking ?? Task { await account.loginEnvironment() }
        self.asking = asking
        return await asking.value.map { account.environment(insteadOf: caller, login: $0) }
    }
}
