import GalleyHTTP

/// The keys of a role for a user who has logged in with `aws sso login`.
struct SingleSignOn: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections

    /// The settings of a login, from a profile and its session.
    private struct Login {
        let account: String
        let role: String
        let region: String
        /// The token, by the session or the address of the login.
        let token: LoginToken
    }

    /// Whether a profile uses a login.
    static func isUsed(by profile: AWSProfile) -> Bool {
        ["sso_account_id", "sso_role_name"].contains { profile[$0] != nil }
            && ["sso_session", "sso_start_url"].contains { profile[$0] != nil }
    }

    /// Returns the keys of a profile.
    ///
    /// - Throws: ``CredentialError``, above all ``CredentialError/login(profile:reason:)``.
    func credentials(of profile: AWSProfile) async throws(CredentialError) -> AWSCredentials {
        let login = try login(of: profile)
        let token = try await login.token.token()
        let standard = "https://portal.sso.\(login.region).\(AWSConfiguration.domain(ofRegion: login.region))"
        let text = try configuration.endpoint(of: "SSO") ?? standard
        var request: HTTPRequest
        do throws(HTTPError) {
            request = HTTPRequest(
                try HTTPURL(parsing: text).appending("federation", "credentials")
                    .adding("role_name", login.role).adding("account_id", login.account))
        } catch {
            throw .setting(name: "AWS_ENDPOINT_URL_SSO", reason: "\(error)")
        }
        request.headers.set("x-amz-sso_bearer_token", token)
        let response = try await connections.send(request, to: .singleSignOn)
        let document = KeyDocument(response.body)
        if response.status == 401 {
            throw .login(profile: profile.name, reason: "\(CredentialService.singleSignOn) does not accept the login")
        }
        guard response.isSuccess else {
            let message = (document?["message"]).flatMap { AnswerText.line($0, hiding: [token]) }
            throw .refused(.singleSignOn, status: response.status, message: message)
        }
        guard let keys = document?.object("roleCredentials"), let id = keys["accessKeyId"],
            let secret = keys["secretAccessKey"], let session = keys["sessionToken"],
            let milliseconds = keys.number("expiration")
        else { throw .invalidAnswer(.singleSignOn, reason: "it has no complete keys") }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: session, expiration: milliseconds / 1000)
    }

    private func login(of profile: AWSProfile) throws(CredentialError) -> Login {
        func missing(_ property: String) -> CredentialError {
            .profile(
                name: profile.name,
                reason: "\(property) is missing in \(configuration.configPath). Run aws configure sso")
        }
        guard let account = profile["sso_account_id"] else { throw missing("sso_account_id") }
        guard let role = profile["sso_role_name"] else { throw missing("sso_role_name") }
        var section = profile
        if let name = profile["sso_session"] {
            guard let session = configuration.profiles.sessions[name] else {
                throw .profile(
                    name: profile.name,
                    reason: "there is no section [sso-session \(name)] in \(configuration.configPath)")
            }
            section = session
        }
        guard let region = section["sso_region"] else { throw missing("sso_region") }
        guard let start = section["sso_start_url"] else { throw missing("sso_start_url") }
        try AWSConfiguration.check(region: region, "sso_region")
        let token = LoginToken(
            configuration: configuration, connections: connections, profile: profile.name, region: region,
            name: profile["sso_session"] ?? start, isSession: profile["sso_session"] != nil)
        return Login(account: account, role: role, region: region, token: token)
    }
}
