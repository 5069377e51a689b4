/// Finds the parameters that statements declare.
struct AssignmentReader {
    private let source: SourceText
    private let statements: [SourceStatement]
    private let form: SourceSyntax.Form
    private var found: [DeclaredParameter] = []
    /// The places in `found`.
    private var indices: [String: Int] = [:]

    init(_ text: String, _ syntax: SourceSyntax) {
        var scanner = SourceScanner(text, syntax)
        (statements, form) = (scanner.readStatements(), syntax.form)
        source = SourceText(characters: scanner.characters)
    }

    /// Returns the parameters in the order of their first assignments.
    mutating func parameters() -> [DeclaredParameter] {
        if case .python = form {
            readPython()
            return found
        }
        for statement in statements {
            switch form {
            case .python: break
            case .named(let keywords, let modifiers, let annotation, let operators):
                readNamed(statement, keywords, modifiers, annotation, operators)
            case .typed(let modifiers): readTyped(statement, modifiers)
            case .bash: readBash(statement)
            case .powerShell: readPowerShell(statement)
            case .scheme: readScheme(statement)
            }
        }
        return found
    }

    /// Adds a parameter. A later assignment to the same name gives it another default.
    private mutating func add(
        _ name: String, type: String? = nil, _ value: ArraySlice<SourceToken>, _ statement: SourceStatement
    ) {
        let parameter = DeclaredParameter(
            name, type: type, defaultValue: source.text(of: value), help: statement.comment)
        guard let index = indices[parameter.name] else {
            indices[parameter.name] = found.count
            return found.append(parameter)
        }
        found[index].defaultValue = parameter.defaultValue
        found[index].type = parameter.type ?? found[index].type
        found[index].help = parameter.help ?? found[index].help
    }

    // MARK: Python

    private static let compoundStarts: Set = [
        "async", "class", "def", "elif", "else", "except", "finally", "for", "if", "try", "while", "with",
    ]

    private mutating func readPython() {
        var isInBlock = false
        for statement in statements {
            guard let first = statement.tokens.first else { continue }
            if statement.startsLine {
                let isIndented = statement.column > statements[0].column
                isInBlock = isIndented || Self.compoundStarts.contains(first.text)
            }
            if !isInBlock, first.isName { readPythonAssignment(statement) }
        }
    }

    private mutating func readPythonAssignment(_ statement: SourceStatement) {
        var rest = statement.tokens[...]
        var targets: [String] = []
        var type: String?
        if rest.count > 3, rest[1].isSymbol(":"), let sign = rest.firstIndex(where: { $0.isSymbol("=") }), sign > 2 {
            type = source.text(of: rest[2..<sign]).withoutQuotes
            targets = [rest[0].text]
            rest = rest[(sign + 1)...]
        } else {
            while rest.count > 1, rest.first?.isName ?? false, rest[rest.startIndex + 1].isSymbol("=") {
                targets.append(rest.removeFirst().text)
                rest.removeFirst()
            }
        }
        guard !rest.isEmpty else { return }
        var statement = statement
        let typeComment = statement.takeTypeComment()
        for target in targets { add(target, type: type ?? typeComment, rest, statement) }
    }

    // MARK: Other languages

    private mutating func readNamed(
        _ statement: SourceStatement, _ keywords: Set<String>, _ modifiers: Set<String>, _ annotation: String?,
        _ operators: Set<String>
    ) {
        let declaration = statement.tokens.drop { keywords.contains($0.text) || modifiers.contains($0.text) }
        let leading = statement.tokens[..<declaration.startIndex]
        guard keywords.isEmpty || leading.contains(where: { keywords.contains($0.text) }) else { return }
        for part in parts(of: declaration, followedBy: operators.union(annotation.map { [$0] } ?? [])) {
            guard part.count > 2, let name = part.first, name.isName,
                let sign = part.firstIndex(where: { token in operators.contains { token.isSymbol($0) } }),
                sign + 1 < part.endIndex
            else { continue }
            let between = part[(part.startIndex + 1)..<sign]
            if between.isEmpty {
                add(name.text, part[(sign + 1)...], statement)
            } else if let annotation, between.count > 1, between.first?.isSymbol(annotation) ?? false {
                add(name.text, type: source.text(of: between.dropFirst()), part[(sign + 1)...], statement)
            }
        }
    }

    /// Divides declarations at the commas that a name and one of these symbols follow.
    private func parts(of tokens: ArraySlice<SourceToken>, followedBy symbols: Set<String>) -> [ArraySlice<SourceToken>]
    {
        var parts: [ArraySlice<SourceToken>] = []
        var start = tokens.startIndex
        for index in tokens.indices.dropLast(2) where tokens[index].isSymbol(",") && tokens[index + 1].isName {
            guard symbols.contains(where: { tokens[index + 2].isSymbol($0) }) else { continue }
            parts.append(tokens[start..<index])
            start = index + 1
        }
        return parts + [tokens[start...]]
    }

    /// The words that begin statements with a sign of assignment that declare no variable.
    private static let otherStatements: Set = ["namespace", "return", "throw", "typedef", "using"]

    private mutating func readTyped(_ statement: SourceStatement, _ modifiers: Set<String>) {
        let declaration = statement.tokens.drop { modifiers.contains($0.text) }
        let parts = parts(of: declaration, followedBy: ["="])
        guard let first = declaration.first, first.isName, !Self.otherStatements.contains(first.text),
            let sign = parts[0].firstIndex(where: { $0.isSymbol("=") }), sign > parts[0].startIndex + 1,
            // A member that gets a value is no variable.
            ![".", "::", "->"].contains(parts[0][sign - 2].text)
        else { return }
        let type = source.text(of: parts[0][..<(sign - 1)])
        for part in [parts[0][(sign - 1)...]] + parts.dropFirst() where part.count > 2 && part[part.startIndex].isName {
            add(
                part[part.startIndex].text, type: ["auto", "var"].contains(type) ? nil : type, part.dropFirst(2),
                statement)
        }
    }

    private mutating func readBash(_ statement: SourceStatement) {
        let commands: Set = ["declare", "export", "local", "readonly", "typeset"]
        var rest = statement.tokens[...]
        var isCommand = false
        if let first = rest.first, commands.contains(first.text) {
            isCommand = true
            rest.removeFirst()
        }
        var assignments: [(name: String, value: ArraySlice<SourceToken>)] = []
        for word in words(rest) {
            if isCommand, word.first?.text == "-" || word.first?.text == "--" || word.first?.text == "+" { continue }
            // A command after the assignments gets them as its environment.
            guard word.count > 1, let name = word.first, name.isName, word[word.startIndex + 1].isSymbol("=") else {
                if isCommand { continue }
                return
            }
            assignments.append((name.text, word.dropFirst(2)))
        }
        for (name, value) in assignments { add(name, value, statement) }
    }

    /// Divides tokens at white space outside of brackets.
    private func words(_ tokens: ArraySlice<SourceToken>) -> [ArraySlice<SourceToken>] {
        var words: [ArraySlice<SourceToken>] = []
        var start = tokens.startIndex
        for index in tokens.indices.dropFirst()
        where tokens[index].depth == 0 && tokens[index].kind != .closing
            && tokens[index].range.lowerBound > tokens[index - 1].range.upperBound
        {
            words.append(tokens[start..<index])
            start = index
        }
        return start < tokens.endIndex ? words + [tokens[start...]] : words
    }

    private mutating func readPowerShell(_ statement: SourceStatement) {
        let tokens = statement.tokens
        guard let sign = tokens.firstIndex(where: { $0.isSymbol("=") }), sign > 0, sign + 1 < tokens.endIndex,
            tokens[sign - 1].depth == 0, tokens[sign - 1].text.hasPrefix("$"), tokens[sign - 1].text.count > 1
        else { return }
        let before = tokens[..<(sign - 1)]
        guard before.isEmpty || before.first?.text == "[" && before.last?.text == "]" else { return }
        // The type keeps its brackets: PowerShell converts each value to it.
        let type = before.lastIndex { $0.kind == .opening && $0.depth == 0 }.map { source.text(of: before[$0...]) }
        add(String(tokens[sign - 1].text.dropFirst()), type: type, tokens[(sign + 1)...], statement)
    }

    private mutating func readScheme(_ statement: SourceStatement) {
        let tokens = statement.tokens
        guard tokens.count > 4, tokens[0].kind == .opening, tokens[1].text == "define", tokens[2].kind == .word,
            tokens[tokens.count - 1].kind == .closing
        else { return }
        add(tokens[2].text, tokens[3..<(tokens.count - 1)], statement)
    }
}

extension SourceStatement {
    /// Removes the type from a comment of the form `type: int  help`, and returns it.
    fileprivate mutating func takeTypeComment() -> String? {
        guard let comment, comment.hasPrefix("type:") else { return nil }
        let text = String(comment.dropFirst(5)).trimmed
        let type = text.prefix { !$0.isWhitespace }
        let help = String(text.dropFirst(type.count)).trimmed
        self.comment = help.isEmpty ? nil : help
        // Type checkers read `ignore` as an instruction.
        return type.isEmpty || type.hasPrefix("ignore") ? nil : String(type)
    }
}

extension String {
    /// The text between equal quotes at its ends, or all of it.
    fileprivate var withoutQuotes: String {
        guard count > 2, let quote = first, quote == last, quote == "\"" || quote == "'" else { return self }
        return String(dropFirst().dropLast())
    }
}
