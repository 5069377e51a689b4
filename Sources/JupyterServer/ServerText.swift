/// Texts that a server has sent, made fit for an error message.
enum ServerText {
    /// The maximum number of characters of a text in a message.
    private static let limit = 300

    /// Returns the text as one line of limited length without control characters; nil if it is empty or HTML.
    static func line(_ text: String) -> String? {
        var line = ""
        var (isSpace, count) = (true, 0)
        for scalar in text.unicodeScalars.prefix(4 * limit) {
            if scalar.properties.isWhitespace || scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                if !isSpace { line.unicodeScalars.append(" ") }
                isSpace = true
            } else if scalar.properties.generalCategory != .format {
                line.unicodeScalars.append(scalar)
                isSpace = false
            }
            count += 1
            if count == limit {
                line += "…"
                break
            }
        }
        if line.hasSuffix(" ") { line.removeLast() }
        // A page may contain the token of the request.
        let isPage = ["<!doctype", "<html", "<body", "<head"].contains { line.lowercased().contains($0) }
        return line.isEmpty || isPage ? nil : line
    }

    /// Returns the text with each secret replaced by dots.
    static func hiding(_ secrets: [String], in text: String) -> String {
        var text = text
        for secret in secrets where !secret.isEmpty {
            for range in text.ranges(of: secret).reversed() { text.replaceSubrange(range, with: "…") }
        }
        return text
    }
}
