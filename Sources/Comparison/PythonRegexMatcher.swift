/// Finds the matches of a program in one text.
struct PythonRegexMatcher {
    let program: PythonRegexProgram
    let text: [UInt32]
    /// The start and end of each group in the last match; -1 for a group that did not take part.
    private(set) var slots: [Int]
    private var backtrackStack: [BacktrackPoint] = []
    private var position = 0
    private var place = 0

    /// The maximum size of the backtrack stack. A match attempt that exceeds it fails, because it would need hundreds
    /// of megabytes.
    static let maxBacktrackPoints = 4_000_000

    /// The maximum number of steps in one text, after which there are no more matches. Without it, some expressions
    /// would run practically forever.
    static let mostSteps = 50_000_000
    private var steps = 0

    /// A state to which matching can return.
    private enum BacktrackPoint {
        case branch(place: Int, position: Int)
        /// A run that may end at any position from `low` to `high`. A lazy run tries `low` next, a greedy run tries
        /// `high`.
        case run(place: Int, low: Int, high: Int, isLazy: Bool)
        case restore(slot: Int, Int)
    }

    init(_ program: PythonRegexProgram, in text: [UInt32]) {
        (self.program, self.text) = (program, text)
        slots = Array(repeating: -1, count: program.slotCount)
    }

    /// Finds the first match at or after `start`, and returns whether there is one.
    ///
    /// - Parameter mustAdvance: Whether a match at `start` must not be empty.
    mutating func find(from start: Int, mustAdvance: Bool) -> Bool {
        var start = start
        var mustAdvance = mustAdvance
        while start <= text.count, steps < Self.mostSteps {
            if let first = program.first {
                while start < text.count, !first.accepts(text[start]) {
                    start += 1
                    mustAdvance = false
                }
                if start == text.count { return false }
            }
            if matches(at: start, mustAdvance: mustAdvance) { return true }
            start += 1
            mustAdvance = false
        }
        return false
    }

    /// Whether there is a match at the start of the text.
    mutating func matchesStart() -> Bool { matches(at: 0, mustAdvance: false) }

    private mutating func matches(at start: Int, mustAdvance: Bool) -> Bool {
        for slot in slots.indices { slots[slot] = -1 }
        backtrackStack.removeAll(keepingCapacity: true)
        (position, place) = (start, 0)
        while true {
            steps += 1
            if steps > Self.mostSteps { return false }
            if case .end = program.steps[place] {
                if !mustAdvance || position > start { return true }
                if !backtrack() { return false }
            } else if !step(), backtrackStack.count > Self.maxBacktrackPoints || !backtrack() {
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
            guard position < text.count, test.accepts(text[position]) else { return false }
            position += 1
        case .run(let test, let min, let max, let isLazy): return run(test, min: min, max: max, isLazy: isLazy)
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
        case .again(let group, let ignoresCase): return repeatGroup(group, ignoresCase: ignoresCase)
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
        return backtrackStack.count <= Self.maxBacktrackPoints
    }

    /// Returns to the last untried alternative; returns false if there is none.
    private mutating func backtrack() -> Bool {
        while let way = backtrackStack.popLast() {
            switch way {
            case .restore(let slot, let value): slots[slot] = value
            case .branch(let place, let position):
                (self.place, self.position) = (place, position)
                return true
            case .run(let place, let low, let high, let isLazy):
                if !isLazy {
                    if high > low { backtrackStack.append(.run(place: place, low: low, high: high - 1, isLazy: false)) }
                    (self.place, position) = (place, high)
                    return true
                }
                guard case .run(let test, _, _, _) = program.steps[place - 1], test.accepts(text[low]) else { continue }
                if low + 1 < high { backtrackStack.append(.run(place: place, low: low + 1, high: high, isLazy: true)) }
                (self.place, position) = (place, low + 1)
                return true
            }
        }
        return false
    }

    private mutating func set(_ slot: Int, _ value: Int) {
        backtrackStack.append(.restore(slot: slot, slots[slot]))
        slots[slot] = value
    }

    private mutating func enter(_ slot: Int, behind: Int) {
        set(slot + 1, position)
        set(slot, backtrackStack.count + 1)
        position -= behind
    }

    private mutating func run(_ test: ScalarTest, min: Int, max: Int, isLazy: Bool) -> Bool {
        let start = position
        let last = max >= text.count - start ? text.count : start + max
        let goal = isLazy ? Swift.min(start + min, last) : last
        while position < goal, test.accepts(text[position]) { position += 1 }
        if position - start < min { return false }
        if isLazy {
            if position < last {
                backtrackStack.append(.run(place: place, low: position, high: last, isLazy: true))
            }
        } else if position > start + min {
            backtrackStack.append(.run(place: place, low: start + min, high: position - 1, isLazy: false))
        }
        return true
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
            if count >= min { backtrackStack.append(.branch(place: exit, position: position)) }
            set(slot, count + 1)
            set(slot + 1, position)
        }
    }

    /// Whether a group has matched; false for a group that was entered again and has not ended.
    private func isSet(_ group: Int) -> Bool { slots[2 * group] >= 0 && slots[2 * group + 1] >= slots[2 * group] }

    private mutating func repeatGroup(_ group: Int, ignoresCase: Bool) -> Bool {
        let (start, end) = (slots[2 * group], slots[2 * group + 1])
        guard isSet(group), text.count - position >= end - start else { return false }
        for offset in 0..<end - start {
            let (one, other) = (text[start + offset], text[position + offset])
            if one != other, !ignoresCase || one.lowercased != other.lowercased { return false }
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
