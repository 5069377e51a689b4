extension String {
    /// The text as it may be shown: nothing in it moves the cursor, rings, or changes what a terminal does. Colors stay
    /// where they are welcome.
    package func terminalSafe(withColors: Bool = false) -> String {
        let kept = keepingEscapes { withColors && $0.kind == .color }.unicodeScalars
        // Whatever escape is left begins a color.
        return String(kept.filter { $0 == "\n" || $0 == "\t" || $0 == "\u{1B}" || !$0.isControl })
    }

    /// The text on one line of limited length.
    package func terminalSafeLine(_ length: Int = 60) -> String {
        // What is going to be cut need not be looked at.
        let beginning = String(unicodeScalars.prefix(length * 16))
        let line = beginning.terminalSafe().split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
        let isWhole = line.count <= length && beginning.utf8.count == utf8.count
        return isWhole ? line : line.prefix(max(0, length - 1)) + "…"
    }
}

extension Unicode.Scalar {
    /// Whether it is a control character, or one that turns around the direction of what follows it.
    fileprivate var isControl: Bool {
        properties.generalCategory == .control || properties.isBidiControl
    }
}
