import Synchronization

/// What a kernel says, in order, kept until somebody wants to hear it.
///
/// Any number of loops can take turns: each goes on where the one before it was left, whether by `break`, by an error or
/// by the cancellation of its task. Nothing that a kernel said is lost with a loop that was not there to hear it. Two
/// loops at once share the messages between them.
public struct KernelMessages: AsyncSequence, Sendable {
    private let queue = Queue()

    /// Makes an empty sequence.
    public init() {}

    /// Adds a message at the end.
    public func add(_ message: Message) { queue.add(message) }

    /// Ends the sequence behind what has been added; with a failure, if there is one.
    public func finish(throwing failure: KernelFailure? = nil) { queue.finish(failure) }

    /// Begins to listen, or goes on with it.
    public func makeAsyncIterator() -> Iterator { Iterator(queue: queue) }

    /// Takes one message after another.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let queue: Queue

        /// Returns the next message, nil at the end.
        ///
        /// - Throws: The ``KernelFailure`` that ended the sequence, or `CancellationError` where the task is cancelled
        ///   and no message is there.
        public func next() async throws -> Message? { try await queue.next() }
    }

    fileprivate final class Queue: Sendable {
        private struct State {
            var messages: [Message] = []
            var first = 0
            var ending: KernelFailure??
            var next = 0
            var listeners: [Int: CheckedContinuation<Void, Never>] = [:]
        }

        private enum Found {
            case message(Message)
            case end(KernelFailure?)
        }

        private let state = Mutex(State())

        func add(_ message: Message) {
            wake { state in if state.ending == nil { state.messages.append(message) } }
        }

        func finish(_ failure: KernelFailure?) {
            wake { state in if state.ending == nil { state.ending = .some(failure) } }
        }

        private func wake(_ change: (inout State) -> Void) {
            let listeners = state.withLock { state in
                change(&state)
                defer { state.listeners = [:] }
                return state.listeners
            }
            for listener in listeners.values { listener.resume() }
        }

        func next() async throws -> Message? {
            while true {
                switch state.withLock({ take(from: &$0) }) {
                case .message(let message): return message
                case .end(let failure):
                    if let failure { throw failure }
                    return nil
                case nil:
                    try Task.checkCancellation()
                    await news()
                }
            }
        }

        private func take(from state: inout State) -> Found? {
            if state.first < state.messages.count {
                let message = state.messages[state.first]
                state.first += 1
                // What was taken is let go from time to time, at a cost that does not grow with what is waiting.
                if state.first > 1000, state.first * 2 > state.messages.count {
                    state.messages.removeFirst(state.first)
                    state.first = 0
                }
                return .message(message)
            }
            state.messages.removeAll(keepingCapacity: state.messages.capacity < 1000)
            state.first = 0
            return state.ending.map { .end($0) }
        }

        /// Waits until something has been added, or the task is cancelled.
        private func news() async {
            let number = state.withLock { state in
                state.next += 1
                return state.next
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isThere = state.withLock { state in
                        let isThere = state.first < state.messages.count || state.ending != nil || Task.isCancelled
                        if !isThere { state.listeners[number] = continuation }
                        return isThere
                    }
                    if isThere { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.listeners.removeValue(forKey: number) }?.resume()
            }
        }
    }
}
