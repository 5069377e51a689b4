import GalleyConcurrency
package import GalleyHTTP
import GalleyJSON

/// A user's server that a JupyterHub starts and stops.
package struct HubServer: Sendable {
    /// The base URL of the server.
    package let base: HTTPURL
    /// Whether the hub started the server for this connection.
    package private(set) var isStarted = false
    private let client: HTTPClient
    private let authentication: ServerAuthentication
    /// The URL of the server in the hub's API.
    private let api: HTTPURL

    private init(
        _ address: ServerAddress.HubAddress, _ user: String, _ client: HTTPClient,
        _ authentication: ServerAuthentication
    ) {
        let names = address.server.isEmpty ? [] : [address.server]
        base = address.root.appending(segments: ["user", user] + names)
        api = address.root.appending(
            segments: ["hub", "api", "users", user] + (names.isEmpty ? ["server"] : ["servers"] + names))
        (self.client, self.authentication) = (client, authentication)
    }

    /// Returns the user's server at an address, which is started if it is not running; nil if no hub is there.
    ///
    /// - Throws: ``ServerError`` if the hub does not start the server in time.
    static func running(
        at address: ServerAddress, _ authentication: ServerAuthentication, _ client: HTTPClient, _ access: ServerAccess
    ) async throws(ServerError) -> HubServer? {
        guard let hub = try await hub(at: address, authentication, client) else { return nil }
        let user: String
        if let known = hub.user {
            user = known
        } else {
            let url = hub.root.appending("hub", "api", "user")
            let reply = try await authentication.send("GET", url, client: client)
            guard reply.isSuccess, let name = reply.json?["name"]?.string, !name.isEmpty else {
                throw .invalidReply(url.origin, request: "GET hub/api/user")
            }
            user = name
        }
        var server = HubServer(hub, user, client, authentication)
        if try await !server.isRunning() {
            access.onProgress("JupyterHub at \(server.base.origin) is starting the server of \(user)")
            try await server.start(within: access.startTimeout, access.pollInterval, access.onProgress)
            server.isStarted = true
        }
        return server
    }

    /// Returns the hub of an address; nil if there is none.
    private static func hub(
        at address: ServerAddress, _ authentication: ServerAuthentication, _ client: HTTPClient
    ) async throws(ServerError) -> ServerAddress.HubAddress? {
        let hub = address.hub ?? ServerAddress.HubAddress(root: address.base)
        if address.hub == nil {
            // The hub answers for a server that has no `api` of its own.
            let reply = try await authentication.send(
                "GET", address.base.appending("api"), accepting: [401, 403], client: client)
            guard reply.headers["X-JupyterHub-Version"] != nil || reply.status == 404 else { return nil }
        }
        let reply = try await authentication.send(
            "GET", hub.root.appending("hub", "api"), accepting: [401, 403], client: client)
        let isHub = reply.isSuccess && reply.headers["X-JupyterHub-Version"] != nil
        return isHub ? hub : nil
    }

    /// Whether the server answers. The hub answers with an error for a server that is not running.
    private func isRunning() async throws(ServerError) -> Bool {
        let reply = try await authentication.send(
            "GET", base.appending("api"), accepting: [401, 403], client: client)
        return reply.isSuccess && reply.json?["version"]?.string != nil
    }

    /// Asks the hub to start the server, and waits until the server answers.
    private func start(
        within limit: Duration, _ pause: Duration, _ onProgress: @escaping @Sendable (String) -> Void
    ) async throws(ServerError) {
        let deadline = ContinuousClock.now + min(limit, .endless)
        var state = "not started"
        var isAsked = false
        while true {
            if !isAsked { (isAsked, state) = try await request(state) }
            if isAsked { state = try await progress(until: deadline, onProgress) ?? state }
            if try await isRunning() { return }
            guard ContinuousClock.now + pause < deadline else { throw .notReady(base.origin, state: state, limit) }
            do { try await ContinuousClock().sleep(for: pause) } catch { throw .http(.canceled) }
        }
    }

    /// Asks the hub to start the server. Returns false if the hub asks to try again later.
    private func request(_ state: String) async throws(ServerError) -> (isAsked: Bool, state: String) {
        let reply = try await authentication.send(
            "POST", api, timeout: .seconds(120), accepting: [403], client: client)
        let reason = reply.reason.map { authentication.hidingSecrets(in: $0) }
        switch reply.status {
        case 201, 202: return (true, "starting")
        // The server is running or starting already, or it is stopping.
        case 400 where reason?.contains("already running") == true || reason?.contains("pending spawn") == true:
            return (true, "starting")
        case 400 where reason?.contains("pending") == true: return (false, reason ?? state)
        case 403: throw .scopeMissing(base.origin, scope: "servers!user")
        case 404: throw .notStarted(base.origin, state: reason ?? "the hub does not know the user or the server")
        case 429, 502, 503, 504: return (false, reason ?? "HTTP status \(reply.status)")
        default: throw .notStarted(base.origin, state: reason ?? "HTTP status \(reply.status)")
        }
    }

    /// Follows the hub's stream of progress to its end. Returns the last message; nil if there is no stream.
    ///
    /// - Throws: ``ServerError/notStarted(_:state:)`` if the start has failed.
    private func progress(
        until deadline: ContinuousClock.Instant, _ onProgress: @escaping @Sendable (String) -> Void
    ) async throws(ServerError) -> String? {
        var headers = authentication.headers(for: "GET", api, client: client)
        headers.set("Accept", "text/event-stream")
        var request = HTTPRequest("GET", api.appending("progress"), headers: headers)
        request.timeout = max(.seconds(1), deadline - .now)
        request.isRepeatable = false
        let authentication = authentication
        let news = AsyncState((stream: EventStream(), last: String?.none, failure: String?.none))
        do throws(HTTPError) {
            let response = try await client.stream(request) { bytes in
                let told: [String] = news.change { state in
                    state.stream.receive(bytes).compactMap { event -> String? in
                        guard let json = (try? Document(parsing: event, depthLimit: 20))?.root else { return nil }
                        let message = json["message"]?.string.flatMap { ServerText.line($0) }
                            .map { authentication.hidingSecrets(in: $0) }
                        if json["failed"]?.bool == true { state.failure = message ?? "the hub gives no reason" }
                        if json["ready"]?.bool == true || message == state.last { return nil }
                        state.last = message ?? state.last
                        return message
                    }
                }
                for message in told { onProgress(message) }
            }
            guard response.isSuccess else { return nil }
        } catch {
            if case .canceled = error { throw .http(error) }
            // The stream only informs. A proxy may cut it.
        }
        let (last, failure) = news.look { ($0.last, $0.failure) }
        if let failure { throw .notStarted(base.origin, state: failure) }
        return last
    }

    /// Asks the hub to stop the server, if it was started for this connection.
    ///
    /// - Throws: ``ServerError`` if the hub refuses it. The server then continues.
    package func stop() async throws(ServerError) {
        guard isStarted else { return }
        let reply = try await authentication.send("DELETE", api, accepting: [403], client: client)
        switch reply.status {
        case 202, 204, 404: return
        case 403: throw .scopeMissing(base.origin, scope: "delete:servers!user")
        default:
            throw .failed(
                base.origin, request: "DELETE server", status: reply.status,
                reason: reply.reason.map { authentication.hidingSecrets(in: $0) })
        }
    }
}
