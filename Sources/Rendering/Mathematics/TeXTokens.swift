/// A token of TeX.
enum TeXToken: Hashable {
    /// A command such as `\frac` or `\,`, without its backslash.
    case command(String)
    case character(Character)
    case space
}

extension TeXToken {
    /// Divides TeX into tokens, without comments.
    static func tokens(of tex: some StringProtocol) -> [TeXToken] {
        var tokens: [TeXToken] = []
        var rest = tex[...]
        while let character = rest.popFirst() {
            switch character {
            case "\\": tokens.append(command(&rest))
            case "%": rest = rest.drop { !$0.isNewline }
            case _ where character.isWhitespace: if tokens.last != .space { tokens.append(.space) }
            default: tokens.append(.character(character))
            }
        }
        return tokens
    }

    /// Removes the name of a command from the beginning of `rest`. White space after a word belongs to the command.
    private static func command<Text: StringProtocol>(_ rest: inout Text) -> TeXToken
    where Text.SubSequence == Text {
        let letters = rest.prefix { $0.isASCII && $0.isLetter }
        if letters.isEmpty {
            guard let sign = rest.popFirst() else { return .command("") }
            return .command(sign.isWhitespace ? " " : String(sign))
        }
        rest = rest.dropFirst(letters.count)
        if rest.first == "*", starred.contains(String(letters)) {
            rest = rest.dropFirst()
            return .command(letters + "*")
        }
        return .command(String(letters))
    }

    private static let starred: Set = ["operatorname", "hspace", "tag"]
}
