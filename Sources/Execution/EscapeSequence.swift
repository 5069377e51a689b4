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
        case colour
        /// It moves the cursor, erases, or does something else to the screen.
        case command(Unicode.Scalar, parameter: Int?)
        /// It says that what follows leads somewhere, or does not any more.
        case link
        /// It means nothing for what text looks like.
        case other
    }

    private typealias Scalars = Substring.UnicodeScalarView

    /// Longer ones are none.
    package static let longest = 4096

    /// Reads the sequence that a text begins with; nil where its end is not there.
    package init?(at scalars: Substring.UnicodeScalarView) {
        let rest = scalars.dropFirst()
        guard let second = rest.first else { return nil }
        switch second {
        case "[":
            let parameters = rest.dropFirst().prefix { (0x30...0x3F).contains($0.value) }
            let middle = rest[parameters.endIndex...].prefix { (0x20...0x2F).contains($0.value) }
            let begin = scalars[..<middle.endIndex]
            guard let last = rest[middle.endIndex...].first else { return nil }
            guard (0x40...0x7E).contains(last.value) else {
                // Broken off by something that cannot stand in it.
                self.init(begin, .other)
                return
            }
            let whole = begin + [last]
            if last == "m", middle.isEmpty, parameters.allSatisfy({ $0.value <= 0x3B }) {
                self.init(whole, .colour)
            } else {
                self.init(whole, .command(last, parameter: Int(String(parameters))))
            }
        case "]", "P", "X", "^", "_":
            let body = rest.dropFirst().prefix(Self.longest).prefix {
                $0 != "\u{7}" && $0 != "\u{1B}" && $0 != "\u{9C}"
            }
            let end = rest[body.endIndex...]
            guard let first = end.first else {
                if body.count < Self.longest { return nil }
                self.init(scalars.prefix(2), .other)
                return
            }
            if first == "\u{1B}", end.dropFirst().first == nil { return nil }
            let closing = first == "\u{1B}" ? (end.dropFirst().first == "\\" ? 2 : 0) : 1
            let isLink = second == "]" && String(body).hasPrefix("8;") && closing > 0
            self.init(scalars[..<body.endIndex] + end.prefix(closing), isLink ? .link : .other)
        default:
            let middle = rest.prefix { (0x20...0x2F).contains($0.value) }
            guard let last = rest[middle.endIndex...].first else { return nil }
            let isLast = (0x30...0x7E).contains(last.value)
            self.init(scalars[..<middle.endIndex] + (isLast ? [last] : []), .other)
        }
    }

    private init(_ scalars: some Sequence<Unicode.Scalar>, _ kind: Kind) {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        self.text = String(text)
        self.kind = kind
    }
}

extension String {
    /// The text without the sequences that are for a terminal.
    public var withoutEscapes: String { keepingEscapes { _ in false } }

    /// The text with no other sequences for a terminal than those that a condition is true of.
    package func keepingEscapes(where isKept: (EscapeSequence) -> Bool) -> String {
        var kept = String.UnicodeScalarView()
        var rest = self[...].unicodeScalars
        while let scalar = rest.first {
            if scalar == "\u{1B}", let sequence = EscapeSequence(at: rest) {
                if isKept(sequence) { kept.append(contentsOf: sequence.text.unicodeScalars) }
                rest = rest.dropFirst(sequence.length)
            } else {
                if scalar != "\u{1B}" { kept.append(scalar) }
                rest = rest.dropFirst()
            }
        }
        return String(kept)
    }
}
