import GalleyConcurrency
import GalleyHTTP
import GalleyJSON
import Synchronization

/// The credentials of the requests to one server: a token, or the cookies of a login.
///
/// Its methods add the credentials to a request, and say in an error why the server refuses them.
final class ServerAuthentication: Sendable {
    /// The credentials of requests.
    enum Credentials: Sendable {
        case none
        case token(String)
        /// The cookies of a password login, which can be repeated.
        case password(PasswordLogin)
        /// The cookies of a login that cannot be repeated.
        case cookies
    }

    let credentials: Credentials
    /// How often a login was made. A request that the server refused repeats the login only if no other one has since.
    private let logins = AsyncState((count: 0, isRunning: false))

    init(_ credentials: Credentials) { self.credentials = credentials }

    /// Returns the texts that no message about a request may contain.
    func secrets(for url: HTTPURL, client: HTTPClient) -> [String] {
        let cookies = SecretText.values(ofCookies: client.cookies.header(for: url))
        return switch credentials {
        case .token(let token): [token] + cookies
        case .password(let login): [login.password, URLEncoding.component(login.password)] + cookies
        case .none, .cookies: cookies
        }
    }

    /// Returns the headers that a request needs. The client adds the cookies itself.
    func headers(for method: String, _ url: HTTPURL, client: HTTPClient) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        switch credentials {
        case .none: break
        case .token(let token): headers.set("Authorization", "token \(token)")
        case .password, .cookies:
            // The server accepts a change only from a client that can read its cookies.
            if !["GET", "HEAD"].contains(method), let token = client.cookies.value(named: "_xsrf", for: url) {
                headers.set("X-XSRFToken", token)
            }
        }
        return headers
    }

    /// Sends a request, and repeats it after a new login if the login has expired.
    ///
    /// - Parameters:
    ///   - isRepeatable: Whether the request may be sent again after a failure; nil to decide by the method.
    ///   - accepted: The statuses of 401 and 403 that the caller handles.
    /// - Returns: The reply, with any status except 401 and 403.
    func send(
        _ method: String, _ url: HTTPURL, json: Value? = nil, timeout: Duration = .seconds(60),
        isRepeatable: Bool? = nil, accepting accepted: Set<Int> = [], isGateway: Bool = false, client: HTTPClient
    ) async throws(ServerError) -> ServerReply {
        let deadline = ContinuousClock.now + min(timeout, .endless)
        let logins = logins.look { $0.count }
        let reply = try await sendOnce(method, url, json, timeout, isRepeatable, client)
        guard [401, 403].contains(reply.status), !accepted.contains(reply.status) else { return reply }
        guard case .password(let login) = credentials, Self.isCredentialRefusal(reply) else {
            throw refusal(reply, url, isGateway: isGateway)
        }
        try await renew(login, client, after: logins, timeout: deadline - .now)
        let second = try await sendOnce(method, url, json, max(.seconds(1), deadline - .now), isRepeatable, client)
        guard [401, 403].contains(second.status), !accepted.contains(second.status) else { return second }
        throw refusal(second, url, isGateway: isGateway)
    }

    private func sendOnce(
        _ method: String, _ url: HTTPURL, _ json: Value?, _ timeout: Duration, _ isRepeatable: Bool?,
        _ client: HTTPClient
    ) async throws(ServerError) -> ServerReply {
        var headers = headers(for: method, url, client: client)
        headers.set("Accept", "application/json")
        if json != nil { headers.set("Content-Type", "application/json") }
        var request = HTTPRequest(method, url, headers: headers, body: json.map { Self.text($0) })
        request.timeout = timeout
        if let isRepeatable { request.isRepeatable = isRepeatable }
        do throws(HTTPError) {
            return ServerReply(
                try await client.send(request), hiding: secrets(for: url, client: client))
        } catch {
            throw .http(error)
        }
    }

    /// Makes the login again, unless another request has done so.
    private func renew(
        _ login: PasswordLogin, _ client: HTTPClient, after count: Int, timeout: Duration
    ) async throws(ServerError) {
        let isMine: Bool? = await logins.first { state in
            if state.isRunning { return nil }
            if state.count != count { return false }
            state.isRunning = true
            return true
        }
        guard let isMine else { throw .http(.canceled) }
        guard isMine else { return }
        do throws(ServerError) {
            try await login.logIn(client, timeout: max(.seconds(1), timeout))
        } catch {
            logins.change { $0.isRunning = false }
            throw error
        }
        logins.change { $0 = ($0.count + 1, false) }
    }

    /// Whether a reply refuses the credentials. A server that forbids one request gives a reason of its own.
    static func isCredentialRefusal(_ reply: ServerReply) -> Bool {
        guard reply.status == 403, let reason = reply.reason?.lowercased() else { return true }
        return reason == "forbidden" || reason == "unauthorized" || reason.contains("_xsrf")
            || reason.contains("invalid credentials") || reason.contains("missing or invalid")
    }

    /// Returns the error for a reply with the status 401 or 403.
    func refusal(_ reply: ServerReply, _ url: HTTPURL, isGateway: Bool = false) -> ServerError {
        // A gateway answers 401 to a wrong token, and 403 to what it is configured to refuse.
        if isGateway && reply.status == 403 {
            let reason = reply.reason.flatMap { $0.lowercased() == "forbidden" ? nil : $0 }
            return .forbidden(url.origin, reason: reason ?? "the gateway is configured to refuse it")
        }
        if !Self.isCredentialRefusal(reply) {
            return .forbidden(url.origin, reason: reply.reason ?? "it gives no reason")
        }
        return switch credentials {
        case .none: .credentialsMissing(url.origin)
        case .token: .credentialsRefused(url.origin, .token)
        case .password: .credentialsRefused(url.origin, .password)
        case .cookies: .credentialsRefused(url.origin, .login)
        }
    }

    /// Returns the JSON text of a value, without white space.
    private static func text(_ value: Value) -> [UInt8] {
        var style = JSONStyle.oneLine
        style.lineEnd = ""
        style.sortsKeys = false
        return Document(value, style: style).text.bytes
    }
}
