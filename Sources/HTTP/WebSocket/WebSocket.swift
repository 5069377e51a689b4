import GalleyConcurrency

/// An open WebSocket connection to a server (RFC 6455).
///
/// The connection has a thread of its own, which sends and receives. The connection ends at once, as with ``abort()``,
/// when this object is released.
package final class WebSocket: Sendable {
    /// A whole message.
    package enum Message: Hashable, Sendable {
        /// Text, which is valid UTF-8.
        case text([UInt8])
        case binary([UInt8])

        package var bytes: [UInt8] {
            switch self {
            case .text(let bytes), .binary(let bytes): bytes
            }
        }
    }

    /// The way in which a connection ended.
    package enum Ending: Hashable, Sendable {
        /// The server closed it, or answered ``WebSocket/close(code:reason:)``. The code is that of the server; nil if
        /// it sent none.
        case closed(code: Int?, reason: String)
        case failed(WebSocketError)
    }

    /// The subprotocol that the server chose; nil if it chose none.
    package let subprotocol: String?
    private let mailbox: WebSocketMailbox

    private init(subprotocol: String?, mailbox: WebSocketMailbox) {
        (self.subprotocol, self.mailbox) = (subprotocol, mailbox)
    }

    deinit { mailbox.abort() }

    /// Connects to a server.
    ///
    /// The request has the cookies of the client, and the server's cookies are stored there. If the task is canceled,
    /// the attempt ends at once.
    ///
    /// - Parameters:
    ///   - url: An http or https URL.
    ///   - headers: Further fields of the request, such as Authorization.
    ///   - subprotocols: The subprotocols to offer, the preferred one first.
    ///   - timeout: The time until the server must have accepted.
    ///   - receive: Receives the messages in order, on the connection's thread, perhaps before this method returns.
    ///     While it runs, the connection receives and sends nothing.
    ///   - onEnd: Receives the ending on the same thread: once, after all messages. It is not called if this method
    ///     throws.
    /// - Throws: ``WebSocketError``; then there is no connection.
    package static func connect(
        to url: HTTPURL, using client: HTTPClient, headers: HTTPHeaders = [:], subprotocols: [String] = [],
        limits: WebSocketLimits = WebSocketLimits(), timeout: Duration = .seconds(60),
        receive: @escaping @Sendable (Message) -> Void, onEnd: @escaping @Sendable (Ending) -> Void
    ) async throws(WebSocketError) -> WebSocket {
        let deadline = ContinuousClock.now + min(timeout, .endless)
        let mailbox = try WebSocketMailbox()
        let connection: RawConnection
        do throws(HTTPError) {
            connection = try await client.connect(to: url, timeout: timeout)
        } catch {
            throw error == .canceled ? .canceled : .connection(error)
        }
        let opening = WebSocketOpening(
            url: url, client: client, headers: headers, subprotocols: subprotocols, timeout: timeout,
            deadline: deadline)
        let opened = AsyncPromise<Result<String?, WebSocketError>>()
        let isStarted = startThread {
            let agreement: WebSocketHandshake.Agreement
            do throws(WebSocketError) {
                agreement = try opening.perform(on: connection, mailbox)
            } catch {
                connection.close()
                opened.set(.failure(error))
                return
            }
            opened.set(.success(agreement.subprotocol))
            var loop = WebSocketLoop(connection, mailbox, limits: limits)
            let ending = loop.run(first: agreement.rest, receive: receive)
            connection.close()
            mailbox.markEnded()
            onEnd(ending)
            mailbox.ended.set(())
        }
        guard isStarted else {
            connection.close()
            throw .connection(.noResources(reason: "no thread can be started"))
        }
        let result = await withTaskCancellationHandler {
            await opened.value()
        } onCancel: {
            mailbox.cancelOpening()
        }
        return WebSocket(subprotocol: try (result ?? .failure(.canceled)).get(), mailbox: mailbox)
    }

    /// Queues a message. Never waits. After the end, and after ``close(code:reason:)``, the message is dropped.
    package func send(_ message: Message) { mailbox.send(message) }

    /// The number of bytes that were queued and that the system has not accepted yet.
    package var unsentBytes: Int { mailbox.unsentBytes }

    /// Closes the connection after the queued messages, and waits until it has ended, even if the task is canceled.
    ///
    /// A server that does not answer is left after a few seconds. An invalid code becomes 1000.
    package func close(code: Int = 1000, reason: String = "") async {
        mailbox.close(WebSocketClose(code: code, reason: reason))
        _ = await mailbox.ended.value()
    }

    /// Ends the connection at once, without a close frame. Returns before it has ended.
    package func abort() { mailbox.abort() }
}
