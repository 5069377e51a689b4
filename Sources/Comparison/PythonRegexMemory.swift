/// The facts about one text that a matcher keeps, so that an expression needs no quadratic or exponential time where the
/// success of a step depends on the position alone.
struct PythonRegexMemory {
    /// Whether failures are remembered.
    var isEnabled = true
    private var runs: [Run]
    /// States that attempts have tried. A state replaces another one with the same hash.
    private var visited: [UInt64] = []
    private let visitedBits: Int
    /// The end of the last match. The states up to it may have led to the match.
    private var matchEnd = -1

    private struct Run {
        /// The start and end of the last run. A run from a later position in it has the same end.
        var start = 0, end = -1
        /// The first and last of neighboring positions at which the run must not end.
        var firstFailure = 0, lastFailure = -1
    }

    init(runCount: Int, length: Int) {
        runs = Array(repeating: Run(), count: runCount)
        visitedBits = min(max(Int.bitWidth - (4 * length).leadingZeroBitCount, 8), 20)
    }

    /// The end of a run that begins at `position`, if it is known.
    func end(of run: Int, from position: Int) -> Int? {
        position >= runs[run].start && position <= runs[run].end ? runs[run].end : nil
    }

    /// The start of the last run, if it is after `position`.
    func start(of run: Int, after position: Int) -> Int? {
        runs[run].end >= 0 && runs[run].start > position ? runs[run].start : nil
    }

    mutating func setEnd(of run: Int, from position: Int, _ end: Int) {
        (runs[run].start, runs[run].end) = (position, end)
    }

    /// Remembers that no match, with whichever start, follows if a run ends at `position`.
    mutating func addFailure(of run: Int, at position: Int) {
        guard isEnabled else { return }
        if position == runs[run].firstFailure - 1, runs[run].lastFailure >= 0 {
            runs[run].firstFailure = position
        } else if position == runs[run].lastFailure + 1, runs[run].lastFailure >= 0 {
            runs[run].lastFailure = position
        } else if position < runs[run].firstFailure || position > runs[run].lastFailure {
            (runs[run].firstFailure, runs[run].lastFailure) = (position, position)
        }
    }

    /// Removes the failures from the preferred side of a range of ends.
    func removeFailures(of run: Int, _ low: inout Int, _ high: inout Int, isLazy: Bool) {
        guard isEnabled else { return }
        let failures = runs[run]
        if isLazy, low >= failures.firstFailure, low <= failures.lastFailure { low = failures.lastFailure + 1 }
        if !isLazy, high >= failures.firstFailure, high <= failures.lastFailure { high = failures.firstFailure - 1 }
    }

    /// Remembers a state that is about to be tried, and returns whether it is new, as far as known.
    mutating func visit(_ place: Int, _ position: Int) -> Bool {
        guard isEnabled else { return true }
        if visited.isEmpty { visited = Array(repeating: 0, count: 1 << visitedBits) }
        let state = UInt64(truncatingIfNeeded: place) << 40 | UInt64(truncatingIfNeeded: position + 1)
        let slot = Int((state &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - visitedBits))
        if visited[slot] == state { return position <= matchEnd }
        visited[slot] = state
        return true
    }

    mutating func noteMatch(endingAt end: Int) { matchEnd = end }

    /// Forgets the states of an attempt that was given up, because they may lead to a match.
    mutating func forgetVisited() { visited = [] }
}
