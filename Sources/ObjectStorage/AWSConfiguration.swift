/// What the environment and the files of the AWS tools say about a store: `AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
/// `~/.aws/config` and others.
package struct AWSConfiguration: Sendable {
    /// The region; nil if none is configured.
    package var region: String?
    /// The address of the store; nil for that of AWS.
    package var endpoint: String?
    /// Whether the bucket stands in the path, not in the host; nil if the endpoint decides.
    package var usesPathStyle: Bool?
    /// The file of the certificate authorities to trust, from `AWS_CA_BUNDLE` or the profile.
    package var certificates: String?
    /// The greatest number of attempts of a request.
    package var maximumAttempts = 3
    /// Whether requests are not signed.
    package var isAnonymous = false
}
