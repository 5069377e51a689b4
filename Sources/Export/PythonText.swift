/// Text as Python sees it: a list of Unicode code points.
typealias PythonText = [Unicode.Scalar]

extension Unicode.Scalar {
    /// Whether `str.isspace` is true for the character.
    var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }

    /// Whether `\w` matches the character in a regular expression.
    var isPythonWord: Bool {
        if value < 0x80 { return self == "_" || ("a"..."z").contains(self) || ("A"..."Z").contains(self) || isDigit }
        return properties.isAlphabetic || properties.numericType != nil
    }

    /// Whether the character is one of the ten ASCII digits.
    var isDigit: Bool { ("0"..."9").contains(self) }

    /// Whether `repr` shows the character itself.
    fileprivate var isPrintable: Bool {
        if self == " " { return true }
        return switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }

    /// Whether `str.splitlines` ends a line at the character.
    fileprivate var isLineEnd: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}

extension Collection<Unicode.Scalar> {
    /// The text as a string.
    var text: String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: self)
        return String(text)
    }

    /// Whether there is text, all of it white space.
    var isSpace: Bool { !isEmpty && allSatisfy(\.isPythonSpace) }

    /// The words between white space.
    var words: [SubSequence] { split(whereSeparator: \.isPythonSpace) }
}

extension BidirectionalCollection<Unicode.Scalar> where SubSequence: BidirectionalCollection {
    /// The text without white space at its end.
    var strippedAtEnd: SubSequence {
        prefix(upTo: lastIndex { !$0.isPythonSpace }.map { index(after: $0) } ?? startIndex)
    }
}

extension PythonText {
    /// Creates the text of a string.
    init(_ text: String) { self = Array(text.unicodeScalars) }

    /// The lines with their ends, as `str.splitlines(keepends=True)` returns them.
    var lines: [PythonText] {
        var lines: [PythonText] = []
        var start = 0
        var index = 0
        while index < count {
            let character = self[index]
            index += 1
            guard character.isLineEnd else { continue }
            if character == "\r", index < count, self[index] == "\n" { index += 1 }
            lines.append(Array(self[start..<index]))
            start = index
        }
        if start < count { lines.append(Array(self[start...])) }
        return lines
    }

    /// The text before and after the first space.
    var partitionedAtSpace: (PythonText, PythonText) {
        guard let space = firstIndex(of: " ") else { return (self, []) }
        return (Array(self[..<space]), Array(self[(space + 1)...]))
    }

    /// The text without the indentation that all lines share, as `textwrap.dedent` returns it.
    var dedented: PythonText {
        var lines = split(separator: "\n", omittingEmptySubsequences: false)
        var margin: ArraySlice<Unicode.Scalar>?
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " || $0 == "\t" }
            if indent.count == line.count {
                lines[index] = line[line.endIndex...]
            } else if let known = margin {
                margin = known[known.startIndex..<(known.startIndex + zip(known, indent).prefix { $0 == $1 }.count)]
            } else {
                margin = indent
            }
        }
        let common = margin ?? []
        return Array(lines.map { $0.starts(with: common) ? $0.dropFirst(common.count) : $0 }.joined(separator: ["\n"]))
    }

    /// The literal that `repr` returns.
    var literal: PythonText {
        let quote: Unicode.Scalar = contains("'") && !contains("\"") ? "\"" : "'"
        var literal: PythonText = [quote]
        for character in self {
            switch character {
            case quote, "\\": literal += ["\\", character]
            case "\n": literal += ["\\", "n"]
            case "\r": literal += ["\\", "r"]
            case "\t": literal += ["\\", "t"]
            default:
                if character.isPrintable {
                    literal.append(character)
                } else {
                    let value = character.value
                    let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
                    let digits = String(value, radix: 16)
                    literal += PythonText("\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)")
                }
            }
        }
        return literal + [quote]
    }
}
