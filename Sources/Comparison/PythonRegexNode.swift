/// A node in the syntax tree of a regular expression.
indirect enum PythonRegexNode: Sendable {
    case one(ScalarTest)
    case sequence([PythonRegexNode])
    case alternation([PythonRegexNode])
    /// A capturing group with its number.
    case group(Int, PythonRegexNode)
    case repeated(PythonRegexNode, min: Int, max: Int, Greediness)
    /// A backreference to a group.
    case again(group: Int, CaseFolding)
    case at(Anchor)
    /// A look-ahead, or a look-behind of `behind` characters.
    case look(PythonRegexNode, behind: Int?, isNegated: Bool)
    /// An atomic group, whose first match is not tried another way.
    case atomic(PythonRegexNode)
    case conditional(group: Int, PythonRegexNode, PythonRegexNode)

    static let empty = PythonRegexNode.sequence([])

    /// The number of repetitions that are tried first.
    enum Greediness: Equatable, Sendable { case greedy, lazy, possessive }

    /// An assertion that consumes no character.
    enum Anchor: Equatable, Sendable {
        case textStart, textEnd, lineStart, lineEnd
        /// The end of the text, or the position before its final line break.
        case lastEnd
        case wordBoundary(isNegated: Bool, isASCII: Bool)
    }

    /// Returns the minimum and maximum number of characters that the node can match.
    func width(groups: [ClosedRange<Int>?]) -> ClosedRange<Int> {
        switch self {
        case .one: return 1...1
        case .at, .look: return 0...0
        case .group(_, let node), .atomic(let node): return node.width(groups: groups)
        case .again(let group, _): return groups[group] ?? 0...Self.endless
        case .sequence(let nodes):
            return nodes.reduce(0...0) { sum, node in
                let width = node.width(groups: groups)
                return Self.sum(sum.lowerBound, width.lowerBound)...Self.sum(sum.upperBound, width.upperBound)
            }
        case .alternation(let nodes): return Self.union(nodes.map { $0.width(groups: groups) })
        case .conditional(_, let yes, let no): return Self.union([yes, no].map { $0.width(groups: groups) })
        case .repeated(let node, let min, let max, _):
            let width = node.width(groups: groups)
            return Self.product(width.lowerBound, min)...Self.product(width.upperBound, max)
        }
    }

    static let endless = Int(Int32.max)

    private static func union(_ widths: [ClosedRange<Int>]) -> ClosedRange<Int> {
        let least = widths.map(\.lowerBound).min() ?? 0
        return least...max(least, widths.map(\.upperBound).max() ?? 0)
    }

    private static func sum(_ one: Int, _ other: Int) -> Int { min(one + other, endless) }

    private static func product(_ one: Int, _ other: Int) -> Int {
        let (product, overflow) = one.multipliedReportingOverflow(by: other)
        return overflow ? endless : min(product, endless)
    }
}

// MARK: - Facts about every match

extension PythonRegexNode {
    /// A test for the first character of a match, and whether a match can be empty.
    var beginning: (test: ScalarTest, canBeEmpty: Bool) {
        switch self {
        case .one(let test): return (test, false)
        case .group(_, let node), .atomic(let node): return node.beginning
        case .at, .look: return (ScalarTest(anyOf: []), true)
        case .again: return (.any, true)
        case .repeated(let node, let min, let max, _):
            if max == 0 { return (ScalarTest(anyOf: []), true) }
            let (test, canBeEmpty) = node.beginning
            return (test, canBeEmpty || min == 0)
        case .sequence(let nodes):
            var tests: [ScalarTest] = []
            for node in nodes {
                let (test, canBeEmpty) = node.beginning
                tests.append(test)
                if !canBeEmpty { return (ScalarTest(anyOf: tests), false) }
            }
            return (ScalarTest(anyOf: tests), true)
        case .alternation(let nodes): return Self.either(nodes)
        case .conditional(_, let yes, let no): return Self.either([yes, no])
        }
    }

    private static func either(_ nodes: [PythonRegexNode]) -> (test: ScalarTest, canBeEmpty: Bool) {
        let beginnings = nodes.map(\.beginning)
        return (ScalarTest(anyOf: beginnings.map(\.test)), beginnings.contains { $0.canBeEmpty })
    }

    /// The longest text that occurs in every match; empty if none is known.
    var requiredText: [UInt32] {
        var texts: [[UInt32]] = [[]]
        collectRequired(&texts)
        return texts.max { $0.count < $1.count } ?? []
    }

    /// Appends to the last text what follows it in every match, and begins another text where that ends.
    private func collectRequired(_ texts: inout [[UInt32]]) {
        switch self {
        case .one(let test):
            guard let single = test.single else { return texts.append([]) }
            texts[texts.count - 1].append(single)
        case .sequence(let nodes): for node in nodes { node.collectRequired(&texts) }
        case .group(_, let node), .atomic(let node): node.collectRequired(&texts)
        case .at, .look: break
        case .repeated(let node, let min, _, _):
            texts.append([])
            if min > 0 { node.collectRequired(&texts) }
            texts.append([])
        case .alternation, .again, .conditional: texts.append([])
        }
    }
}
