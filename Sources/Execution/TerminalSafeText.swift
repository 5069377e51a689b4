extension String {
    /// Returns the text without control characters and escape sequences, so that showing it is safe.
    ///
    /// - Parameter withColors: Whether color sequences are kept.
    package func terminalSafe(withColors: Bool = false) -> String {
        let kept = keepingEscapes { withColors && $0.kind == .color }.unicodeScalars
        // Each remaining escape character begins a color sequence.
        return String(kept.filter { $0 == "\n" || $0 == "\t" || $0 == "\u{1B}" || !$0.isControl })
    }

    /// Returns the text as a single line of limited length, safe to show in a terminal.
    package func terminalSafeLine(_ length: Int = 60) -> String {
        // The rest would be cut anyway.
        let beginning = String(unicodeScalars.prefix(length * 16))
        let line = beginning.terminalSafe().split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
        let isWhole = line.count <= length && beginning.utf8.count == utf8.count
        return isWhole ? line : line.prefix(max(0, length - 1)) + "…"
    }
}

extension Unicode.Scalar {
    /// Whether the scalar is a control character or changes the direction of text.
    fileprivate var isControl: Bool {
        properties.generalCategory == .control || properties.isBidiControl
    }
}
