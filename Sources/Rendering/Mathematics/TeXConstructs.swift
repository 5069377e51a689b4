extension TeXParser {
    /// Parses the arguments of a command that is not a sign.
    mutating func construct(_ name: String) throws(UnsupportedTeX) -> MathNode {
        if let mark = MathSymbols.accents[name] {
            return .accent(try argument(), mark: mark, isBelow: false, isStretchy: false)
        }
        if let mark = MathSymbols.stretchyAbove[name] {
            return .accent(try argument(), mark: mark, isBelow: false, isStretchy: true)
        }
        if let mark = MathSymbols.stretchyBelow[name] {
            return .accent(try argument(), mark: mark, isBelow: true, isStretchy: true)
        }
        if let alphabet = MathSymbols.variants[name] { return try argument(in: alphabet) }
        if let alphabet = MathSymbols.texts[name] { return .text(try text(), alphabet) }
        if let arrow = MathSymbols.labelledArrows[name] { return try labelled(arrow) }
        if let node = try sizedDelimiter(name) { return node }
        if let node = try spaced(name) { return node }
        return try other(name)
    }

    private mutating func other(_ name: String) throws(UnsupportedTeX) -> MathNode {
        switch name {
        case "frac": return try fraction()
        case "dfrac", "cfrac": return .style(.display, try fraction())
        case "tfrac": return .style(.text, try fraction())
        case "binom": return .enclosed("(", try fraction(hasLine: false), ")")
        case "dbinom": return .style(.display, .enclosed("(", try fraction(hasLine: false), ")"))
        case "tbinom": return .style(.text, .enclosed("(", try fraction(hasLine: false), ")"))
        case "sqrt":
            let degree = try optionalArgument()
            return .root(try argument(), degree: degree)
        case "left": return try delimited()
        case "begin": return try environment()
        case "substack": return try stack()
        case "overline": return .decorated(.overline, try argument())
        case "underline": return .decorated(.underline, try argument())
        case "boxed": return .decorated(.box, try argument())
        case "phantom", "hphantom", "vphantom": return .decorated(.phantom, try argument())
        case "operatorname": return try named(.function)
        case "operatorname*", "mathop": return try named(.named)
        case "mathbin", "mathrel", "mathord", "mathopen", "mathclose", "mathpunct", "mathinner", "smash", "ensuremath":
            return try argument()
        case "textcolor", "class", "cssId":
            try skipArgument()
            return try argument()
        case "not": return try negation()
        case "overset", "stackrel":
            let above = try argument()
            return .scripts(try argument().withFixedLimits, below: nil, above: above, areLimits: true)
        case "underset":
            let below = try argument()
            return .scripts(try argument().withFixedLimits, below: below, above: nil, areLimits: true)
        case "pmod": return .row([.space(0.5), .enclosed("(", .row([.modulus, try argument()]), ")")])
        case "tag": return .row([.space(2), .text("(\(try text()))", nil)])
        case "tag*": return .row([.space(2), .text(try text(), nil)])
        default: throw UnsupportedTeX()
        }
    }

    private mutating func fraction(hasLine: Bool = true) throws(UnsupportedTeX) -> MathNode {
        let numerator = try argument()
        return .fraction(numerator, try argument(), hasLine: hasLine)
    }

    /// Parses a name that is used as an operator. A sign is an operator already.
    private mutating func named(_ role: MathOperator.Role) throws(UnsupportedTeX) -> MathNode {
        let node = try argument(in: .upright)
        if case .operator(var sign) = node {
            if role == .named { sign.hasFixedLimits = sign.hasFixedLimits ?? true }
            return .operator(sign)
        }
        guard let text = node.plainText else { throw UnsupportedTeX() }
        return .operator(MathOperator(text: text, role: role))
    }

    private mutating func negation() throws(UnsupportedTeX) -> MathNode {
        switch try argument() {
        case .operator(var sign):
            sign.text = MathSymbols.negated[sign.text] ?? sign.text + "\u{338}"
            return .operator(sign)
        case .identifier(let text, let isUpright):
            guard
                let negated = MathSymbols.negated[text] ?? text.first.flatMap({ $0.isLetter ? text + "\u{338}" : nil })
            else { throw UnsupportedTeX() }
            return .identifier(negated, isUpright: isUpright)
        default: throw UnsupportedTeX()
        }
    }

    private mutating func labelled(_ arrow: String) throws(UnsupportedTeX) -> MathNode {
        let below = try optionalArgument()
        let padded = { (node: MathNode) in MathNode.row([.space(0.5), node, .space(0.5)]) }
        let above = try argument()
        return .scripts(
            .operator(MathOperator(text: arrow, isStretchy: true)), below: below.map(padded), above: padded(above),
            areLimits: true)
    }

    /// Parses the delimiter after a command such as `\Big` or `\biggl`; nil for other commands.
    private mutating func sizedDelimiter(_ name: String) throws(UnsupportedTeX) -> MathNode? {
        let suffixes: [(String, MathOperator.Role)] = [
            ("", .binary), ("l", .opening), ("r", .closing), ("m", .relation),
        ]
        for (suffix, role) in suffixes where name.hasSuffix(suffix) {
            guard let size = MathSymbols.sizes[String(name.dropLast(suffix.count))] else { continue }
            let text = try delimiter()
            let isClosing = suffix.isEmpty && ")]}⟩⌋⌉".contains(text)
            let isOpening = suffix.isEmpty && "([{⟨⌊⌈".contains(text)
            return .delimiter(text, isOpening ? .opening : isClosing ? .closing : role, size: size)
        }
        return nil
    }

    /// Parses the length after a command for white space; nil for other commands.
    private mutating func spaced(_ name: String) throws(UnsupportedTeX) -> MathNode? {
        guard ["hspace", "hspace*", "mspace"].contains(name) else { return nil }
        let length = try word()
        guard let (unit, em) = Self.units.first(where: { length.hasSuffix($0.key) }),
            let number = Double(length.dropLast(unit.count))
        else { throw UnsupportedTeX() }
        // Negative space would draw one part over another.
        return .space(number.isFinite ? min(max(number * em, 0), 10) : 0)
    }

    /// Units of length in em.
    private static let units: [String: Double] = [
        "em": 1, "ex": 0.43, "mu": 1 / 18, "pt": 0.1, "px": 0.075, "mm": 0.285, "cm": 2.85, "in": 7.2,
    ]
}

extension MathNode {
    /// Returns a delimiter that grows with its row, or has a size in em.
    static func delimiter(_ text: String, _ role: MathOperator.Role, size: Double? = nil) -> MathNode {
        text.isEmpty ? .empty : .operator(MathOperator(text: text, role: role, isStretchy: true, size: size))
    }

    static func enclosed(_ opening: String, _ node: MathNode, _ closing: String) -> MathNode {
        if opening.isEmpty, closing.isEmpty { return node }
        return .row([.delimiter(opening, .opening), node, .delimiter(closing, .closing)])
    }

    fileprivate static let modulus = MathNode.row([.identifier("mod", isUpright: true), .space(0.278)])

    /// The node, whose limits stand below and above it in every style if it is an operator.
    var withFixedLimits: MathNode {
        guard case .operator(var sign) = self else { return self }
        sign.hasFixedLimits = true
        return .operator(sign)
    }

    /// Returns the node with primes and scripts.
    func scripted(_ primes: String, below: MathNode?, above: MathNode?, areLimits: Bool) -> MathNode {
        var above = above
        if !primes.isEmpty {
            let sign = MathNode.identifier(primes, isUpright: true)
            above = above.map { .row([sign, $0]) } ?? sign
        }
        if below == nil, above == nil { return self }
        return .scripts(self, below: below, above: above, areLimits: areLimits)
    }

    /// The text of names, numbers and white space; nil for other mathematics.
    fileprivate var plainText: String? {
        switch self {
        case .identifier(let text, _), .number(let text), .text(let text, _): return text
        case .operator(let sign): return sign.text
        case .space(let width): return width > 0 ? "\u{A0}" : ""
        case .row(let nodes):
            let texts = nodes.compactMap(\.plainText)
            return texts.count == nodes.count ? texts.joined() : nil
        default: return nil
        }
    }
}

/// An environment of LaTeX for formulas.
struct MathEnvironment {
    var columns = MathTable.Columns.centered
    var (opening, closing) = ("", "")
    var isSmall = false
    var isDisplay = false
    /// Whether the environment can hold a formula that is not a table.
    var isFormula = false
    /// Whether its arguments are an option in brackets, a number, or the description of its columns.
    var (hasOption, hasNumber, hasColumns) = (false, false, false)

    /// Creates the environment of a name, such as `pmatrix`; nil if it is not supported.
    init?(_ name: String) {
        switch name.hasSuffix("*") ? String(name.dropLast()) : name {
        case "matrix": break
        case "pmatrix": (opening, closing) = ("(", ")")
        case "bmatrix": (opening, closing) = ("[", "]")
        case "Bmatrix": (opening, closing) = ("{", "}")
        case "vmatrix": (opening, closing) = ("|", "|")
        case "Vmatrix": (opening, closing) = ("‖", "‖")
        case "smallmatrix": isSmall = true
        case "cases": (columns, opening) = (.left, "{")
        case "dcases": (columns, opening, isDisplay) = (.left, "{", true)
        case "rcases": (columns, closing) = (.left, "}")
        case "array": (hasOption, hasColumns) = (true, true)
        case "aligned": (columns, hasOption, isDisplay) = (.aligned, true, true)
        case "align", "split", "flalign", "eqnarray": (columns, isDisplay) = (.aligned, true)
        case "alignat", "alignedat": (columns, hasNumber, isDisplay) = (.aligned, true, true)
        case "gathered": (hasOption, isDisplay) = (true, true)
        case "gather", "multline": isDisplay = true
        case "equation", "displaymath", "math": (isFormula, isDisplay) = (true, true)
        default: return nil
        }
        if name.hasPrefix("eqnarray") {
            columns = .specified([("r", false), ("c", false), ("l", false)])
        }
    }
}
