/// The rules by which Galley finds the assignments in the source of a language.
struct SourceSyntax: Sendable {
    /// The form of an assignment.
    var form: Form
    /// The first characters of comments that end with the line.
    var lineComments: [String]
    /// Whether the first character of a comment must follow white space.
    var spacedComments = false
    /// The first and last characters of other comments.
    var blockComments: [(start: String, end: String)] = []
    /// The string literals. The first that matches counts.
    var strings: [StringForm]
    /// Whether `'x'` is a character, and other apostrophes are not quotes.
    var hasCharacters = false
    /// The mark before a character literal, such as `#\(` in Scheme.
    var characterMark: String?
    /// The characters of words besides letters, digits and underscores.
    var wordCharacters = ""
    /// The marks at the beginning of a line that is a command to the kernel.
    var commandMarks: [String] = []
    /// The characters at the end of a line that the next line continues.
    var continuation: String?
    /// Where a statement ends besides a semicolon.
    var end = End.line
    /// The words that begin a block.
    var blockStarts: Set<String> = []
    /// The words that end a block.
    var blockEnds: Set<String> = []
    /// Whether words begin a block only in place of a command.
    var hasCommands = false

    /// The forms of assignments.
    enum Form: Sendable {
        /// Python's, with chains and comments of types.
        case python
        /// `NAME = VALUE`, with a type after the annotation mark.
        ///
        /// - Parameters:
        ///   - keywords: The words of which one must come first; empty if none is needed.
        ///   - modifiers: Other words that may stand before the name.
        case named(keywords: Set<String> = [], modifiers: Set<String> = [], annotation: String? = nil, Set<String>)
        /// `TYPE NAME = VALUE`.
        case typed(modifiers: Set<String>)
        /// `NAME=VALUE`, without white space.
        case bash
        /// `[TYPE] $NAME = VALUE`.
        case powerShell
        /// `(define NAME VALUE)`.
        case scheme
    }

    /// The ends of statements.
    enum End: Sendable {
        /// The line.
        case line
        /// The line, unless its last character or the next line's first one is an operator.
        case completeLine
        /// The line, unless white space begins the next one.
        case indentation
        /// The line or a comma.
        case lineOrComma
        /// The line, after a closing brace.
        case semicolon
        /// The bracket that closes it.
        case bracket
    }

    /// A kind of string literal.
    struct StringForm: Sendable {
        /// The first characters. Letters may also be uppercase.
        let open: String
        /// The last characters.
        let close: String
        /// The character that takes the meaning from the next one.
        var escape: Unicode.Scalar?
        /// Whether the last characters, repeated, are part of the text.
        var doublesClose = false
        /// Whether the string can contain line ends.
        var spansLines = false
        /// The first characters of code in the string. Repeated, a brace is part of the text.
        var codeStarts: [String] = []
        /// Whether a colon ends the code and begins its format.
        var hasFormats = false
        /// Whether it begins no string after a name or a closing bracket.
        var isOperatorAfterOperand = false
    }
}

extension SourceSyntax.StringForm {
    /// A string between two equal quotes.
    static func quoted(
        _ quote: String, prefix: String = "", escape: Unicode.Scalar? = "\\", spansLines: Bool = false,
        codeStarts: [String] = []
    ) -> Self {
        Self(open: prefix + quote, close: quote, escape: escape, spansLines: spansLines, codeStarts: codeStarts)
    }

    /// A string between two equal quotes, in which the quote is written twice.
    static func doubled(
        _ quote: String, prefix: String = "", escape: Unicode.Scalar? = nil, spansLines: Bool = false,
        codeStarts: [String] = [], isOperatorAfterOperand: Bool = false
    ) -> Self {
        Self(
            open: prefix + quote, close: quote, escape: escape, doublesClose: true, spansLines: spansLines,
            codeStarts: codeStarts, isOperatorAfterOperand: isOperatorAfterOperand)
    }

    /// Text without escapes.
    static func raw(_ open: String, _ close: String) -> Self { Self(open: open, close: close, spansLines: true) }
}
