import GalleyJupyterProtocol

/// The question whether other clients are connected to a kernel, after the server closed the connection in a cell.
///
/// A server keeps the messages for a client that it disconnected only while no other client is connected. Until the
/// answer arrives, the messages about the cell wait here. So the loss is reported before the end of the cell.
struct OtherClientsCheck: Sendable {
    /// The requests that were open at the cut.
    let requests: [Header]
    /// Whether the next answer is that to an earlier question, from before the new connection.
    var awaitsEarlierAnswer: Bool
    private(set) var held: [Message] = []

    private static let limit = 10_000

    init(_ requests: [Header], awaitsEarlierAnswer: Bool) {
        (self.requests, self.awaitsEarlierAnswer) = (requests, awaitsEarlierAnswer)
    }

    /// Holds a message back; returns false if too many wait already.
    mutating func hold(_ message: Message) -> Bool {
        guard held.count < Self.limit else { return false }
        held.append(message)
        return true
    }
}
