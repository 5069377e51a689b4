import Synchronization

/// A planned run.
struct PlannedRun {
    var kind: NotebookKind
    /// The time until it is canceled; nil if it is not.
    var cancelledAfter: Duration?

    /// Returns a plan that cycles through all kinds, and cancels one run in five after a random delay.
    static func plan(_ count: Int, seed: UInt64) -> [PlannedRun] {
        var random = Generator(state: seed)
        var plan = (0..<count).map { PlannedRun(kind: NotebookKind.allCases[$0 % NotebookKind.allCases.count]) }
        for number in (0..<count).shuffled(using: &random).prefix(count / 5) {
            // A negative delay means that the run is canceled before it starts.
            let moment = Int.random(in: -100...1500, using: &random)
            plan[number].cancelledAfter = .milliseconds(max(0, moment))
        }
        return plan
    }

    /// SplitMix64, which generates the same numbers for the same seed.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var result = state
            result = (result ^ (result >> 30)) &* 0xBF58_476D_1CE4_E5B9
            result = (result ^ (result >> 27)) &* 0x94D0_49BB_1331_11EB
            return result ^ (result >> 31)
        }
    }
}

/// The result of a run.
struct FinishedRun: Sendable {
    var kind: NotebookKind
    var isCancelled: Bool
    var wasStopped: Bool
    var duration: Duration
    /// The fault of its outcome; nil if there is none.
    var problem: String?
}

/// The runs to start, and the results of finished runs.
final class RunQueue: Sendable {
    private struct State {
        var waiting = 0..<0
        var isClosed = true
        var runs: [FinishedRun] = []
    }

    private let state = Mutex(State())

    var runs: [FinishedRun] { state.withLock(\.runs) }
    var isClosed: Bool { state.withLock(\.isClosed) }

    func open(_ runs: Range<Int>) { state.withLock { ($0.waiting, $0.isClosed) = (runs, false) } }
    func next() -> Int? { state.withLock { $0.waiting.popFirst() } }
    func note(_ run: FinishedRun) { state.withLock { $0.runs.append(run) } }
    func close() { state.withLock { $0.isClosed = true } }
}
