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
                return try parseLook(isBehind: isBehind, isNegated: isNegated, from: start)
            }
        }
        return try parseFlags(from: start)
    }

    private mutating func parseLook(
        isBehind: Bool, isNegated: Bool, from start: Int
    ) throws(PythonRegexError) -> PythonRegexNode {
        let outer = groupsBeforeLookBehind
        if isBehind, outer == nil { groupsBeforeLookBehind = groups.count }
        defer { groupsBeforeLookBehind = outer }
        let node = try parseGroupBody(start)
        guard isBehind else { return .look(node, behind: nil, isNegated: isNegated) }
        let width = node.width(groups: groups)
        if width.lowerBound != width.upperBound { throw fault("a look-behind needs a fixed width", at: start) }
        return .look(node, behind: width.lowerBound, isNegated: isNegated)
    }

    private mutating func parseGroupBody(_ start: Int) throws(PythonRegexError) -> PythonRegexNode {
        isAtBeginning = false
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
        return .again(group: group, flags.folding)
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
        isAtBeginning = false
        if groupsBeforeLookBehind != nil { try checkGroup(group, at: start) }
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
        let added = try parseFlagLetters(from: start)
        if added.contains("a"), added.contains("u") { throw fault("the flags a and u exclude each other", at: start) }
        for letter in added { flags.set(letter, true) }
        if !added.isEmpty, take(")") {
            guard isAtBeginning else {
                throw fault("flags for the whole expression must be at its beginning", at: start)
            }
            globalFlags.formUnion(added)
            if globalFlags.isSuperset(of: ["a", "u"]) {
                throw fault("the flags a and u exclude each other", at: start)
            }
            return nil
        }
        if take("-") {
            let removed = try parseFlagLetters(from: start)
            guard !removed.isEmpty, removed.isDisjoint(with: added.union(["a", "u"])) else {
                throw fault("the flags after '-' cannot be turned off", at: start)
            }
            for letter in removed { flags.set(letter, false) }
        } else if added.isEmpty {
            throw fault("'(?' is followed by an unknown character", at: start)
        }
        guard take(":") else { throw fault("the flags are not followed by ':'", at: start) }
        defer { flags = before }
        return .sequence([try parseGroupBody(start)])
    }

    private mutating func parseFlagLetters(from start: Int) throws(PythonRegexError) -> Set<Unicode.Scalar> {
        var letters: Set<Unicode.Scalar> = []
        while let scalar = next, scalar != ":", scalar != ")", scalar != "-" {
            guard "imsxau".unicodeScalars.contains(scalar) else {
                throw fault("'(?' is followed by an unknown character", at: start)
            }
            letters.insert(scalar)
            place += 1
        }
        return letters
    }
}
