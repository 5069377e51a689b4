import Synchronization

/// Answers to input requests, each given once and in order.
final class InputAnswers: Sendable {
    private let rest: Mutex<ArraySlice<String>>

    /// The number of answers that were not given.
    var restCount: Int { rest.withLock(\.count) }

    init(_ answers: [String]) { rest = Mutex(answers[...]) }

    /// Returns the next answer; nil if none is left.
    func next() -> String? { rest.withLock { $0.popFirst() } }
}
