import GalleyConcurrency

/// What a kernel says, in order, kept until somebody wants to hear it.
///
/// Any number of loops can take turns: each goes on where the one before it was left, whether by `break`, by an error or
/// by the cancellation of its task. Nothing that a kernel said is lost with a loop that was not there to hear it. Two
/// loops at once share the messages between them.
public struct KernelMessages: AsyncSequence, Sendable {
    private let waiting = AsyncState(Waiting())

    /// Makes an empty sequence.
    public init() {}

    /// Adds a message at the end.
    public func add(_ message: Message) { waiting.change { $0.add(message) } }

    /// Ends the sequence behind what has been added; with a failure, if there is one.
    public func finish(throwing failure: KernelFailure? = nil) { waiting.change { $0.finish(failure) } }

    /// Whether all that was said has been heard, and somebody waits for more.
    package var hasWaitingReader: Bool { waiting.hasWaitingTask }

    /// Begins to listen, or goes on with it.
    public func makeAsyncIterator() -> Iterator { Iterator(waiting: waiting) }

    /// Takes one message after another.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let waiting: AsyncState<Waiting>

        /// Returns the next message, nil at the end.
        ///
        /// - Throws: The ``KernelFailure`` that ended the sequence, or `CancellationError` where the task is cancelled
        ///   and no message is there.
        public func next() async throws -> Message? {
            switch await waiting.first({ $0.take() }) {
            case .message(let message): return message
            case .end(let failure?): throw failure
            case .end(nil): return nil
            case nil: throw CancellationError()
            }
        }
    }

    /// What nobody has heard yet.
    fileprivate struct Waiting: Sendable {
        private var messages = Queue<Message>()
        private var ending: KernelFailure??

        enum Found {
            case message(Message)
            case end(KernelFailure?)
        }

        mutating func add(_ message: Message) {
            guard ending == nil else { return }
            // A loop that only clears must not fill the memory, and what is cleared twice is cleared.
            if message.type == Message.clearOutputType, messages.last?.isSameClear(as: message) == true { return }
            messages.append(message)
        }

        mutating func finish(_ failure: KernelFailure?) {
            if ending == nil { ending = .some(failure) }
        }

        mutating func take() -> Found? { messages.popFirst().map { .message($0) } ?? ending.map { .end($0) } }
    }
}
