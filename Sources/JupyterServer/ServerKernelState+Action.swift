import GalleyJupyterProtocol

extension ServerKernelState {
    /// An action that follows from an event.
    enum Action: Sendable {
        /// Passes a message to the client.
        case deliver(Message)
        /// Sends a message to the server.
        case send(Message)
        /// Asks the server's API for the state of the kernel.
        case poll
        /// Opens a new connection after a delay.
        case reconnect(after: Duration)
        /// Tells the user about a problem that did not end the run.
        case warn(String)
        /// The kernel is ready for requests.
        case becomeReady(KernelInfo)
        /// No more messages will arrive.
        case end(KernelFailure)
    }

    /// The state of a kernel according to the server's API.
    enum ReportedState: Hashable, Sendable {
        /// The server has the kernel, in this execution state, with this number of clients if the server tells it.
        case present(String, connections: Int? = nil)
        /// The server has no kernel with the ID.
        case missing
        /// The server did not answer.
        case unknown
    }
}
