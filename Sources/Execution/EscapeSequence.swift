/// An escape sequence: characters that control a terminal.
package struct EscapeSequence {
    /// The whole sequence, including the escape character.
    package let text: String
    /// The effect of the sequence.
    package let kind: Kind
    /// The number of Unicode scalars in the sequence.
    package var length: Int { text.unicodeScalars.count }

    /// The effect of a sequence.
    package enum Kind: Equatable {
        /// A change of the color or style of the text that follows.
        case color
        /// A command that moves the cursor, erases text, or changes the screen in another way.
        case command(Unicode.Scalar, parameter: Int?)
        /// The beginning or the end of a hyperlink.
        case link
        /// Any other sequence; it does not affect how text looks.
        case other
    }

    /// The maximum length of a sequence. Longer text after an escape character is not a sequence.
    package static let longest = 4096

    /// Parses the sequence at the beginning of `scalars`; returns nil if it is incomplete.
    package init?(at scalars: Substring.UnicodeScalarView) {
        let rest = scalars.dropFirst()
        guard let second = rest.first else { return nil }
        let end: String.Index
        switch second {
        case "[":
            let parameters = rest.dropFirst().prefix { (0x30...0x3F).contains($0.value) }
            let middle = rest[parameters.endIndex...].prefix { (0x20...0x2F).contains($0.value) }
            guard let last = rest[middle.endIndex...].first else { return nil }
            if !(0x40...0x7E).contains(last.value) {
                // A character that is not allowed in a sequence ends it early.
                (end, kind) = (middle.endIndex, .other)
            } else {
                end = rest.index(after: middle.endIndex)
                let isColor = last == "m" && middle.isEmpty && parameters.allSatisfy { $0.value <= 0x3B }
                kind = isColor ? .color : .command(last, parameter: Int(String(parameters)))
            }
        case "]", "P", "X", "^", "_":
            let body = rest.dropFirst().prefix(Self.longest).prefix { !"\u{7}\u{1B}\u{9C}".unicodeScalars.contains($0) }
            let tail = rest[body.endIndex...]
            guard let first = tail.first else {
                if body.count < Self.longest { return nil }
                (text, kind) = (String(scalars.prefix(2)), .other)
                return
            }
            // BEL, ST, or ESC and a backslash close the string. The scalar after a final ESC is still missing.
            if first == "\u{1B}", tail.dropFirst().first == nil { return nil }
            let isClosed = first != "\u{1B}" || tail.dropFirst().first == "\\"
            end = tail.index(tail.startIndex, offsetBy: !isClosed ? 0 : first == "\u{1B}" ? 2 : 1)
            kind = second == "]" && isClosed && body.starts(with: "8;".unicodeScalars) ? .link : .other
        default:
            let middle = rest.prefix { (0x20...0x2F).contains($0.value) }
            guard let last = rest[middle.endIndex...].first else { return nil }
            end = (0x30...0x7E).contains(last.value) ? rest.index(after: middle.endIndex) : middle.endIndex
            kind = .other
        }
        // Appending to a slice would copy its whole base string.
        text = String(scalars[..<end])
    }
}

extension String {
    /// The text without escape sequences.
    package var withoutEscapes: String { keepingEscapes { _ in false } }

    /// Returns the text with only those escape sequences that satisfy the predicate.
    package func keepingEscapes(where isKept: (EscapeSequence) -> Bool) -> String {
        var kept = String.UnicodeScalarView()
        var rest = self[...].unicodeScalars
        while let scalar = rest.first {
            if scalar == "\u{1B}", let sequence = EscapeSequence(at: rest) {
                // Appending the whole view at once would copy all scalars kept so far.
                if isKept(sequence) { for scalar in sequence.text.unicodeScalars { kept.append(scalar) } }
                rest = rest.dropFirst(sequence.length)
            } else {
                if scalar != "\u{1B}" { kept.append(scalar) }
                rest = rest.dropFirst()
            }
        }
        return String(kept)
    }
}
