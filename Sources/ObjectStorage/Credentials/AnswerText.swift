import GalleyHTTP

/// Texts from outside, made fit for an error message.
enum AnswerText {
    /// The greatest number of characters of a text in a message.
    private static let limit = 300

    /// Returns the text as one line of limited length without secrets, control characters and a final period.
    ///
    /// - Returns: The line; nil if nothing is left, or the text contains markup, which is the page of a proxy and not
    ///   meant for a message.
    static func line(_ text: String, hiding secrets: [String] = []) -> String? {
        guard !text.contains("<") else { return nil }
        // A secret may be cut at the end of this part, so that much of the part is not used.
        let longest = secrets.map { $0.unicodeScalars.count }.max() ?? 0
        let part = text.unicodeScalars.prefix(4 * limit + longest)
        let isWhole = part.endIndex == text.unicodeScalars.endIndex
        let hidden = SecretText.hiding(secrets, in: oneLine(SecretText.hiding(secrets, in: String(part))))
        let scalars = hidden.unicodeScalars.dropLast(isWhole ? 0 : longest)
        guard !scalars.isEmpty else { return nil }
        if isWhole, scalars.count <= limit, scalars.last == "." { return String(scalars.dropLast()) }
        return String(scalars.prefix(limit)) + (!isWhole || scalars.count > limit ? "…" : "")
    }

    /// Returns the text with one space in place of white space and control characters, without format characters.
    private static func oneLine(_ text: String) -> String {
        var words: [String.UnicodeScalarView] = [.init()]
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                if words.last?.isEmpty == false { words.append(.init()) }
            } else if scalar.properties.generalCategory != .format {
                words[words.count - 1].append(scalar)
            }
        }
        return words.filter { !$0.isEmpty }.map { String($0) }.joined(separator: " ")
    }
}
