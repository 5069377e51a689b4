/// The lexical rules of a programming language that syntax coloring needs.
struct Language: Sendable {
    var keywords: Set<String> = []
    var builtins: Set<String> = []
    var lineComments: [[UInt8]] = []
    /// The delimiters of a multi-line comment.
    var blockComment: (start: [UInt8], end: [UInt8])?
    /// The quotes that delimit strings.
    var quotes: [UInt8] = Array("\"'".utf8)
    /// The quotes that delimit strings across lines.
    var longQuotes: [UInt8] = []
    /// Whether three quotes begin a multi-line string.
    var hasTripleQuotes = false
    /// The prefixes that a string may have, such as `r` or `f`.
    var stringPrefixes: Set<String> = []
    /// Whether single quotes enclose exactly one character, and otherwise are not delimiters.
    var hasCharacters = false
    /// Whether an at sign begins the name of a decorator, annotation or macro.
    var hasDecorators = false
    /// Whether the language has IPython magics.
    var hasMagics = false
    /// Whether a dollar sign begins a variable name.
    var hasVariables = false
    /// Whether a comment begins only where a word could begin.
    var commentsNeedSpace = false
    var ignoresCase = false
}

extension Language {
    /// Returns the language with the name that a kernel or a Markdown fence uses; nil if the language is unknown.
    static func named(_ name: String) -> Language? {
        switch name.lowercased() {
        case "python", "python3", "python2", "py", "ipython", "ipython3", "sage", "cython": python
        case "r": r
        case "julia", "jl": julia
        case "javascript", "js", "jsx", "typescript", "ts", "tsx", "deno", "json", "node": javaScript
        case "bash", "sh", "shell", "zsh", "console", "ksh": shell
        case "sql", "sqlite", "postgresql", "mysql", "duckdb": sql
        case "c", "c++", "cpp", "c++11", "c++14", "c++17", "c++20", "c++23", "cc", "h", "hpp", "cuda", "csharp", "c#",
            "cs", "java", "kotlin", "kt", "scala", "swift", "rust", "rs", "go", "golang", "groovy", "php":
            cLike
        default: nil
        }
    }

    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    private static let python = Language(
        keywords: words(
            """
            False None True and as assert async await break class continue def del elif else except finally for from \
            global if import in is lambda match nonlocal not or pass raise return try while with yield case
            """),
        builtins: words(
            """
            abs all any bool bytes callable chr dict dir divmod enumerate eval exec filter float format frozenset \
            getattr globals hasattr hash help id input int isinstance issubclass iter len list locals map max min next \
            object open ord pow print property range repr reversed round self set setattr slice sorted staticmethod \
            str sum super tuple type vars zip display classmethod Exception ValueError TypeError KeyError IndexError \
            RuntimeError StopIteration OSError ZeroDivisionError
            """),
        lineComments: [Array("#".utf8)], hasTripleQuotes: true,
        stringPrefixes: words("r u b f t br rb fr rf tr rt R U B F T BR Rb bR FR Fr fR"), hasDecorators: true,
        hasMagics: true)

    private static let r = Language(
        keywords: words(
            """
            if else repeat while function for in next break TRUE FALSE NULL NA NA_integer_ NA_real_ NA_character_ Inf \
            NaN return
            """),
        builtins: words(
            """
            c library require print cat paste paste0 list data.frame matrix factor length names sapply lapply apply \
            mean sum seq rep head tail summary plot ggplot aes stop warning
            """),
        lineComments: [Array("#".utf8)], longQuotes: Array("\"'".utf8))

    private static let julia = Language(
        keywords: words(
            """
            abstract baremodule begin break catch const continue do else elseif end export false finally for function \
            global if import in let local macro module mutable primitive quote return struct true try type using while \
            where isa nothing missing
            """),
        builtins: words("println print length push! map filter sum Int Int64 Float64 String Vector Matrix Dict Array"),
        lineComments: [Array("#".utf8)], blockComment: (Array("#=".utf8), Array("=#".utf8)),
        longQuotes: Array("\"".utf8), hasTripleQuotes: true, stringPrefixes: words("r b raw v"), hasCharacters: true,
        hasDecorators: true)

    private static let javaScript = Language(
        keywords: words(
            """
            abstract any as async await boolean break case catch class const continue debugger declare default delete \
            do else enum export extends false finally for from function get if implements import in instanceof \
            interface is keyof let namespace never new null number of private protected public readonly return set \
            static string super switch symbol this throw true try type typeof undefined unknown var void while with \
            yield
            """),
        builtins: words(
            "console Array Object String Number Boolean Promise Map Set JSON Math Date Error Symbol RegExp"),
        lineComments: [Array("//".utf8)], blockComment: (Array("/*".utf8), Array("*/".utf8)),
        quotes: Array("\"'`".utf8), longQuotes: Array("`".utf8), hasDecorators: true)

    private static let shell = Language(
        keywords: words(
            "if then else elif fi case esac for select while until do done in function time return break continue"),
        builtins: words(
            """
            alias cat cd chmod cp declare echo eval exec exit export false grep head kill local ls mkdir mv printf pwd \
            read readonly rm sed set shift sleep sort source tail test trap true type umask unset wait
            """),
        lineComments: [Array("#".utf8)], longQuotes: Array("\"'".utf8), hasVariables: true, commentsNeedSpace: true)

    private static let sql = Language(
        keywords: words(
            """
            add all alter and any as asc between by case check column constraint create cross database default delete \
            desc distinct drop else end except exists false foreign from full group having if in index inner insert \
            intersect into is join key left like limit not null offset on or order outer over partition primary \
            references replace returning right select set table then true truncate union unique update using values \
            view when where window with
            """),
        builtins: words(
            "avg cast coalesce count max min round sum upper lower now date int integer text varchar float"),
        lineComments: [Array("--".utf8)], blockComment: (Array("/*".utf8), Array("*/".utf8)),
        longQuotes: Array("\"'".utf8), ignoresCase: true)

    /// The union of many C-like languages: a keyword in one of them is rarely a name in another.
    private static let cLike = Language(
        keywords: words(
            """
            abstract actor as async auto await bool boolean break byte case catch char chan class companion const \
            constexpr continue crate default defer delete do double dyn else enum explicit export extends extension \
            extern false final finally fn for foreach friend fun func function given go goto guard if impl implements \
            implicit import in include inline inout int interface internal is lateinit lazy let long loop map match \
            mod mut mutating namespace new nil noexcept null nullptr object open operator out override package \
            private protected protocol pub public range readonly ref register return sealed select self short \
            signed sizeof some static string struct super switch synchronized template this throw throws trait true \
            try type typealias typedef typename union unsafe unsigned use using val var virtual void volatile when \
            where while with yield
            """),
        builtins: words(
            """
            print println printf String Int Double Float Bool Boolean Array List Map Set Vec Option Some None Ok Err \
            std cout cin endl Console System fmt Optional Self vec
            """),
        lineComments: [Array("//".utf8)], blockComment: (Array("/*".utf8), Array("*/".utf8)),
        quotes: Array("\"'`".utf8), longQuotes: Array("`".utf8), hasTripleQuotes: true, hasCharacters: true,
        hasDecorators: true)
}
