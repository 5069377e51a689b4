/// The reason why outputs of a cell did not arrive.
@nonexhaustive
public enum OutputLoss: Hashable, Sendable {
    /// A Jupyter server dropped outputs, because they exceeded its rate limit. `notice` is the server's text.
    case rateLimit(notice: String)
    /// The connection to the kernel was interrupted for this long, and the outputs of that time may be missing.
    ///
    /// If the reply is missing too, it is unknown whether the cell raised an error.
    case connection(Duration, isReplyMissing: Bool)

    /// Whether the outputs may arrive if the cell runs again. A rate limit is exceeded again.
    public var isTransient: Bool { if case .connection = self { true } else { false } }

    /// Whether this loss makes it needless to report another one, too.
    package func includes(_ other: OutputLoss) -> Bool {
        switch (self, other) {
        // A missing reply is worse than missing outputs.
        case (.connection(_, isReplyMissing: false), .connection(_, isReplyMissing: true)): false
        default: true
        }
    }

    /// The change that prevents the loss, as a sentence; nil if none is known.
    package var remedy: String? {
        switch self {
        case .rateLimit:
            "To turn the limit off, start the server with --ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=0 "
                + "--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=0"
        case .connection: nil
        }
    }
}

extension OutputLoss: CustomStringConvertible {
    /// The reason as a clause, such as "the server dropped outputs, because they exceeded its rate limit".
    public var description: String {
        switch self {
        case .rateLimit: return "the server dropped outputs, because they exceeded its rate limit"
        case .connection(let duration, let isReplyMissing):
            let seconds = duration.components.seconds
            let time = seconds < 1 ? "less than 1 s" : "\(seconds) s"
            let rest =
                isReplyMissing
                ? "outputs may be missing, and it is unknown whether the cell raised an error"
                : "outputs may be missing"
            return "the connection to the kernel was interrupted for \(time), so \(rest)"
        }
    }
}
