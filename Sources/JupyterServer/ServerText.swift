import GalleyHTTP

/// Texts that a server has sent, made fit for an error message.
enum ServerText {
    /// The maximum number of characters of a text in a message.
    private static let limit = 300

    /// Returns the text as one line of limited length, without secrets and control characters; nil if it is empty or
    /// contains HTML, which may hold the token of the request.
    static func line(_ text: String, hiding secrets: [String] = []) -> String? {
        guard !text.contains("<") else { return nil }
        // A secret at the end of this part may lack its end, so that much of the part is not used.
        let longest = secrets.map { $0.unicodeScalars.count }.max() ?? 0
        let part = text.unicodeScalars.prefix(4 * limit + longest)
        let isWhole = part.endIndex == text.unicodeScalars.endIndex
        // A secret may contain characters that the line lacks, and may appear when they are removed.
        let hidden = SecretText.hiding(secrets, in: oneLine(SecretText.hiding(secrets, in: String(part))))
        var scalars = hidden.unicodeScalars.dropLast(isWhole ? 0 : longest)
        let isCut = !isWhole || scalars.count > limit
        scalars = scalars.prefix(limit)
        if scalars.last == " " { scalars.removeLast() }
        guard !scalars.isEmpty else { return nil }
        return String(scalars) + (isCut ? "…" : "")
    }

    /// Returns the text with a space in place of white space and control characters, without format characters.
    private static func oneLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        var isSpace = true
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace || scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                if !isSpace { line.append(" ") }
                isSpace = true
            } else if scalar.properties.generalCategory != .format {
                line.append(scalar)
                isSpace = false
            }
        }
        return String(line)
    }
}
