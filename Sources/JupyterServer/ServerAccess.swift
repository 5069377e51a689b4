import GalleyHTTP
import GalleyJSON

/// Finds out how to reach a Jupyter server, logs in, and starts the server where a hub or a studio has to.
package struct ServerAccess: Sendable {
    /// The address as the user gives it. With a login URL it may be empty.
    package var address: String
    /// The credentials to use.
    package var credentials: ServerCredentials
    /// The environment variables, in which tokens and the settings of the client are found.
    package var environment: [String: String]
    /// The time limit for a server that has to be started.
    package var startTimeout = Duration.seconds(300)
    /// The pause between two questions about a server that is being started.
    package var pollInterval = Duration.seconds(1)
    /// Whether to start a user's server of a hub that is not running. Without, that is an error.
    package var startsHubServer = true
    /// Receives sentences about a start that takes time. They contain no secrets.
    package var onProgress: @Sendable (String) -> Void = { _ in }

    /// Creates the access to the server at an address.
    package init(_ address: String, _ credentials: ServerCredentials = .automatic, environment: [String: String]) {
        (self.address, self.credentials, self.environment) = (address, credentials, environment)
    }

    /// Logs in, and checks that the server accepts the credentials.
    ///
    /// - Parameter onHub: Receives the hub's server before the hub is asked to start it.
    /// - Returns: A connection whose first requests have succeeded.
    /// - Throws: ``ServerError``, with what to do. The hub's server may then have been started.
    package func connect(
        onHub: @Sendable (HubServer) -> Void = { _ in }
    ) async throws(ServerError) -> ServerConnection {
        let client = HTTPClient(HTTPSettings(environment: environment))
        if case .loginURL(let text) = credentials {
            let login = StudioLogin(
                client: client, limit: startTimeout, pollInterval: pollInterval, onProgress: onProgress)
            let base = try await login.logIn(text)
            return try await connection(to: base, client, ServerAuthentication(.cookies), hub: nil)
        }
        let address = try ServerAddress(address)
        let authentication = ServerAuthentication(try await method(for: address, client))
        let hub = try await HubServer.running(at: address, authentication, client, self, onHub)
        do throws(ServerError) {
            return try await connection(to: hub?.base ?? address.base, client, authentication, hub: hub)
        } catch {
            throw hub?.accessError(error) ?? error
        }
    }

    /// Returns the credentials of requests. Logs in if they are a password.
    private func method(
        for address: ServerAddress, _ client: HTTPClient
    ) async throws(ServerError) -> ServerAuthentication.Credentials {
        let token: String?
        switch credentials {
        case .automatic: token = try ServerTokens(environment: environment).token(for: address)
        case .token(let text): token = text
        case .tokenFile(let path): token = try ServerTokens.token(inFile: path)
        case .password(let password):
            let login = PasswordLogin(base: address.base, password: password)
            try await login.logIn(client)
            return .password(login)
        case .none, .loginURL: token = nil
        }
        guard let token else { return .none }
        // Other bytes could end the header field.
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidAddress(reason: "the token is empty or contains a character that no token has")
        }
        return .token(token)
    }

    /// Finds out the kind of the server at a base URL, and checks that it accepts the credentials.
    private func connection(
        to base: HTTPURL, _ client: HTTPClient, _ authentication: ServerAuthentication, hub: HubServer?
    ) async throws(ServerError) -> ServerConnection {
        let api = try await authentication.send("GET", base.appending("api"), client: client)
        guard api.isSuccess, let version = api.json?["version"]?.string else {
            throw api.isSuccess || api.status == 404
                ? .notAServer(base.origin, status: api.status)
                : .failed(base.origin, request: "GET api", status: api.status, reason: api.reason)
        }
        // A server tells its version without credentials, so this is the request that checks them.
        let specs = try await authentication.send("GET", base.appending("api", "kernelspecs"), client: client)
        guard specs.isSuccess, let kernels = specs.json?["kernelspecs"], kernels.kind == .object else {
            throw specs.isSuccess
                ? .invalidReply(base.origin, request: "GET api/kernelspecs")
                : .failed(
                    base.origin, request: "GET api/kernelspecs", status: specs.status,
                    reason: specs.reason)
        }
        let kind = try await kind(of: base, api.json?["gateway_version"]?.string, version, client, authentication)
        return ServerConnection(
            base: base, kind: kind, client: client, authentication: authentication, hub: hub,
            localRoot: ServerTokens(environment: environment).localRoot(of: base))
    }

    /// Returns the kind of a server. A gateway's description of its API has its name; other servers have none there.
    private func kind(
        of base: HTTPURL, _ gateway: String?, _ version: String, _ client: HTTPClient,
        _ authentication: ServerAuthentication
    ) async throws(ServerError) -> ServerKind {
        let description = try await authentication.send(
            "GET", base.appending("api", "swagger.json"), accepting: [401, 403], isGateway: gateway != nil,
            client: client)
        let title = description.isSuccess ? description.json?["info"]?["title"]?.string ?? "" : ""
        let secrets = authentication.secrets(for: base, client: client)
        let gatewayVersion = gateway.flatMap { ServerText.line($0, hiding: secrets) }
        if title.contains("Enterprise") { return .enterpriseGateway(version: gatewayVersion) }
        return gateway != nil || title.contains("Gateway")
            ? .kernelGateway(version: gatewayVersion)
            : .jupyterServer(version: ServerText.line(version, hiding: secrets))
    }
}
