import GalleyHTTP

/// Looks for keys in the places of the AWS tools, in their order.
struct CredentialSources: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections

    private var profiles: ProfileCredentials {
        ProfileCredentials(configuration: configuration, connections: connections, sources: self)
    }
    private var container: ContainerCredentials {
        ContainerCredentials(configuration: configuration, connections: connections)
    }
    private var instance: InstanceCredentials {
        InstanceCredentials(configuration: configuration, connections: connections)
    }

    /// Returns the keys of the first source that is configured.
    ///
    /// - Throws: ``CredentialError`` if that source gives none, or no source is configured.
    func credentials() async throws(CredentialError) -> AWSCredentials {
        if let keys = try environmentCredentials() { return keys }
        if let keys = try await webIdentityCredentials() { return keys }
        if let keys = try await profiles.credentials(of: configuration.profileName) { return keys }
        if let keys = try await container.credentials() { return keys }
        let start = ["no variables", "no keys in the profile '\(configuration.profileName)'", "no container"]
        switch try await instance.credentials() {
        case .success(let keys): return keys
        case .failure(.disabled):
            throw .noCredentials(reasons: start + ["AWS_EC2_METADATA_DISABLED is set"], metadata: nil)
        case .failure(.noRole): throw .noCredentials(reasons: start + ["the instance has no role"], metadata: nil)
        case .failure(.unreachable(let error)):
            throw .noCredentials(reasons: start + ["no metadata service of an instance"], metadata: error)
        }
    }

    /// Returns the keys of the source that a profile names as `credential_source`; nil if it has none.
    ///
    /// - Throws: ``CredentialError`` if the source fails, or the name means none.
    func credentials(named name: String, for profile: String) async throws(CredentialError) -> AWSCredentials? {
        switch name {
        case "Environment": return try environmentCredentials()
        case "EcsContainer": return try await container.credentials()
        case "Ec2InstanceMetadata":
            switch try await instance.credentials() {
            case .success(let keys): return keys
            case .failure(.unreachable(let error)): throw .unreachable(.instance, error)
            case .failure(.disabled), .failure(.noRole): return nil
            }
        default:
            throw .profile(
                name: profile,
                reason: "its credential_source '\(name)' is none of Environment, EcsContainer and Ec2InstanceMetadata")
        }
    }

    /// Returns the keys in the environment variables; nil if there are none.
    private func environmentCredentials() throws(CredentialError) -> AWSCredentials? {
        let environment = configuration.environment
        let (id, secret) = (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        if id == nil, secret == nil { return nil }
        guard let id, let secret else {
            let (missing, present) =
                id == nil
                ? ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") : ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")
            throw .setting(name: missing, reason: "it is not set, but \(present) is. Set both")
        }
        var expiration: Int?
        if let text = environment["AWS_CREDENTIAL_EXPIRATION"] {
            guard let seconds = AWSTimestamp.seconds(text) else {
                throw .setting(name: "AWS_CREDENTIAL_EXPIRATION", reason: "it is no date")
            }
            expiration = seconds
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret,
            sessionToken: environment["AWS_SESSION_TOKEN"] ?? environment["AWS_SECURITY_TOKEN"], expiration: expiration)
    }

    /// Returns the keys of the role in the environment variables for web identity; nil if there is none.
    private func webIdentityCredentials() async throws(CredentialError) -> AWSCredentials? {
        let environment = configuration.environment
        guard let path = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] else { return nil }
        guard let arn = environment["AWS_ROLE_ARN"] else {
            throw .setting(
                name: "AWS_ROLE_ARN", reason: "it is not set, but AWS_WEB_IDENTITY_TOKEN_FILE is. Set both")
        }
        // The file is read each time, because its owner replaces the token before it expires.
        let token = try TokenFile.token(environment.path(path), variable: "AWS_WEB_IDENTITY_TOKEN_FILE")
        let role = SecurityTokens.Role(arn: arn, session: environment["AWS_ROLE_SESSION_NAME"])
        return try await SecurityTokens(configuration: configuration, connections: connections)
            .assume(role, withWebIdentity: token)
    }
}
