/// A sequence of characters by which text tells a terminal to do something.
package struct EscapeSequence {
    /// The whole sequence.
    package let text: String
    /// What it is for.
    package let kind: Kind
    /// The number of scalars in it.
    package var length: Int { text.unicodeScalars.count }

    /// What sequences are for.
    package enum Kind: Equatable {
        /// It changes how the characters that follow look.
        case color
        /// It moves the cursor, erases, or does something else to the screen.
        case command(Unicode.Scalar, parameter: Int?)
        /// It says that what follows leads somewhere, or does not any more.
        case link
        /// It means nothing for what text looks like.
        case other
    }

    /// Longer ones are none.
    package static let longest = 4096

    /// Reads the sequence that a text begins with; nil where its end is not there.
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
                // Broken off by something that cannot stand in it.
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
            // Closed by a bell, or by an escape and a backslash.
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
        // Not by adding to a slice, which copies all that the slice is of.
        text = String(scalars[..<end])
    }
}

extension String {
    /// The text without the sequences that are for a terminal.
    package var withoutEscapes: String { keepingEscapes { _ in false } }

    /// The text with no other sequences for a terminal than those that a condition is true of.
    package func keepingEscapes(where isKept: (EscapeSequence) -> Bool) -> String {
        var kept = String.UnicodeScalarView()
        var rest = self[...].unicodeScalars
        while let scalar = rest.first {
            if scalar == "\u{1B}", let sequence = EscapeSequence(at: rest) {
                // One by one: adding them together copies all that was kept so far.
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
