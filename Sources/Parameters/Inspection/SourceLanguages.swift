extension SourceSyntax {
    /// Returns the syntax of the language of a notebook; nil if it is unknown.
    static func of(kernel: String?, language: String?) -> SourceSyntax? {
        guard let language = try? ParameterLanguages.language(kernel: kernel, language: language) else { return nil }
        return byName[language.name]
    }

    private static let byName: [String: SourceSyntax] = [
        "Python": python, "R": r, "Julia": julia, "MATLAB": matlab(escape: nil), "Octave": matlab(escape: "\\"),
        "Scala": scala, "Kotlin": kotlin, "bash": bash, "JavaScript": javaScript, "TypeScript": javaScript,
        "C#": cSharp,
        "F#": fSharp, "PowerShell": powerShell, "Rust": rust, "C++": cpp, "Scheme": scheme,
    ]

    private static let cComments = [(start: "/*", end: "*/")]

    private static let python = SourceSyntax(
        form: .python, lineComments: ["#"],
        strings: [("", false), ("u", false), ("f", true), ("t", true), ("b", false)].flatMap { prefix, isFormatted in
            let prefixes =
                prefix.isEmpty ? ["", "r"] : prefix == "u" ? [prefix] : [prefix, "r" + prefix, prefix + "r"]
            return ["\"\"\"", "'''", "\"", "'"].flatMap { quote in
                prefixes.map {
                    StringForm(
                        open: $0 + quote, close: quote, escape: "\\", spansLines: quote.count == 3,
                        codeStarts: isFormatted ? ["{"] : [], hasFormats: isFormatted)
                }
            }
        },
        commandMarks: ["%", "!", "?"], continuation: "\\")

    private static let r = SourceSyntax(
        form: .named(["<-", "="]), lineComments: ["#"],
        strings: ["", "-", "--"].flatMap { dashes in
            [("(", ")"), ("[", "]"), ("{", "}")].flatMap { open, close in
                ["\"", "'"].map { StringForm.raw("r" + $0 + dashes + open, close + dashes + $0) }
            }
        } + ["\"", "'", "`"].map { .quoted($0, spansLines: true) },
        wordCharacters: ".", end: .completeLine)

    private static let julia = SourceSyntax(
        form: .named(modifiers: ["const", "global"], annotation: "::", ["="]), lineComments: ["#"],
        blockComments: [("#=", "=#")],
        strings: ["raw", ""].flatMap { prefix in
            ["\"\"\"", "\""].map {
                .quoted($0, prefix: prefix, spansLines: true, codeStarts: prefix.isEmpty ? ["$("] : [])
            }
        },
        hasCharacters: true, wordCharacters: "!", end: .completeLine,
        blockStarts: [
            "baremodule", "begin", "do", "for", "function", "if", "let", "macro", "module", "quote", "struct", "try",
            "while",
        ], blockEnds: ["end"])

    private static func matlab(escape: Unicode.Scalar?) -> SourceSyntax {
        SourceSyntax(
            form: .named(["="]), lineComments: ["%", "#"], blockComments: [("%{\n", "%}"), ("#{\n", "#}")],
            strings: [.doubled("\"", escape: escape), .doubled("'", isOperatorAfterOperand: true)],
            continuation: "...", end: .lineOrComma,
            blockStarts: ["do", "for", "function", "if", "parfor", "switch", "try", "unwind_protect", "while"],
            blockEnds: [
                "end", "end_try_catch", "end_unwind_protect", "endfor", "endfunction", "endif", "endparfor",
                "endswitch", "endwhile", "until",
            ])
    }

    private static let scala = SourceSyntax(
        form: .named(
            keywords: ["val", "var"], modifiers: ["final", "implicit", "lazy", "private", "protected"],
            annotation: ":", ["="]),
        lineComments: ["//"], blockComments: cComments,
        strings: ["s", "f", "raw", ""].flatMap { prefix in
            [
                .quoted("\"\"\"", prefix: prefix, escape: nil, spansLines: true),
                .quoted("\"", prefix: prefix, codeStarts: prefix.isEmpty ? [] : ["${"]),
            ]
        },
        hasCharacters: true, wordCharacters: "$", end: .completeLine)

    private static let kotlin = SourceSyntax(
        form: .named(
            keywords: ["val", "var"], modifiers: ["const", "internal", "private", "public"], annotation: ":", ["="]),
        lineComments: ["//"], blockComments: cComments,
        strings: [
            .quoted("\"\"\"", escape: nil, spansLines: true, codeStarts: ["${"]), .quoted("\"", codeStarts: ["${"]),
        ],
        hasCharacters: true, commandMarks: ["%"], end: .completeLine)

    private static let javaScript = SourceSyntax(
        form: .named(
            keywords: ["const", "let", "var"], modifiers: ["declare", "export"], annotation: ":", ["="]),
        lineComments: ["//"], blockComments: cComments,
        strings: [
            .quoted("\""), .quoted("'"), .quoted("`", spansLines: true, codeStarts: ["${"]),
        ],
        wordCharacters: "$", end: .completeLine)

    private static let cSharp = SourceSyntax(
        form: .typed(modifiers: ["const", "internal", "private", "public", "readonly", "static"]),
        lineComments: ["//"], blockComments: cComments,
        strings: [
            .raw("\"\"\"", "\"\"\""), .doubled("\"", prefix: "$@", spansLines: true, codeStarts: ["{"]),
            .doubled("\"", prefix: "@$", spansLines: true, codeStarts: ["{"]),
            .doubled("\"", prefix: "@", spansLines: true), .quoted("\"", prefix: "$", codeStarts: ["{"]), .quoted("\""),
        ],
        hasCharacters: true, commandMarks: ["#"], end: .semicolon)

    private static let fSharp = SourceSyntax(
        form: .named(keywords: ["let"], modifiers: ["mutable", "private"], annotation: ":", ["="]),
        lineComments: ["//"], blockComments: [("(*", "*)")],
        strings: [
            .raw("\"\"\"", "\"\"\""), .doubled("\"", prefix: "@", spansLines: true),
            .quoted("\"", prefix: "$", spansLines: true, codeStarts: ["{"]), .quoted("\"", spansLines: true),
        ],
        hasCharacters: true, commandMarks: ["#"], end: .indentation)

    private static let rust = SourceSyntax(
        form: .named(
            keywords: ["const", "let", "static"], modifiers: ["mut", "pub"], annotation: ":", ["="]),
        lineComments: ["//"], blockComments: cComments,
        strings: ["###", "##", "#", ""].flatMap { hashes in
            ["r", "br"].map { .raw($0 + hashes + "\"", "\"" + hashes) }
        } + ["b", ""].map { .quoted("\"", prefix: $0, spansLines: true) },
        hasCharacters: true, commandMarks: [":"], end: .semicolon)

    private static let cpp = SourceSyntax(
        form: .typed(modifiers: ["const", "constexpr", "constinit", "inline", "static", "volatile"]),
        lineComments: ["//"], blockComments: cComments, strings: [.raw("r\"(", ")\""), .quoted("\"")],
        hasCharacters: true, commandMarks: ["#", "%", "!", "?", "."], end: .semicolon)

    private static let bash = SourceSyntax(
        form: .bash, lineComments: ["#"], spacedComments: true,
        strings: [
            .quoted("'", prefix: "$", spansLines: true), .quoted("'", escape: nil, spansLines: true),
            .quoted("\"", spansLines: true, codeStarts: ["$(", "${"]), .quoted("`", spansLines: true),
        ],
        continuation: "\\", blockStarts: ["case", "do", "if"], blockEnds: ["done", "esac", "fi"], hasCommands: true)

    private static let powerShell = SourceSyntax(
        form: .powerShell, lineComments: ["#"], spacedComments: true, blockComments: [("<#", "#>")],
        strings: [
            .raw("@\"\n", "\n\"@"), .raw("@'\n", "\n'@"),
            .doubled("\"", escape: "`", spansLines: true, codeStarts: ["$("]), .doubled("'", spansLines: true),
        ],
        wordCharacters: "$", continuation: "`", end: .completeLine)

    private static let scheme = SourceSyntax(
        form: .scheme, lineComments: [";"], blockComments: [("#|", "|#")], strings: [.quoted("\"", spansLines: true)],
        characterMark: "#\\", wordCharacters: "!$%&*/:<=>?^~+-.@#", end: .bracket)
}
