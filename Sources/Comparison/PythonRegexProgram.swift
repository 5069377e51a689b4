/// The compiled steps of a regular expression.
///
/// Matching backtracks with its own stack, so no text or expression can overflow the call stack.
struct PythonRegexProgram: Sendable {
    enum Step: Sendable {
        /// Matches one character by a test.
        case one(Int)
        /// Matches a run of characters.
        case run(Int)
        case jump(Int)
        /// Continues at the first step, and at the second if the first fails.
        case split(Int, Int)
        /// Saves the position.
        case mark(slot: Int)
        case zero(slot: Int)
        /// Repeats the steps that follow, or continues at `exit`. Uses `slot` for the count and the next slot for the
        /// position.
        case loop(slot: Int, min: Int, max: Int, isLazy: Bool, exit: Int)
        case again(group: Int, CaseFolding)
        case at(PythonRegexNode.Anchor)
        /// Saves the height of the backtrack stack in `slot`, and the position in the next slot.
        case enter(slot: Int, behind: Int)
        /// Discards all alternatives since `enter`.
        case settle(slot: Int, keepsPosition: Bool)
        /// Does the same as `enter`, but continues at `exit` if the steps up to `refuse` fail.
        case enterNot(slot: Int, behind: Int, exit: Int)
        /// Undoes everything since `enterNot`, and fails.
        case refuse(slot: Int)
        case unlessSet(group: Int, Int)
        case end
    }

    /// As many characters as possible that pass a test, or as few as possible if `isLazy`.
    struct Run: Sendable {
        let test: Int
        let min: Int
        let max: Int
        let isLazy: Bool
    }

    private(set) var steps: [Step] = []
    /// Whether the success of the remaining steps, from each step on, depends on the position in the text alone.
    private(set) var dependsOnPositionOnly: [Bool] = []
    private(set) var tests: [ScalarTest] = []
    private(set) var runs: [Run] = []
    private(set) var slotCount: Int

    /// The test for the first character of every match; nil if a match can be empty.
    let first: ScalarTest?
    /// The longest text that occurs in every match; empty if none is known.
    let requiredText: [UInt32]
    /// The assertion with which every match begins.
    private(set) var anchor: PythonRegexNode.Anchor?
    /// The endless run with which every match begins.
    private(set) var leadingRun: Int?

    /// The number of loops, assertions and atomic groups around the steps that are being added.
    private var depth = 0
    private var usesGroups = false
    /// The tests for single characters.
    private var numbers: [UInt32: Int] = [:]

    /// Compiles an expression; `groupCount` includes the whole match.
    init(_ node: PythonRegexNode, groupCount: Int) {
        let beginning = node.beginning
        first = beginning.canBeEmpty ? nil : beginning.test
        requiredText = node.requiredText
        slotCount = 2 * groupCount
        add(.group(0, node))
        append(.end)
        if usesGroups { dependsOnPositionOnly = Array(repeating: false, count: steps.count) }
        findStart()
    }

    private mutating func findStart() {
        for (place, step) in steps.enumerated() {
            switch step {
            case .mark: continue
            case .at(let wanted): anchor = wanted
            case .run(let run) where runs[run].max == PythonRegexNode.endless && dependsOnPositionOnly[place + 1]:
                leadingRun = run
            default: break
            }
            return
        }
    }

    // MARK: - Nodes

    private mutating func add(_ node: PythonRegexNode) {
        switch node {
        case .one(let test): append(.one(number(of: test)))
        case .sequence(let nodes): for node in nodes { add(node) }
        case .alternation(let nodes): add(alternation: nodes)
        case .group(let number, let node):
            append(.mark(slot: 2 * number))
            add(node)
            append(.mark(slot: 2 * number + 1))
        case .repeated(let node, let min, let max, .possessive):
            add(.atomic(.repeated(node, min: min, max: max, .greedy)))
        case .repeated(.sequence(let nodes), let min, let max, let greediness) where nodes.count == 1:
            add(.repeated(nodes[0], min: min, max: max, greediness))
        case .repeated(let node, let min, let max, let greediness):
            add(node, min: min, max: max, isLazy: greediness == .lazy)
        case .again(let group, let folding):
            usesGroups = true
            append(.again(group: group, folding))
        case .at(let place): append(.at(place))
        case .atomic(let node):
            let slot = newSlots(2)
            append(.enter(slot: slot, behind: 0))
            add(node, endingWith: .settle(slot: slot, keepsPosition: true))
        case .look(let node, let behind, let isNegated): add(look: node, behind: behind ?? 0, isNegated)
        case .conditional(let group, let yes, let no):
            usesGroups = true
            let test = hole()
            add(yes)
            let leave = hole()
            steps[test] = .unlessSet(group: group, steps.count)
            add(no)
            steps[leave] = .jump(steps.count)
        }
    }

    private mutating func add(alternation nodes: [PythonRegexNode]) {
        if let test = Self.oneTest(for: nodes) { return append(.one(number(of: test))) }
        var leaves: [Int] = []
        for node in nodes.dropLast() {
            let split = hole()
            add(node)
            leaves.append(hole())
            steps[split] = .split(split + 1, steps.count)
        }
        if let last = nodes.last { add(last) }
        for leave in leaves { steps[leave] = .jump(steps.count) }
    }

    /// One test in place of alternatives that are single characters.
    private static func oneTest(for nodes: [PythonRegexNode]) -> ScalarTest? {
        var tests: [ScalarTest] = []
        for node in nodes {
            guard case .one(let test) = node else { return nil }
            tests.append(test)
        }
        return ScalarTest(anyOf: tests)
    }

    private mutating func add(_ node: PythonRegexNode, min: Int, max: Int, isLazy: Bool) {
        if let test = Self.oneTest(for: [node]) ?? Self.oneTest(ofAlternation: node) {
            runs.append(Run(test: number(of: test), min: min, max: max, isLazy: isLazy))
            return append(.run(runs.count - 1))
        }
        if min == 0, max == 1 {
            let split = hole()
            add(node)
            steps[split] = choice(split + 1, steps.count, isLazy: isLazy)
        } else if min <= 1, max == PythonRegexNode.endless, !node.beginning.canBeEmpty {
            // Every iteration advances, so neither a count nor the last position is needed.
            let split = min == 0 ? hole() : nil
            let body = steps.count
            add(node)
            append(choice(body, steps.count + 1, isLazy: isLazy))
            if let split { steps[split] = choice(body, steps.count, isLazy: isLazy) }
        } else {
            let slot = newSlots(2)
            append(.zero(slot: slot))
            depth += 1
            let head = hole()
            add(node)
            append(.jump(head))
            depth -= 1
            steps[head] = .loop(slot: slot, min: min, max: max, isLazy: isLazy, exit: steps.count)
        }
    }

    private static func oneTest(ofAlternation node: PythonRegexNode) -> ScalarTest? {
        guard case .alternation(let nodes) = node else { return nil }
        return oneTest(for: nodes)
    }

    /// Enters the body of a repetition at `body`, or leaves it at `exit`.
    private func choice(_ body: Int, _ exit: Int, isLazy: Bool) -> Step {
        isLazy ? .split(exit, body) : .split(body, exit)
    }

    private mutating func add(look node: PythonRegexNode, behind: Int, _ isNegated: Bool) {
        let slot = newSlots(2)
        let enter = hole()
        add(node, endingWith: isNegated ? .refuse(slot: slot) : .settle(slot: slot, keepsPosition: false))
        steps[enter] =
            isNegated
            ? .enterNot(slot: slot, behind: behind, exit: steps.count) : .enter(slot: slot, behind: behind)
    }

    // MARK: - Steps

    private mutating func add(_ node: PythonRegexNode, endingWith last: Step) {
        depth += 1
        add(node)
        append(last)
        depth -= 1
    }

    private mutating func append(_ step: Step) {
        steps.append(step)
        dependsOnPositionOnly.append(depth == 0)
    }

    private mutating func hole() -> Int {
        append(.end)
        return steps.count - 1
    }

    private mutating func number(of test: ScalarTest) -> Int {
        if let single = test.single, let known = numbers[single] { return known }
        tests.append(test)
        if let single = test.single { numbers[single] = tests.count - 1 }
        return tests.count - 1
    }

    private mutating func newSlots(_ count: Int) -> Int {
        defer { slotCount += count }
        return slotCount
    }
}
