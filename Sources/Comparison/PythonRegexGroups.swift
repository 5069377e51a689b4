extension PythonRegexParser {
    /// Reads the text after an opening parenthesis; nil for comments and flags.
    mutating func parseGroup(from start: Int) throws(PythonRegexError) -> PythonRegexNode? {
        guard take("?") else { return try parseCapturingGroup(nil, from: start) }
        if take("P") { return try parseNamed(from: start) }
        if take("#") {
            while place < scalars.count, next != ")" { place += 1 }
            try close(start)
            return nil
        }
        if take(":") { return .sequence([try parseGroupBody(start)]) }
        if take(">") { return .atomic(try parseGroupBody(start)) }
        if take("(") { return try parseConditional(from: start) }
        for isBehind in [true, false] {
            for isNegated in [true, false] where take((isBehind ? "<" : "") + (isNegated ? "!" : "=")) {
                let node = try parseGroupBody(start)
                let width = node.width(groups: groups)
                if isBehind, width.lowerBound != width.upperBound {
                    throw fault("a look-behind needs a fixed width", at: start)
                }
                return .look(node, behind: isBehind ? width.lowerBound : nil, isNegated: isNegated)
            }
        }
        return try parseFlags(from: start)
    }

    private mutating func parseGroupBody(_ start: Int) throws(PythonRegexError) -> PythonRegexNode {
        let before = flags
        defer { flags = before }
        let node = try parseEither()
        try close(start)
        return node
    }

    private mutating func close(_ start: Int) throws(PythonRegexError) {
        if !take(")") { throw fault("a '(' is not closed", at: start) }
    }

    private mutating func parseCapturingGroup(_ name: String?, from start: Int) throws(PythonRegexError)
        -> PythonRegexNode
    {
        let number = groups.count
        groups.append(nil)
        if let name {
            if name.first?.isNumber ?? true { throw fault("a group name is invalid", at: start) }
            if names[name] != nil { throw fault("two groups are named '\(name)'", at: start) }
            names[name] = number
        }
        let node = try parseGroupBody(start)
        groups[number] = node.width(groups: groups)
        return .group(number, node)
    }

    private mutating func parseNamed(from start: Int) throws(PythonRegexError) -> PythonRegexNode {
        if take("<") { return try parseCapturingGroup(parseName(until: ">", from: start), from: start) }
        guard take("=") else { throw fault("'(?P' must be followed by '<' or '='", at: start) }
        let name = try parseName(until: ")", from: start)
        guard let group = names[name] else { throw fault("there is no group named '\(name)'", at: start) }
        try checkGroup(group, at: start)
        return .again(group: group, ignoresCase: flags.ignoresCase)
    }

    private mutating func parseName(until end: Unicode.Scalar, from start: Int) throws(PythonRegexError) -> String {
        var name = ""
        while let scalar = next, scalar.value.isWord(isASCII: false) {
            name.unicodeScalars.append(scalar)
            place += 1
        }
        guard !name.isEmpty, take(String(Character(end))) else { throw fault("a group name is invalid", at: start) }
        return name
    }

    private mutating func parseConditional(from start: Int) throws(PythonRegexError) -> PythonRegexNode {
        let name = try parseName(until: ")", from: start)
        guard let group = Int(name) ?? names[name] else { throw fault("there is no group named '\(name)'", at: start) }
        // The group may be defined later.
        conditions.append((group, start))
        let before = flags
        defer { flags = before }
        let yes = try parseSequence()
        let no = take("|") ? try parseSequence() : .empty
        try close(start)
        return .conditional(group: group, yes, no)
    }

    /// Reads `(?i)`, which must be at the beginning, or `(?i-s:…)`.
    private mutating func parseFlags(from start: Int) throws(PythonRegexError) -> PythonRegexNode? {
        let before = flags
        var isOn = true
        while let scalar = next, scalar != ":", scalar != ")" {
            place += 1
            switch scalar {
            case "-" where isOn: isOn = false
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotTakesAll = isOn
            case "x": flags.isVerbose = isOn
            case "a" where isOn: flags.isASCII = true
            case "u" where isOn: flags.isASCII = false
            default: throw fault("'(?' is followed by an unknown character", at: start)
            }
        }
        if take(":") {
            defer { flags = before }
            return .sequence([try parseGroupBody(start)])
        }
        try close(start)
        if start > 0 || !isOn { throw fault("flags for the whole expression must be at its beginning", at: start) }
        return nil
    }
}
