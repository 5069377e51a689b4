/// The login environment of the user that this process has become, read from the user's shell once.
package actor LoginEnvironmentCache {
    /// The user.
    package nonisolated let account: Account
    /// The variables that this process had before it became the user.
    package nonisolated let caller: [String: String]
    private var asking: Task<[String: String]?, Never>?

    /// Creates a cache for the user that this process runs as.
    package init(_ account: Account, insteadOf caller: [String: String]) {
        (self.account, self.caller) = (account, caller)
    }

    /// Returns the variables for a program of the user in place of the caller's; nil if the login shell did not report
    /// its variables.
    ///
    /// The first call starts the shell. If all waiting tasks are canceled, the shell continues to its time limit, for
    /// the next call.
    package func environment() async -> [String: String]? {
        let account = account
        let asking = asking ?? Task { await account.loginEnvironment() }
        self.asking = asking
        return await asking.value.map { account.environment(insteadOf: caller, login: $0) }
    }
}
