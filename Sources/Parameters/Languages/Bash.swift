/// Bash, whose values are texts, and lists of them.
struct Bash: ParameterLanguage {
    let name = "bash"
    let heading = "# Parameters"
    /// The variables that bash sets, refuses to set, evaluates or executes.
    let reservedNames = words(
        """
        BASH BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_COMPAT BASH_ENV
        BASH_EXECUTION_STRING BASH_LINENO BASH_LOADABLES_PATH BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO
        BASH_VERSION BASH_XTRACEFD COMP_CWORD COMP_KEY COMP_LINE COMP_POINT COMP_TYPE COMP_WORDBREAKS COMP_WORDS
        COPROC DIRSTACK ENV EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD IFS LINENO MAPFILE OLDPWD OPTARG
        OPTERR OPTIND PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 PWD RANDOM READLINE_LINE
        READLINE_MARK READLINE_POINT REPLY SECONDS SHELLOPTS SHLVL SRANDOM UID
        """)

    private static let quoted = StringEscapes(
        quote: "'", short: ["\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\"],
        numeric: StringEscapes.octal)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        let assignment = "\(try identifier(name, isASCII: true))=\(literal)"
        // In a variable that a cell has declared as an integer, bash would evaluate the text, and execute commands in it.
        return literal.contains("'") ? "declare +i \(assignment)" : assignment
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        guard case .list(let values) = value else { return try word(value) }
        var words: [String] = []
        for value in values {
            let word = try word(value)
            words.append(word.isEmpty ? "''" : word)
        }
        return "(\(words.joined(separator: " ")))"
    }

    /// Returns the word of a value that is neither a list nor a map.
    private func word(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: ""
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): value.description
        case .double(let value): value.spelled(nan: "nan", infinity: "inf")
        case .string(let text): quoted(try withoutNull(text))
        case .list: throw unsupported("a list in a list", because: "its lists hold only texts")
        case .map: throw unsupported("a map", because: "it has only texts and lists of texts")
        }
    }

    private func quoted(_ text: String) -> String {
        let isPlain = { (scalar: Unicode.Scalar) in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_@%+=:,./-".unicodeScalars.contains(scalar))
        }
        if !text.isEmpty, text.unicodeScalars.allSatisfy(isPlain) { return text }
        let needsEscapes = text.unicodeScalars.contains { $0.isConfusing || $0 == "'" }
        return needsEscapes ? "$" + Self.quoted.literal(text) : "'\(text)'"
    }

    func environmentVariable(_ name: String) throws(ParameterError) -> String {
        // The name is a part of the syntax.
        "\"${\(try identifier(name, isASCII: true))?}\""
    }
}
