import GalleyConcurrency
package import GalleyHTTP
import GalleyJSON
import Synchronization

/// A user's server that a JupyterHub starts and stops.
package final class HubServer: Sendable {
    /// The base URL of the server.
    package let base: HTTPURL
    /// Whether the hub started the server for this connection, or may have done so.
    package var isStarted: Bool { hasRequested.withLock(\.self) }
    private let hasRequested = Mutex(false)
    private let user: String
    private let access: ServerAccess
    private let client: HTTPClient
    private let authentication: ServerAuthentication
    /// The URL of the server in the hub's API.
    private let api: HTTPURL

    private init(
        _ address: ServerAddress.HubAddress, _ user: String, _ client: HTTPClient,
        _ authentication: ServerAuthentication, _ access: ServerAccess
    ) {
        let names = address.server.isEmpty ? [] : [address.server]
        base = address.root.appending(segments: ["user", user] + names)
        api = address.root.appending(
            segments: ["hub", "api", "users", user] + (names.isEmpty ? ["server"] : ["servers"] + names))
        (self.user, self.client, self.authentication, self.access) = (user, client, authentication, access)
    }

    /// Returns the user's server at an address, which is started if it is not running; nil if no hub is there.
    ///
    /// - Parameter onHub: Receives the server before the hub is asked to start it.
    /// - Throws: ``ServerError`` if the hub refuses the credentials or does not start the server in time.
    static func running(
        at address: ServerAddress, _ authentication: ServerAuthentication, _ client: HTTPClient, _ access: ServerAccess,
        _ onHub: @Sendable (HubServer) -> Void
    ) async throws(ServerError) -> HubServer? {
        guard let hub = try await hub(at: address, authentication, client) else { return nil }
        // The hub sends each token the name of its owner. The user's server tells its version without a token.
        let url = hub.root.appending("hub", "api", "user")
        let reply = try await authentication.send("GET", url, accepting: [401, 403], client: client)
        if [401, 403].contains(reply.status), hub.user == nil || ServerAuthentication.isCredentialRefusal(reply) {
            throw authentication.refusal(reply, url)
        }
        guard let user = hub.user ?? reply.json?["name"]?.string, !user.isEmpty else {
            throw .invalidReply(url.origin, request: "GET hub/api/user")
        }
        let server = HubServer(hub, user, client, authentication, access)
        if try await !server.isRunning() {
            guard access.startsHubServer else {
                throw .notStarted(server.base.origin, state: "the user's server is not running")
            }
            onHub(server)
            let name = server.line(user) ?? "the user"
            access.onProgress("JupyterHub at \(server.base.origin) is starting the server of \(name)")
            try await server.start()
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
        if [401, 403].contains(reply.status), ServerAuthentication.isCredentialRefusal(reply) {
            throw accessError(authentication.refusal(reply, base))
        }
        return reply.isSuccess && reply.json?["version"]?.string != nil
    }

    /// Asks the hub to start the server, and waits until the server answers.
    private func start() async throws(ServerError) {
        let (limit, pause) = (access.startTimeout, access.pollInterval)
        let deadline = ContinuousClock.now + min(limit, .endless)
        var state = "not started"
        var isAsked = false
        while true {
            if !isAsked { (isAsked, state) = try await request(state) }
            if isAsked { state = try await progress(until: deadline) ?? state }
            if try await isRunning() { return }
            guard ContinuousClock.now + pause < deadline else { throw .notReady(base.origin, state: state, limit) }
            do { try await ContinuousClock().sleep(for: pause) } catch { throw .http(.canceled) }
        }
    }

    /// Asks the hub to start the server. Returns false if the hub asks to try again later.
    private func request(_ state: String) async throws(ServerError) -> (isAsked: Bool, state: String) {
        // Without an answer the hub may start the server all the same, and stops it as asked.
        let wasRequested = hasRequested.withLock { state in
            defer { state = true }
            return state
        }
        let reply = try await authentication.send(
            "POST", api, timeout: .seconds(120), accepting: [401, 403], client: client)
        let reason = reply.reason
        if ![201, 202, 502, 504].contains(reply.status) { hasRequested.withLock { $0 = wasRequested } }
        switch reply.status {
        case 201, 202: return (true, "starting")
        // The server is running or starting already, or it is stopping.
        case 400 where reason?.contains("already running") == true || reason?.contains("pending spawn") == true:
            return (true, "starting")
        case 400 where reason?.contains("pending") == true: return (false, reason ?? state)
        case 401, 403: throw refusal(reply, scope: "servers!user=\(user)")
        case 404: throw .notStarted(base.origin, state: reason ?? "the hub does not know the user or the server")
        case 429, 502, 503, 504: return (false, reason ?? "HTTP status \(reply.status)")
        default: throw .notStarted(base.origin, state: reason ?? "HTTP status \(reply.status)")
        }
    }

    /// Follows the hub's stream of progress to its end. Returns the last message; nil if there is no stream.
    ///
    /// - Throws: ``ServerError/notStarted(_:state:)`` if the start has failed.
    private func progress(
        until deadline: ContinuousClock.Instant
    ) async throws(ServerError) -> String? {
        var headers = authentication.headers(for: "GET", api, client: client)
        headers.set("Accept", "text/event-stream")
        var request = HTTPRequest("GET", api.appending("progress"), headers: headers)
        request.timeout = max(.seconds(1), deadline - .now)
        request.isRepeatable = false
        let (secrets, onProgress) = (authentication.secrets(for: api, client: client), access.onProgress)
        let news = AsyncState((stream: EventStream(), last: String?.none, failure: String?.none))
        do throws(HTTPError) {
            let response = try await client.stream(request) { bytes in
                let told: [String] = news.change { state in
                    state.stream.receive(bytes).compactMap { event -> String? in
                        guard let json = (try? Document(parsing: event, depthLimit: 20))?.root else { return nil }
                        let message = json["message"]?.string.flatMap { ServerText.line($0, hiding: secrets) }
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

    /// Asks the hub to stop the server, if it was started for this connection. Waits until its start has ended, because
    /// the hub does not interrupt one. The task may be canceled.
    ///
    /// - Parameter limit: The time limit for a start that has not ended.
    /// - Throws: ``ServerError`` if the hub refuses it. The server then continues.
    package func stop(within limit: Duration = .seconds(60)) async throws(ServerError) {
        guard isStarted else { return }
        let stopping = Task { () -> Result<Void, ServerError> in
            do throws(ServerError) { return .success(try await delete(until: .now + limit)) } catch {
                return .failure(error)
            }
        }
        try await stopping.value.get()
        hasRequested.withLock { $0 = false }
    }

    private func delete(until deadline: ContinuousClock.Instant) async throws(ServerError) {
        while true {
            let reply = try await authentication.send("DELETE", api, accepting: [401, 403], client: client)
            switch reply.status {
            case 202, 204, 404: return
            case 401, 403: throw refusal(reply, scope: "delete:servers!user=\(user)")
            case 400 where reply.reason?.contains("pending") == true && ContinuousClock.now < deadline: break
            default:
                throw .failed(base.origin, request: "DELETE server", status: reply.status, reason: reply.reason)
            }
            do { try await ContinuousClock().sleep(for: access.pollInterval) } catch { throw .http(.canceled) }
        }
    }

    // MARK: - Refusals

    /// Returns the error for a reply of the hub that refuses the credentials, or that lacks a scope.
    private func refusal(_ reply: ServerReply, scope: String) -> ServerError {
        ServerAuthentication.isCredentialRefusal(reply)
            ? authentication.refusal(reply, api) : .scopeMissing(base.origin, scope: scope)
    }

    /// Returns the error for a failed access to the user's server. The hub has accepted the token, so a refusal means
    /// that the token lacks a scope.
    func accessError(_ error: ServerError) -> ServerError {
        guard case .credentialsRefused(let origin, .token) = error else { return error }
        return .scopeMissing(origin, scope: "access:servers!user=\(user)")
    }

    /// Returns a text as a part of a sentence.
    private func line(_ text: String) -> String? {
        ServerText.line(text, hiding: authentication.secrets(for: api, client: client))
    }
}
