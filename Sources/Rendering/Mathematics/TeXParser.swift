/// TeX that this module cannot show as mathematics.
struct UnsupportedTeX: Error {}

/// Parses the mathematics of TeX as notebooks use it.
///
/// The parser supports the commands of LaTeX and amsmath for formulas, and no definitions. It reads each token once, and
/// bounds the depth of groups.
struct TeXParser {
    private let tokens: [TeXToken]
    private var place = 0
    private var depth = 0
    private var variant: MathVariant?

    private static let deepest = 60

    private init(_ tex: String) { tokens = TeXToken.tokens(of: tex) }

    /// Returns the formula of a text, which has no delimiters around it.
    static func parse(_ tex: String) throws(UnsupportedTeX) -> MathNode {
        var parser = TeXParser(tex)
        var table = try parser.rows()
        guard parser.place == parser.tokens.count, table.rows.allSatisfy({ $0.count == 1 }) else {
            throw UnsupportedTeX()
        }
        table.isDisplay = true
        return table.rows.count == 1 ? table.rows[0][0] : .table(table)
    }

    // MARK: Tokens

    /// The next token that is not white space.
    private mutating func peek() -> TeXToken? {
        while place < tokens.count, tokens[place] == .space { place += 1 }
        return place < tokens.count ? tokens[place] : nil
    }

    private mutating func next() throws(UnsupportedTeX) -> TeXToken {
        guard let token = peek() else { throw UnsupportedTeX() }
        place += 1
        return token
    }

    private mutating func skip(_ token: TeXToken) -> Bool {
        guard peek() == token else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ token: TeXToken) throws(UnsupportedTeX) {
        if !skip(token) { throw UnsupportedTeX() }
    }

    private mutating func descend() throws(UnsupportedTeX) {
        depth += 1
        if depth > Self.deepest { throw UnsupportedTeX() }
    }

    // MARK: Rows

    private static let rowEnds: Set<TeXToken> = [
        .character("}"), .character("&"), .command("\\"), .command("cr"), .command("newline"), .command("end"),
        .command("right"), .command("middle"),
    ]
    private static let ignored: Set = [
        "nonumber", "notag", "hfill", "hfil", "mathstrut", "strut", "allowbreak", "displaylimits", "relax", "protect",
    ]

    /// Parses up to the end of a group, a cell or a pair of delimiters.
    private mutating func row(endsAtBracket: Bool = false) throws(UnsupportedTeX) -> MathNode {
        try descend()
        let outer = variant
        defer { (depth, variant) = (depth - 1, outer) }
        var nodes: [MathNode] = []
        while let token = peek(), !Self.rowEnds.contains(token), !(endsAtBracket && token == .character("]")) {
            guard case .command(let name) = token else {
                nodes.append(try scripted())
                continue
            }
            place += 1
            if let style = MathSymbols.styles[name] {
                nodes.append(.style(style, try row(endsAtBracket: endsAtBracket)))
            } else if let declared = MathSymbols.declaredVariants[name] {
                variant = declared
            } else if ["over", "atop", "choose"].contains(name) {
                let fraction = MathNode.fraction(
                    .row(nodes), try row(endsAtBracket: endsAtBracket), hasLine: name == "over")
                return name == "choose" ? .enclosed("(", fraction, ")") : fraction
            } else if ["color", "label", "require"].contains(name) {
                try skipArgument()
            } else if !Self.ignored.contains(name) {
                place -= 1
                nodes.append(try scripted())
            }
        }
        return nodes.count == 1 ? nodes[0] : .row(nodes)
    }

    /// Parses rows of cells, up to the end of their group.
    mutating func rows() throws(UnsupportedTeX) -> MathTable {
        var table = MathTable()
        repeat {
            while skip(.command("hline")) { table.lined.insert(table.rows.count) }
            var cells = [try row()]
            while skip(.character("&")) { cells.append(try row()) }
            table.rows.append(cells)
        } while skipRowEnd()
        // Nothing follows the end of the last row.
        if table.rows.count > 1, let last = table.rows.last, last.count == 1, case .row(let nodes) = last[0],
            nodes.isEmpty
        {
            table.rows.removeLast()
        }
        return table
    }

    private mutating func skipRowEnd() -> Bool {
        guard skip(.command("\\")) || skip(.command("cr")) || skip(.command("newline")) else { return false }
        if place < tokens.count, tokens[place] == .character("*") { place += 1 }
        // The distance between two rows.
        if place < tokens.count, tokens[place] == .character("["),
            let end = tokens[place...].prefix(20).firstIndex(of: .character("]"))
        {
            place = end + 1
        }
        return true
    }

    // MARK: Scripts and arguments

    private mutating func scripted() throws(UnsupportedTeX) -> MathNode {
        let isBare = [.character("^"), .character("_"), .character("'")].contains(peek())
        if isBare { return try scripts(of: .empty) }
        return try scripts(of: atom())
    }

    private mutating func scripts(of node: MathNode) throws(UnsupportedTeX) -> MathNode {
        var base = node
        var (below, above): (MathNode?, MathNode?)
        var areLimits = base.takesLimits
        var primes = ""
        while let token = peek() {
            switch token {
            case .character("'") where above == nil: primes += "′"
            case .character("^") where above == nil:
                place += 1
                above = try argument()
                continue
            case .character("_") where below == nil:
                place += 1
                below = try argument()
                continue
            case .character("^"), .character("_"), .character("'"): throw UnsupportedTeX()
            case .command("limits"):
                areLimits = true
                base = base.withFixedLimits
            case .command("nolimits"): areLimits = false
            default:
                return base.scripted(primes, below: below, above: above, areLimits: areLimits)
            }
            place += 1
        }
        return base.scripted(primes, below: below, above: above, areLimits: areLimits)
    }

    /// Parses the argument of a command: a group, or one token.
    mutating func argument() throws(UnsupportedTeX) -> MathNode {
        if case .character(let digit)? = peek(), digit.isASCII, digit.isNumber {
            place += 1
            return .number(styled(digit))
        }
        return try atom()
    }

    /// Parses the argument of a command in an alphabet.
    mutating func argument(in alphabet: MathVariant) throws(UnsupportedTeX) -> MathNode {
        let outer = variant
        defer { variant = outer }
        variant = alphabet
        return try argument()
    }

    /// Parses an argument in brackets; nil if there is none.
    mutating func optionalArgument() throws(UnsupportedTeX) -> MathNode? {
        guard skip(.character("[")) else { return nil }
        let node = try row(endsAtBracket: true)
        try expect(.character("]"))
        return node
    }

    /// Returns the characters of an argument that is not mathematics, such as the name of a color.
    mutating func word() throws(UnsupportedTeX) -> String {
        guard skip(.character("{")) else { throw UnsupportedTeX() }
        var word = ""
        while true {
            switch try next() {
            case .character("}"): return word
            case .character(let character) where character != "{": word.append(character)
            default: throw UnsupportedTeX()
            }
        }
    }

    mutating func skipArgument() throws(UnsupportedTeX) { _ = try word() }

    // MARK: Atoms

    private mutating func atom() throws(UnsupportedTeX) -> MathNode {
        try descend()
        defer { depth -= 1 }
        switch try next() {
        case .character(let character): return try atom(character)
        case .command(let name):
            if let sign = sign(name) { return sign }
            return try construct(name)
        case .space: throw UnsupportedTeX()
        }
    }

    private mutating func atom(_ character: Character) throws(UnsupportedTeX) -> MathNode {
        switch character {
        case "{": return try group()
        case "}", "&", "^", "_", "#", "$": throw UnsupportedTeX()
        case "~": return .space(0.25)
        case "-": return .operator(MathOperator(text: "−", role: .binary))
        case "*": return .operator(MathOperator(text: "∗", role: .binary))
        case "+": return .operator(MathOperator(text: "+", role: .binary))
        case "=", "<", ">", ":": return .operator(MathOperator(text: String(character)))
        case ",", ";": return .operator(MathOperator(text: String(character), role: .punctuation))
        case "!": return .operator(MathOperator(text: "!", role: .postfix))
        case "(", "[": return .operator(MathOperator(text: String(character), role: .opening))
        case ")", "]": return .operator(MathOperator(text: String(character), role: .closing))
        case _ where character.isASCII && character.isNumber: return number(from: character)
        case _ where character.isLetter && variant == .upright: return name(from: character)
        case _ where character.isMathSymbol: return .operator(MathOperator(text: String(character)))
        default: return .identifier(styled(character), isUpright: false)
        }
    }

    private mutating func group() throws(UnsupportedTeX) -> MathNode {
        let node = try row()
        try expect(.character("}"))
        // A sign in braces has no space around it, as in `1{,}000`.
        guard case .operator(let sign) = node, [.relation, .binary, .punctuation].contains(sign.role) else {
            return node
        }
        return .identifier(sign.text, isUpright: true)
    }

    private mutating func number(from digit: Character) -> MathNode {
        var text = styled(digit)
        while place < tokens.count, case .character(let next) = tokens[place] {
            let isPoint = next == "." && place + 1 < tokens.count && Self.isDigit(tokens[place + 1])
            guard isPoint || Self.isDigit(tokens[place]) else { break }
            text += styled(next)
            place += 1
        }
        return .number(text)
    }

    private static func isDigit(_ token: TeXToken) -> Bool {
        if case .character(let character) = token { character.isASCII && character.isNumber } else { false }
    }

    /// Parses upright letters, which are one name.
    private mutating func name(from letter: Character) -> MathNode {
        var text = String(letter)
        while place < tokens.count, case .character(let next) = tokens[place], next.isLetter {
            text.append(next)
            place += 1
        }
        return .identifier(text, isUpright: true)
    }

    private func styled(_ character: Character) -> String { String(variant?.styled(character) ?? character) }

    /// Returns the sign or the name that a command stands for; nil for other commands.
    private func sign(_ name: String) -> MathNode? {
        if let text = MathSymbols.ordinary[name], let character = text.first {
            return .identifier(styled(character), isUpright: false)
        }
        if let text = MathSymbols.upright[name], let character = text.first {
            return .identifier(styled(character), isUpright: variant != .italic)
        }
        for (signs, role) in Self.signs {
            if let text = signs[name] { return .operator(MathOperator(text: text, role: role)) }
        }
        return MathSymbols.spaces[name].map { .space($0) }
    }

    private static let signs: [([String: String], MathOperator.Role)] = [
        (MathSymbols.binary, .binary), (MathSymbols.relations, .relation), (MathSymbols.large, .large),
        (MathSymbols.integrals, .integral), (MathSymbols.opening, .opening), (MathSymbols.closing, .closing),
        (MathSymbols.functions, .function), (MathSymbols.named, .named),
    ]
}

extension TeXParser {
    /// Parses the delimiter after `\left` or `\big`; an empty text stands for none.
    mutating func delimiter() throws(UnsupportedTeX) -> String {
        switch try next() {
        case .character("."): return ""
        case .character("<"): return "⟨"
        case .character(">"): return "⟩"
        case .character(let sign) where "()[]|/".contains(sign): return String(sign)
        case .command(let name):
            for signs in [MathSymbols.opening, MathSymbols.closing, MathSymbols.ordinary, MathSymbols.relations] {
                if let sign = signs[name], "{}[]⟨⟩⌊⌋⌈⌉|‖⟮⟯⌜⌝⌞⌟⟦⟧\\↑↓↕⇑⇓⇕".contains(sign) { return sign }
            }
            throw UnsupportedTeX()
        default: throw UnsupportedTeX()
        }
    }

    /// Parses from a delimiter after `\left` to the one after `\right`.
    mutating func delimited() throws(UnsupportedTeX) -> MathNode {
        var nodes = [MathNode.delimiter(try delimiter(), .opening), try row()]
        while true {
            switch try next() {
            case .command("middle"): nodes += [.delimiter(try delimiter(), .binary), try row()]
            case .command("right"): return .row(nodes + [.delimiter(try delimiter(), .closing)])
            default: throw UnsupportedTeX()
            }
        }
    }

    /// Parses the name, the contents and the end of an environment.
    mutating func environment() throws(UnsupportedTeX) -> MathNode {
        let name = try word()
        guard let environment = MathEnvironment(name) else { throw UnsupportedTeX() }
        if environment.hasOption { _ = try optionalArgument() }
        let columns = environment.hasColumns ? try self.columns() : environment.columns
        if environment.hasNumber { try skipArgument() }
        var table = try rows()
        try expect(.command("end"))
        guard try word() == name else { throw UnsupportedTeX() }
        if environment.isFormula, table.rows.count == 1, table.rows[0].count == 1 { return table.rows[0][0] }
        (table.columns, table.isSmall, table.isDisplay) = (columns, environment.isSmall, environment.isDisplay)
        return .enclosed(environment.opening, .table(table), environment.closing)
    }

    /// Parses the description of the columns of `array`.
    private mutating func columns() throws(UnsupportedTeX) -> MathTable.Columns {
        var columns: [(alignment: Character, hasLine: Bool)] = []
        var hasLine = false
        for sign in try word() {
            switch sign {
            case "|": hasLine = true
            case "l", "c", "r":
                columns.append((sign, hasLine))
                hasLine = false
            default: throw UnsupportedTeX()
            }
        }
        if hasLine { columns.append(("c", true)) }
        return .specified(columns)
    }

    /// Parses the rows of `\substack`.
    mutating func stack() throws(UnsupportedTeX) -> MathNode {
        try expect(.character("{"))
        var table = try rows()
        try expect(.character("}"))
        table.isSmall = true
        return .table(table)
    }

    /// Parses the plain text of a command such as `\text`.
    mutating func text() throws(UnsupportedTeX) -> String {
        try expect(.character("{"))
        var (text, open) = ("", 1)
        while place < tokens.count {
            defer { place += 1 }
            switch tokens[place] {
            case .space, .character("~"), .command(" "), .command(","), .command(";"), .command(":"): text += "\u{A0}"
            case .character("{"): open += 1
            case .character("}"):
                open -= 1
                if open == 0 { return text }
            case .character("$"): throw UnsupportedTeX()
            case .character(let character): text.append(character)
            case .command(let name):
                guard let sign = MathSymbols.ordinary[name] ?? Self.textSigns[name] else { throw UnsupportedTeX() }
                text += sign
            }
        }
        throw UnsupportedTeX()
    }

    private static let textSigns = [
        "{": "{", "}": "}", "quad": "\u{2003}", "qquad": "\u{2003}\u{2003}", "ldots": "…", "textbackslash": "\\",
    ]
}
