/// Parses regular expressions in the syntax of Python's `re`.
struct PythonRegexParser {
    let scalars: [Unicode.Scalar]
    var place = 0
    var flags = Flags()
    var names: [String: Int] = [:]
    /// The widths of the groups; nil for a group that is still open.
    var groups: [ClosedRange<Int>?] = [nil]
    /// The groups that conditionals refer to, and the positions of the conditionals.
    var conditions: [(group: Int, place: Int)] = []
    /// The number of groups before the outermost look-behind, which cannot refer to its own groups.
    var groupsBeforeLookBehind: Int?
    /// Whether only comments and flags have been read.
    var isAtBeginning = true
    /// The flags for the whole expression.
    var globalFlags: Set<Unicode.Scalar> = []
    private var depth = 0

    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesAll = false
        var isVerbose = false
        var isASCII = false

        /// The characters that count as the same.
        var folding: CaseFolding { ignoresCase ? isASCII ? .ascii : .unicode : .none }

        mutating func set(_ letter: Unicode.Scalar, _ isOn: Bool) {
            switch letter {
            case "i": ignoresCase = isOn
            case "m": isMultiline = isOn
            case "s": dotTakesAll = isOn
            case "x": isVerbose = isOn
            case "a": isASCII = isOn
            case "u": isASCII = !isOn
            default: break
            }
        }
    }

    /// The number of groups, including the whole match.
    var groupCount: Int { groups.count }

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// Parses the whole expression.
    mutating func parse() throws(PythonRegexError) -> PythonRegexNode {
        let node = try parseEither()
        if place < scalars.count { throw fault("a ')' has no matching '('", at: place) }
        for (group, place) in conditions where !groups.indices.contains(group) || group == 0 {
            throw fault("there is no group \(group)", at: place)
        }
        return node
    }

    // MARK: - Characters

    var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    /// Consumes a text if it comes next, and returns whether it does.
    mutating func take(_ text: String) -> Bool {
        guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
        place += text.unicodeScalars.count
        return true
    }

    func fault(_ problem: String, at place: Int) -> PythonRegexError {
        PythonRegexError(problem: problem, place: place)
    }

    // MARK: - Sequences

    mutating func parseEither() throws(PythonRegexError) -> PythonRegexNode {
        depth += 1
        defer { depth -= 1 }
        if depth > 100 { throw fault("its groups are nested too deeply", at: place) }
        var nodes = [try parseSequence()]
        while take("|") {
            isAtBeginning = false
            nodes.append(try parseSequence())
        }
        return nodes.count == 1 ? nodes[0] : .alternation(nodes)
    }

    mutating func parseSequence() throws(PythonRegexError) -> PythonRegexNode {
        var nodes: [PythonRegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if flags.isVerbose, passBlank() { continue }
            let start = place
            if let (min, max) = try parseRepetition() {
                try repeatLast(of: &nodes, min: min, max: max, at: start)
            } else if let node = try parseItem() {
                nodes.append(node)
                isAtBeginning = false
            }
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func passBlank() -> Bool {
        guard let scalar = next else { return false }
        if scalar == "#" {
            while place < scalars.count, next != "\n" { place += 1 }
            return true
        }
        guard " \t\n\r\u{B}\u{C}".unicodeScalars.contains(scalar) else { return false }
        place += 1
        return true
    }

    /// Reads `*`, `+`, `?` or a count in braces; braces without a count are literal characters.
    private mutating func parseRepetition() throws(PythonRegexError) -> (Int, Int)? {
        if take("*") { return (0, PythonRegexNode.endless) }
        if take("+") { return (1, PythonRegexNode.endless) }
        if take("?") { return (0, 1) }
        let start = place
        guard take("{"), next != "}" else {
            place = start
            return nil
        }
        let least = digits()
        let hasComma = take(",")
        let most = hasComma ? digits() : least
        guard take("}"), hasComma || !least.isEmpty else {
            place = start
            return nil
        }
        return (
            least.isEmpty ? 0 : try count(least, at: start),
            most.isEmpty ? PythonRegexNode.endless : try count(most, at: start)
        )
    }

    private func count(_ digits: String, at start: Int) throws(PythonRegexError) -> Int {
        guard let count = UInt32(digits), count < .max else { throw fault("a count is too large", at: start) }
        return min(Int(count), PythonRegexNode.endless)
    }

    mutating func digits() -> String {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        return digits
    }

    private mutating func repeatLast(
        of nodes: inout [PythonRegexNode], min: Int, max: Int, at start: Int
    ) throws(PythonRegexError) {
        if max < min { throw fault("the minimum count is greater than the maximum", at: start) }
        let eagerness: PythonRegexNode.Greediness = take("?") ? .lazy : take("+") ? .possessive : .greedy
        switch nodes.last {
        case nil, .at: throw fault("there is nothing to repeat", at: start)
        case .repeated: throw fault("a repetition cannot be repeated", at: start)
        case let node?: nodes[nodes.count - 1] = .repeated(node, min: min, max: max, eagerness)
        }
    }

    private mutating func parseItem() throws(PythonRegexError) -> PythonRegexNode? {
        let start = place
        guard let scalar = next else { return nil }
        place += 1
        switch scalar {
        case ".": return .one(flags.dotTakesAll ? .any : .notNewline)
        case "^": return .at(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .at(flags.isMultiline ? .lineEnd : .lastEnd)
        case "(": return try parseGroup(from: start)
        case "[": return .one(ScalarTest(try parseSet(from: start)))
        case "\\": return try parseEscape(from: start)
        default: return .one(test(scalar.value))
        }
    }

    private func test(_ scalar: UInt32) -> ScalarTest {
        if flags.folding == .none { return ScalarTest(scalar) }
        let equivalents = CaseEquivalence.equivalents(of: scalar, isASCII: flags.isASCII)
        return equivalents.count == 1
            ? ScalarTest(scalar) : ScalarTest(ScalarSet(ranges: equivalents.map { $0...$0 }))
    }

    // MARK: - Escapes

    private mutating func parseEscape(from start: Int) throws(PythonRegexError) -> PythonRegexNode {
        guard let scalar = next else { throw fault("it ends with a backslash", at: start) }
        if let one = parseClass() { return .one(ScalarTest(ScalarSet(classes: [one]))) }
        place += 1
        switch scalar {
        case "A": return .at(.textStart)
        case "Z", "z": return .at(.textEnd)
        case "b", "B": return .at(.wordBoundary(isNegated: scalar == "B", isASCII: flags.isASCII))
        case "1"..."9":
            place -= 1
            if let octal = try threeOctalDigits(from: start) { return .one(test(octal)) }
            return try again(Int(String(digits().prefix(2))) ?? 0, from: start)
        default: return .one(test(try parseCharacter(scalar, from: start)))
        }
    }

    private mutating func again(_ group: Int, from start: Int) throws(PythonRegexError) -> PythonRegexNode {
        place = start + 1 + String(group).count
        try checkGroup(group, at: start)
        return .again(group: group, flags.folding)
    }

    func checkGroup(_ group: Int, at start: Int) throws(PythonRegexError) {
        guard groups.indices.contains(group), group > 0 else { throw fault("there is no group \(group)", at: start) }
        if groups[group] == nil { throw fault("group \(group) refers to itself", at: start) }
        if let groupsBeforeLookBehind, group >= groupsBeforeLookBehind {
            throw fault("a look-behind refers to its own group \(group)", at: start)
        }
    }

    private mutating func parseClass() -> ScalarClass? {
        let kinds: [Unicode.Scalar: ScalarClass.Kind] = ["d": .digit, "s": .space, "w": .word]
        guard let scalar = next, let kind = Unicode.Scalar(scalar.value | 0x20).flatMap({ kinds[$0] }) else {
            return nil
        }
        place += 1
        return ScalarClass(kind: kind, isNegated: scalar.value < 0x61, isASCII: flags.isASCII)
    }

    // MARK: - Sets

    private mutating func parseSet(from start: Int) throws(PythonRegexError) -> ScalarSet {
        var set = ScalarSet(folding: flags.folding)
        set.isNegated = take("^")
        var isFirst = true
        while true {
            let itemStart = place
            if next == nil { throw fault("a '[' is not closed", at: start) }
            if !isFirst, take("]") { return set }
            isFirst = false
            let low = try parseSetItem(from: start)
            guard next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
                if let low { set.ranges.append(low...low) } else if let one = lastClass { set.classes.append(one) }
                continue
            }
            place += 1
            guard let low, let high = try parseSetItem(from: start), low <= high else {
                throw fault("a range in brackets goes from high to low, or has no end", at: itemStart)
            }
            set.ranges.append(low...high)
        }
    }

    /// The last character class that was read in a set.
    private var lastClass: ScalarClass?

    /// Reads one character of a set; nil if it is a character class.
    private mutating func parseSetItem(from start: Int) throws(PythonRegexError) -> UInt32? {
        guard let scalar = next else { throw fault("a '[' is not closed", at: start) }
        place += 1
        guard scalar == "\\" else { return scalar.value }
        if let one = parseClass() {
            lastClass = one
            return nil
        }
        guard let escaped = next else { throw fault("a '[' is not closed", at: start) }
        place += 1
        switch escaped {
        case "b": return 0x08
        case "0"..."7":
            place -= 1
            let value = octal(atMost: 3)
            if value > 0o377 { throw fault("an octal escape is greater than \\377", at: place - 4) }
            return value
        default: return try parseCharacter(escaped, from: place - 2)
        }
    }
}
