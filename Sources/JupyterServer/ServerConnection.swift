package import GalleyHTTP
package import GalleyJSON

/// An authenticated way to one Jupyter server.
package final class ServerConnection: Sendable {
    /// The server's base URL, without "api" and without a token.
    package let base: HTTPURL
    /// The kind of server.
    package let kind: ServerKind
    /// The client, which holds the cookies of a login.
    package let client: HTTPClient
    /// The login to repeat when it has expired, if any, and the token.
    let authentication: ServerAuthentication
    /// The hub that has the server; nil if it belongs to none.
    package let hub: HubServer?
    /// The root of the server's files on this machine; nil if the server runs elsewhere, or it is unknown.
    let localRoot: String?

    init(
        base: HTTPURL, kind: ServerKind, client: HTTPClient, authentication: ServerAuthentication,
        hub: HubServer? = nil, localRoot: String? = nil
    ) {
        self.localRoot = localRoot
        (self.base, self.kind, self.client, self.authentication) = (base, kind, client, authentication)
        self.hub = hub
    }

    /// Sends an API request with credentials.
    ///
    /// An expired password login is repeated once.
    ///
    /// - Parameters:
    ///   - segments: The path under `api`, as names that are not percent-encoded.
    ///   - timeout: The time limit for the whole exchange.
    ///   - isRepeatable: Whether the request may be sent again after a failure; nil to decide by the method.
    /// - Returns: The reply, with any status except 401 and 403.
    /// - Throws: ``ServerError`` if there is no reply, or if the server refuses the credentials or forbids the request.
    package func send(
        _ method: String, _ segments: [String], query: [HTTPURL.QueryItem] = [], json: Value? = nil,
        timeout: Duration = .seconds(60), isRepeatable: Bool? = nil
    ) async throws(ServerError) -> ServerReply {
        var url = base.appending(segments: ["api"] + segments)
        url.query += query
        return try await authentication.send(
            method, url, json: json, timeout: timeout, isRepeatable: isRepeatable, isGateway: kind.isGateway,
            client: client)
    }

    /// Returns the URL and headers for a WebSocket of this server.
    ///
    /// - Parameter segments: The path under the base, as names that are not percent-encoded.
    package func webSocket(
        _ segments: [String], query: [HTTPURL.QueryItem] = []
    ) -> (url: HTTPURL, headers: HTTPHeaders) {
        var url = base.appending(segments: segments)
        url.query += query
        return (url, authentication.headers(for: "GET", url, client: client))
    }

    /// Returns the error for a reply that does not have the expected status.
    package func failure(_ reply: ServerReply, _ request: String) -> ServerError {
        .failed(base.origin, request: request, status: reply.status, reason: reply.reason)
    }
}

extension ServerConnection: CustomStringConvertible {
    /// The server's base URL, without secrets.
    package var description: String { base.description }
}
