import Synchronization

/// Answers that are given in order, each once.
final class InputAnswers: Sendable {
    private let rest: Mutex<ArraySlice<String>>

    init(_ answers: [String]) { rest = Mutex(answers[...]) }

    /// The next answer, nil when there are no more.
    func next() -> String? { rest.withLock { $0.popFirst() } }
}
