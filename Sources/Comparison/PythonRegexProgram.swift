/// The steps that matching a regular expression takes.
///
/// Matching tries one way after the other; the ways back lie on a stack of its own, so that no text and no expression
/// makes the program's stack too deep.
struct PythonRegexProgram: Sendable {
    enum Step: Sendable {
        case one(ScalarTest)
        /// As many characters as there are, or as few as needed.
        case run(ScalarTest, min: Int, max: Int, isLazy: Bool)
        case jump(Int)
        /// Goes on at the first place, and at the second where that leads nowhere.
        case split(Int, Int)
        /// Keeps the position.
        case mark(slot: Int)
        case zero(slot: Int)
        /// Goes to the next step once more, or on at `exit`; counts in `slot`, and keeps the position in the slot after.
        case loop(slot: Int, min: Int, max: Int, isLazy: Bool, exit: Int)
        case again(group: Int, ignoresCase: Bool)
        case at(PythonRegexNode.Anchor)
        /// Keeps how high the stack is in `slot`, and the position in the slot after.
        case enter(slot: Int, behind: Int)
        /// Forgets all ways back since `enter`.
        case settle(slot: Int, keepsPosition: Bool)
        /// Does likewise, but goes on at `exit` if what is between leads nowhere.
        case enterNot(slot: Int, behind: Int, exit: Int)
        /// Takes back everything since `enterNot` and goes nowhere.
        case refuse(slot: Int)
        case unlessSet(group: Int, Int)
        case end
    }

    private(set) var steps: [Step] = []
    private(set) var slotCount: Int
    /// What every match begins with; nil where that is not one character.
    private(set) var first: ScalarTest?

    /// Makes the steps for an expression with some number of groups, the whole match counted as one.
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
