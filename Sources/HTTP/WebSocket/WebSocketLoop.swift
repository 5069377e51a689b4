import GalleyCLinux

/// The loop of a connection's thread after the handshake.
struct WebSocketLoop {
    /// The most bytes of one send. An encrypted connection shows no progress within a send.
    private static let largestPart = 64 << 10
    /// The number of parts after which the other direction has its turn.
    private static let partsInRow = 32

    private let connection: RawConnection
    private let mailbox: WebSocketMailbox
    private var session: WebSocketSession
    /// Whether the last send was not accepted completely.
    private var isBlocked = false
    private var unacknowledged = 0

    init(_ connection: RawConnection, _ mailbox: WebSocketMailbox, limits: WebSocketLimits) {
        (self.connection, self.mailbox) = (connection, mailbox)
        session = WebSocketSession(limits: limits, at: .now)
    }

    /// Sends and receives until the connection ends, and returns how it ended.
    ///
    /// - Parameter first: Bytes that arrived with the handshake.
    mutating func run(first: [UInt8], receive: (WebSocket.Message) -> Void) -> WebSocket.Ending {
        deliver(first, receive)
        while true {
            let requests = mailbox.takeRequests()
            for message in requests.messages { session.send(message) }
            if let close = requests.close { session.close(close, at: .now) }
            if requests.isAborted { session.abort() }
            let hasReceivedAll = receiveParts(receive)
            let hasSentAll = sendParts(receive)
            checkProgress()
            session.advance(to: .now)
            if let ending = session.ending { return ending }
            mailbox.setTakenBytes(session.unsentBytes)
            // A ping that is due now is sent before the wait.
            guard hasReceivedAll, hasSentAll, isBlocked || session.bytesToSend() == nil else { continue }
            mailbox.wait(for: connection.descriptor, isWriting: isBlocked, until: session.deadline)
        }
    }

    /// Receives what has arrived; returns whether that is all.
    private mutating func receiveParts(_ receive: (WebSocket.Message) -> Void) -> Bool {
        for _ in 0..<Self.partsInRow where session.ending == nil {
            do throws(HTTPError) {
                switch try connection.receive() {
                case .bytes(let bytes): deliver(bytes, receive)
                case .nothing: return true
                case .end:
                    session.receiveEnd(
                        .connection(.broken(connection.origin, reason: "the server ended it without a close frame")))
                }
            } catch {
                session.receiveEnd(.connection(error))
            }
        }
        return false
    }

    private mutating func deliver(_ bytes: [UInt8], _ receive: (WebSocket.Message) -> Void) {
        for message in session.receive(bytes[...], at: .now) {
            // After an abort, the owner expects no further messages.
            guard !mailbox.isAborted else { return session.abort() }
            receive(message)
        }
    }

    /// Sends what the system accepts; returns whether it accepts no more, or all is sent.
    private mutating func sendParts(_ receive: (WebSocket.Message) -> Void) -> Bool {
        for _ in 0..<Self.partsInRow {
            guard let bytes = session.bytesToSend() else {
                isBlocked = false
                return true
            }
            // A send that was not accepted is repeated from the same byte with at least the same length, as TLS
            // requires.
            let part = bytes.prefix(Self.largestPart)
            do throws(HTTPError) {
                let count = try connection.send(part)
                session.markSent(count)
                if isBlocked, count > 0 { session.markProgress(at: .now) }
                isBlocked = count < part.count
                if isBlocked { return true }
            } catch {
                // The server may have said why it ended the connection.
                for _ in 0..<Self.partsInRow where session.ending == nil { if receiveParts(receive) { break } }
                session.receiveEnd(.connection(error))
            }
        }
        return false
    }

    /// Notices that the server's machine takes bytes that the system has accepted. Few bytes show nothing: the machine
    /// takes them even if the server does not.
    private mutating func checkProgress() {
        let count = Int(clinux_unacknowledged_bytes(connection.descriptor))
        if count < unacknowledged, unacknowledged > Self.largestPart { session.markProgress(at: .now) }
        unacknowledged = count
    }
}
