/// A part of a formula.
indirect enum MathNode: Sendable {
    /// A variable, or a name such as "sin".
    case identifier(String, isUpright: Bool)
    case number(String)
    case `operator`(MathOperator)
    case text(String, MathVariant?)
    /// White space, in em.
    case space(Double)
    case row([MathNode])
    case fraction(MathNode, MathNode, hasLine: Bool)
    case root(MathNode, degree: MathNode?)
    /// A base with a subscript and a superscript. Limits stand below and above the base.
    case scripts(MathNode, below: MathNode?, above: MathNode?, areLimits: Bool)
    /// A base below or above a mark, such as an arrow or a brace.
    case accent(MathNode, mark: String, isBelow: Bool, isStretchy: Bool)
    case table(MathTable)
    case style(MathStyle, MathNode)
    case decorated(Decoration, MathNode)

    /// A line around a part, or its absence from sight.
    enum Decoration {
        case overline, underline, box, phantom
    }
}

/// An operator, a relation, a delimiter or a punctuation mark.
struct MathOperator: Sendable {
    var text: String
    var role = Role.relation
    /// Whether the operator grows with its row, and its exact size in em.
    var isStretchy = false
    var size: Double?
    /// Whether limits always stand below and above the operator; nil if they do in display style.
    var hasFixedLimits: Bool?

    enum Role {
        case relation, binary, opening, closing, punctuation
        /// An operator after its operand, such as a factorial.
        case postfix
        /// A sum or the like, with limits.
        case large
        /// An integral, with scripts.
        case integral
        /// A name such as "sin".
        case function
        /// A name with limits, such as "lim".
        case named
    }
}

/// The size at which a part is set.
enum MathStyle {
    case display, text, script, smallScript
}

/// Rows of cells: a matrix, aligned equations or cases.
struct MathTable: Sendable {
    var rows: [[MathNode]] = []
    var columns = Columns.centered
    /// The rows with a line above them.
    var lined: Set<Int> = []
    var isSmall = false
    /// Whether the cells are set in display style.
    var isDisplay = false

    enum Columns {
        case centered
        case left
        /// Pairs of columns that meet at a relation.
        case aligned
        /// The columns of `array`: `l`, `c` or `r`, and whether a line stands before each.
        case specified([(alignment: Character, hasLine: Bool)])
    }
}

extension MathNode {
    static let empty = MathNode.row([])

    /// Whether scripts of the node stand below and above it.
    var takesLimits: Bool {
        switch self {
        case .operator(let sign): sign.hasFixedLimits ?? (sign.role == .large || sign.role == .named)
        case .accent(_, let mark, _, let isStretchy): isStretchy && ["⏞", "⏟"].contains(mark)
        default: false
        }
    }

    /// The sign at which a row decides about spacing: the base of scripts, or the node itself.
    var nucleus: MathNode {
        if case .scripts(let base, _, _, _) = self { base.nucleus } else { self }
    }
}
