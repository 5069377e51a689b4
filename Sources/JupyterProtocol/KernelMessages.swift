import GalleyConcurrency

/// The messages from a kernel, in order. They are buffered until they are read.
///
/// Any number of loops can read in turn. Each continues where the previous one ended, by `break`, by an error or by the
/// cancellation of its task, so no message is lost between loops. Two loops at the same time divide the messages
/// between them.
public struct KernelMessages: AsyncSequence, Sendable {
    private let waiting = AsyncState(Waiting())

    /// Creates an empty sequence.
    public init() {}

    /// Appends a message.
    public func add(_ message: Message) { waiting.change { $0.add(message) } }

    /// Ends the sequence after the messages added so far, with a failure if one is given.
    public func finish(throwing failure: KernelFailure? = nil) { waiting.change { $0.finish(failure) } }

    /// Whether all messages have been read and a task waits for the next one.
    package var hasWaitingReader: Bool { waiting.hasWaitingTask }

    /// Returns an iterator that continues with the first unread message.
    public func makeAsyncIterator() -> Iterator { Iterator(waiting: waiting) }

    /// An iterator that removes messages from the sequence.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let waiting: AsyncState<Waiting>

        /// Returns the next message; nil at the end.
        ///
        /// - Throws: The ``KernelFailure`` that ended the sequence, or `CancellationError` if the task is canceled and
        ///   no message is waiting.
        public func next() async throws -> Message? {
            switch await waiting.first({ $0.take() }) {
            case .message(let message): return message
            case .end(let failure?): throw failure
            case .end(nil): return nil
            case nil: throw CancellationError()
            }
        }
    }

    /// The unread messages.
    fileprivate struct Waiting: Sendable {
        private var messages = Queue<Message>()
        private var ending: KernelFailure??

        enum Found {
            case message(Message)
            case end(KernelFailure?)
        }

        mutating func add(_ message: Message) {
            guard ending == nil else { return }
            // Dropping repeated clears keeps code that clears its output in a loop from filling the memory.
            if message.type == Message.clearOutputType, messages.last?.isSameClear(as: message) == true { return }
            messages.append(message)
        }

        mutating func finish(_ failure: KernelFailure?) {
            if ending == nil { ending = .some(failure) }
        }

        mutating func take() -> Found? { messages.popFirst().map { .message($0) } ?? ending.map { .end($0) } }
    }
}
