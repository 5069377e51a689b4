/// The keys with which requests to a store are signed.
package struct AWSCredentials: Hashable, Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// The token of temporary keys.
    package let sessionToken: String?
    /// When temporary keys expire, in seconds since the beginning of 1970; nil for keys that do not.
    package let expiration: Int?

    /// Creates credentials.
    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Int? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

// The keys are secrets.
extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The ID of the key, which is no secret.
    package var description: String { "credentials \(accessKeyID)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where the credentials of requests come from.
package protocol AWSCredentialSource: Sendable {
    /// Returns credentials that are valid for at least some minutes; nil for requests without a signature.
    ///
    /// - Throws: An error if credentials are configured and cannot be obtained, or if there are none.
    func credentials() async throws -> AWSCredentials?

    /// Forgets credentials that a store has refused as expired, so that the next call obtains new ones.
    func discard(_ refused: AWSCredentials) async
}
