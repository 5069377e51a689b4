import Glibc

/// The handshake on a connection, on the thread of the connection.
struct WebSocketOpening: Sendable {
    let url: HTTPURL
    let client: HTTPClient
    let headers: HTTPHeaders
    let subprotocols: [String]
    let timeout: Duration
    let deadline: ContinuousClock.Instant

    /// Performs the handshake, and stores the server's cookies.
    ///
    /// - Throws: The refusal, also if only its status arrives in time; ``WebSocketError/canceled`` as soon as the
    ///   mailbox is aborted.
    func perform(
        on connection: RawConnection, _ mailbox: WebSocketMailbox
    ) throws(WebSocketError) -> WebSocketHandshake.Agreement {
        var headers = headers
        if headers["User-Agent"] == nil { headers.set("User-Agent", client.settings.userAgent) }
        var handshake = WebSocketHandshake(
            url: url, headers: headers, subprotocols: subprotocols, cookies: client.cookies.header(for: url))
        defer { if let headers = handshake.responseHeaders { client.cookies.store(headers, from: url) } }
        var rest = handshake.request[...]
        while true {
            guard !mailbox.isAborted else { throw .canceled }
            let received: RawConnection.Received
            do throws(HTTPError) {
                rest = rest.dropFirst(try connection.send(rest))
                received = try connection.receive()
            } catch {
                throw handshake.incompleteRefusal ?? .connection(error)
            }
            switch received {
            case .bytes(let bytes):
                guard let agreement = try handshake.receive(bytes[...]) else { continue }
                guard mailbox.markOpen() else { throw .canceled }
                return agreement
            case .end:
                let error = HTTPError.broken(connection.origin, reason: "the server closed it during the handshake")
                throw handshake.incompleteRefusal ?? .connection(error)
            case .nothing:
                guard ContinuousClock.now < deadline else {
                    throw handshake.incompleteRefusal ?? .connection(.timedOut(connection.origin, timeout))
                }
                mailbox.wait(for: connection.descriptor, isWriting: !rest.isEmpty, until: deadline)
            }
        }
    }
}
