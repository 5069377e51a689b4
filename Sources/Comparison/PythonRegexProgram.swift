/// The compiled steps of a regular expression.
///
/// Matching backtracks with its own stack, so no text or expression can overflow the call stack.
struct PythonRegexProgram: Sendable {
    enum Step: Sendable {
        case one(ScalarTest)
        /// Matches as many characters as possible, or as few as possible if `isLazy`.
        case run(ScalarTest, min: Int, max: Int, isLazy: Bool)
        case jump(Int)
        /// Continues at the first step, and at the second if the first fails.
        case split(Int, Int)
        /// Saves the position.
        case mark(slot: Int)
        case zero(slot: Int)
        /// Repeats the steps that follow, or continues at `exit`. Uses `slot` for the count and the next slot for the
        /// position.
        case loop(slot: Int, min: Int, max: Int, isLazy: Bool, exit: Int)
        case again(group: Int, ignoresCase: Bool)
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

    private(set) var steps: [Step] = []
    private(set) var slotCount: Int
    /// A test for the first character of every match; nil if there is no single test.
    private(set) var first: ScalarTest?

    /// Compiles an expression; `groupCount` includes the whole match.
    init(_ node: PythonRegexNode, groupCount: Int) {
        slotCount = 2 * groupCount
        add(.group(0, node))
        steps.append(.end)
        for step in steps {
            switch step {
            case .mark: continue
            case .one(let test): first = test
            case .run(let test, let min, _, _) where min > 0: first = test
            default: break
            }
            break
        }
    }

    private mutating func add(_ node: PythonRegexNode) {
        switch node {
        case .one(let test): steps.append(.one(test))
        case .sequence(let nodes): for node in nodes { add(node) }
        case .alternation(let nodes): add(alternation: nodes)
        case .group(let number, let node):
            steps.append(.mark(slot: 2 * number))
            add(node)
            steps.append(.mark(slot: 2 * number + 1))
        case .repeated(let node, let min, let max, .possessive):
            add(.atomic(.repeated(node, min: min, max: max, .greedy)))
        case .repeated(.sequence(let nodes), let min, let max, let eagerness) where nodes.count == 1:
            add(.repeated(nodes[0], min: min, max: max, eagerness))
        case .repeated(.one(let test), let min, let max, let eagerness):
            steps.append(.run(test, min: min, max: max, isLazy: eagerness == .lazy))
        case .repeated(let node, let min, let max, let eagerness):
            add(node, min: min, max: max, isLazy: eagerness == .lazy)
        case .again(let group, let ignoresCase): steps.append(.again(group: group, ignoresCase: ignoresCase))
        case .at(let place): steps.append(.at(place))
        case .atomic(let node):
            let slot = newSlots(2)
            steps.append(.enter(slot: slot, behind: 0))
            add(node)
            steps.append(.settle(slot: slot, keepsPosition: true))
        case .look(let node, let behind, let isNegated): add(look: node, behind: behind ?? 0, isNegated)
        case .conditional(let group, let yes, let no):
            let test = hole()
            add(yes)
            let leave = hole()
            steps[test] = .unlessSet(group: group, steps.count)
            add(no)
            steps[leave] = .jump(steps.count)
        }
    }

    private mutating func add(alternation nodes: [PythonRegexNode]) {
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

    private mutating func add(_ node: PythonRegexNode, min: Int, max: Int, isLazy: Bool) {
        let slot = newSlots(2)
        steps.append(.zero(slot: slot))
        let head = hole()
        add(node)
        steps.append(.jump(head))
        steps[head] = .loop(slot: slot, min: min, max: max, isLazy: isLazy, exit: steps.count)
    }

    private mutating func add(look node: PythonRegexNode, behind: Int, _ isNegated: Bool) {
        let slot = newSlots(2)
        let enter = hole()
        add(node)
        if isNegated {
            steps.append(.refuse(slot: slot))
            steps[enter] = .enterNot(slot: slot, behind: behind, exit: steps.count)
        } else {
            steps.append(.settle(slot: slot, keepsPosition: false))
            steps[enter] = .enter(slot: slot, behind: behind)
        }
    }

    private mutating func hole() -> Int {
        steps.append(.end)
        return steps.count - 1
    }

    private mutating func newSlots(_ count: Int) -> Int {
        defer { slotCount += count }
        return slotCount
    }
}
