/// Finds the matches of a program in one text.
struct PythonRegexMatcher {
    let program: PythonRegexProgram
    let text: [UInt32]
    /// The start and end of each group in the last match; -1 for a group that did not take part.
    private(set) var slots: [Int]
    /// Whether an attempt reached a limit, so that matches may be missing.
    private(set) var hasReachedLimit = false

    private var backtrackStack: [BacktrackPoint] = []
    private var position = 0
    private var place = 0
    private var memory: PythonRegexMemory

    private let limits: Limits
    /// The number of steps so far.
    private(set) var steps = 0
    private var stepsBeforeAttempt = 0

    /// The maximum size of the backtrack stack, which would otherwise need more than hundreds of megabytes.
    static let maxBacktrackPoints = 4_000_000

    /// The maximum numbers of steps, without which some expressions would run practically forever.
    struct Limits {
        /// The maximum for one position at which a match can begin. Beyond it, there is no match at the position.
        var attempt: Int
        /// The maximum for the whole text, after which there are no more matches.
        var total: Int

        init(attempt: Int, total: Int) { (self.attempt, self.total) = (attempt, total) }

        /// The limits for a text, in which the steps of most expressions are proportional to its length.
        init(length: Int) { self.init(attempt: 2_000_000 + 32 * length, total: 20_000_000 + 64 * length) }
    }

    /// A state to which matching can return.
    private enum BacktrackPoint {
        case branch(place: Int, position: Int)
        /// A run before `place` that may end at any position from `low` to `high`; at none if `low` is greater.
        case run(place: Int, low: Int, high: Int)
        case restore(slot: Int, Int)
    }

    init(_ program: PythonRegexProgram, in text: [UInt32], limits: Limits? = nil) {
        (self.program, self.text) = (program, text)
        self.limits = limits ?? Limits(length: text.count)
        slots = Array(repeating: -1, count: program.slotCount)
        memory = PythonRegexMemory(runCount: program.runs.count, length: text.count)
    }

    /// Finds the first match at or after `start`, and returns whether there is one.
    ///
    /// - Parameter mustAdvance: Whether a match at `start` must not be empty.
    mutating func find(from start: Int, mustAdvance: Bool) -> Bool {
        var start = start
        var mustAdvance = mustAdvance
        while let next = candidate(from: start) {
            if next > start { mustAdvance = false }
            start = next
            if matches(at: start, mustAdvance: mustAdvance) { return true }
            guard steps < limits.total else { return false }
            start = self.start(after: start)
            mustAdvance = false
        }
        return false
    }

    /// Whether there is a match at the start of the text.
    mutating func matchesStart() -> Bool { matches(at: 0, mustAdvance: false) }

    // MARK: - Starts

    /// Returns the first position from `start` on at which a match can begin.
    private func candidate(from start: Int) -> Int? {
        var start = start
        switch program.anchor {
        case .textStart where start > 0: return nil
        case .lineStart where start > 0 && start <= text.count && text[start - 1] != 0x0A:
            guard let end = text[start...].firstIndex(of: 0x0A) else { return nil }
            start = end + 1
        default: break
        }
        guard let first = program.first else { return start <= text.count ? start : nil }
        while start < text.count, !first.accepts(text[start]) { start += 1 }
        return start < text.count ? start : nil
    }

    /// Returns the next position to try after an attempt that failed.
    private func start(after start: Int) -> Int {
        // If no end of the first run leads to a match, none does from a later position in the same run.
        guard !hasReachedLimit, memory.isEnabled, let run = program.leadingRun,
            let end = memory.end(of: run, from: start)
        else { return start + 1 }
        return end + 1
    }

    // MARK: - Attempts

    private mutating func matches(at start: Int, mustAdvance: Bool) -> Bool {
        for slot in slots.indices { slots[slot] = -1 }
        backtrackStack.removeAll(keepingCapacity: true)
        (position, place) = (start, 0)
        stepsBeforeAttempt = steps
        // In such an attempt a position can fail that succeeds in another attempt.
        memory.isEnabled = !mustAdvance
        while true {
            steps += 1
            if steps - stepsBeforeAttempt > limits.attempt || steps > limits.total
                || backtrackStack.count > Self.maxBacktrackPoints
            {
                hasReachedLimit = true
                memory.forgetVisited()
                return false
            }
            if case .end = program.steps[place] {
                if !mustAdvance || position > start {
                    memory.noteMatch(endingAt: position)
                    return true
                }
                if !backtrack() { return false }
            } else if !step(), !backtrack() {
                return false
            }
        }
    }

    /// Executes one step; returns false if it fails.
    private mutating func step() -> Bool {
        let step = program.steps[place]
        place += 1
        switch step {
        case .one(let test):
            guard position < text.count, program.tests[test].accepts(text[position]) else { return false }
            position += 1
        case .run(let run): return start(run)
        case .jump(let target): place = target
        case .split(let first, let second):
            backtrackStack.append(.branch(place: second, position: position))
            place = first
        case .mark(let slot): set(slot, position)
        case .zero(let slot):
            set(slot, 0)
            set(slot + 1, -1)
        case .loop(let slot, let min, let max, let isLazy, let exit):
            loop(slot, min: min, max: max, isLazy: isLazy, exit: exit)
        case .again(let group, let folding): return repeatGroup(group, folding)
        case .at(let wanted): return isAt(wanted)
        case .enter(let slot, let behind):
            guard position >= behind else { return false }
            enter(slot, behind: behind)
        case .settle(let slot, let keepsPosition):
            let height = slots[slot]
            // Restore points stay, because backtracking to an earlier point must still restore the slots.
            let kept = backtrackStack[height...].filter { if case .restore = $0 { true } else { false } }
            backtrackStack.replaceSubrange(height..., with: kept)
            if !keepsPosition { position = slots[slot + 1] }
        case .enterNot(let slot, let behind, let exit):
            guard position >= behind else {
                place = exit
                return true
            }
            let height = backtrackStack.count
            backtrackStack.append(.branch(place: exit, position: position))
            enter(slot, behind: behind)
            set(slot, height)
        case .refuse(let slot):
            let height = slots[slot]
            while backtrackStack.count > height {
                if case .restore(let slot, let value)? = backtrackStack.popLast() { slots[slot] = value }
            }
            return false
        case .unlessSet(let group, let target): if !isSet(group) { place = target }
        case .end: break
        }
        return true
    }

    /// Returns to the last untried alternative; returns false if there is none.
    private mutating func backtrack() -> Bool {
        while let point = backtrackStack.popLast() {
            switch point {
            case .restore(let slot, let value): slots[slot] = value
            case .branch(let place, let position):
                guard isNew(place, position) else { continue }
                (self.place, self.position) = (place, position)
                return true
            case .run(let place, let low, let high):
                steps += 1
                guard case .run(let run) = program.steps[place - 1] else { continue }
                if program.dependsOnPositionOnly[place] {
                    memory.addFailure(of: run, at: program.runs[run].isLazy ? low - 1 : high + 1)
                }
                if low <= high, end(run, place, low: low, high: high) { return true }
            }
        }
        return false
    }

    /// Whether a state can lead to a match, as far as an attempt that takes long remembers.
    private mutating func isNew(_ place: Int, _ position: Int) -> Bool {
        guard steps - stepsBeforeAttempt > 32, program.dependsOnPositionOnly[place] else { return true }
        return memory.visit(place, position)
    }

    // MARK: - Runs

    private mutating func start(_ run: Int) -> Bool {
        let (test, min, max) = (program.runs[run].test, program.runs[run].min, program.runs[run].max)
        let end: Int
        if let known = memory.end(of: run, from: position) {
            end = known
        } else {
            // A run that reaches the start of the last one ends with it.
            let known = memory.start(of: run, after: position) ?? text.count
            var next = position
            while next < known, program.tests[test].accepts(text[next]) { next += 1 }
            steps += (next - position) / 8
            end = next == known ? memory.end(of: run, from: known) ?? known : next
            memory.setEnd(of: run, from: position, end)
        }
        guard end - position >= min else { return false }
        return self.end(run, place, low: position + min, high: max < end - position ? position + max : end)
    }

    /// Ends a run at the preferred position from `low` to `high` that is not known to fail.
    private mutating func end(_ run: Int, _ place: Int, low: Int, high: Int) -> Bool {
        var (low, high) = (low, high)
        let isLazy = program.runs[run].isLazy
        if program.dependsOnPositionOnly[place] {
            memory.removeFailures(of: run, &low, &high, isLazy: isLazy)
            if low > high { return false }
        }
        let end = isLazy ? low : high
        // The last end is also kept, so that its failure is remembered.
        if low < high || program.dependsOnPositionOnly[place] {
            backtrackStack.append(.run(place: place, low: isLazy ? low + 1 : low, high: isLazy ? high : high - 1))
        }
        guard isNew(place, end) else { return false }
        (self.place, position) = (place, end)
        return true
    }

    // MARK: - Other steps

    private mutating func set(_ slot: Int, _ value: Int) {
        backtrackStack.append(.restore(slot: slot, slots[slot]))
        slots[slot] = value
    }

    private mutating func enter(_ slot: Int, behind: Int) {
        set(slot + 1, position)
        set(slot, backtrackStack.count + 1)
        position -= behind
    }

    private mutating func loop(_ slot: Int, min: Int, max: Int, isLazy: Bool, exit: Int) {
        let count = slots[slot]
        let body = place
        if count >= min, count >= max || slots[slot + 1] == position {
            // Another iteration without progress would never end.
            place = exit
        } else if count >= min, isLazy {
            // The count increases only if backtracking enters another iteration.
            backtrackStack.append(.restore(slot: slot, count))
            backtrackStack.append(.restore(slot: slot + 1, slots[slot + 1]))
            backtrackStack.append(.branch(place: body, position: position))
            backtrackStack.append(.restore(slot: slot, count + 1))
            backtrackStack.append(.restore(slot: slot + 1, position))
            place = exit
        } else {
            // Python does not keep the position of an iteration that must take place.
            if count >= min {
                backtrackStack.append(.branch(place: exit, position: position))
                set(slot + 1, position)
            }
            set(slot, count + 1)
        }
    }

    /// Whether a group has matched; false for a group that was entered again and has not ended.
    private func isSet(_ group: Int) -> Bool { slots[2 * group] >= 0 && slots[2 * group + 1] >= slots[2 * group] }

    private mutating func repeatGroup(_ group: Int, _ folding: CaseFolding) -> Bool {
        let (start, end) = (slots[2 * group], slots[2 * group + 1])
        guard isSet(group), text.count - position >= end - start else { return false }
        let lowercase = { CaseEquivalence.lowercase(of: $0, isASCII: folding == .ascii) }
        for offset in 0..<end - start {
            let (one, other) = (text[start + offset], text[position + offset])
            if one != other, folding == .none || lowercase(one) != lowercase(other) { return false }
        }
        position += end - start
        return true
    }

    private func isAt(_ wanted: PythonRegexNode.Anchor) -> Bool {
        switch wanted {
        case .textStart: return position == 0
        case .textEnd: return position == text.count
        case .lineStart: return position == 0 || text[position - 1] == 0x0A
        case .lineEnd: return position == text.count || text[position] == 0x0A
        case .lastEnd: return position == text.count || position == text.count - 1 && text[position] == 0x0A
        case .wordBoundary(let isNegated, let isASCII):
            let before = position > 0 && text[position - 1].isWord(isASCII: isASCII)
            let after = position < text.count && text[position].isWord(isASCII: isASCII)
            return (before != after) != isNegated
        }
    }
}
