import GalleyExecution

/// Writes XML.
enum XML {
    /// Text as it may stand between tags and in attributes. What XML has no way to say is left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // A reader would take it for the end of a line.
            case "\r": result += "&#13;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{84}", "\u{86}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// An attribute, with a space before it. A line end in its value stays one; what would turn around the text that a
    /// reader shows behind it is left out.
    static func attribute(_ name: String, _ value: String) -> String {
        let value = String(value.unicodeScalars.filter { !$0.properties.isBidiControl })
        return " \(name)=\"\(escaped(value).replacing("\n", with: "&#10;").replacing("\t", with: "&#9;"))\""
    }

    /// An element that holds text.
    static func element(_ name: String, _ attributes: [(String, String)] = [], text: String) -> String {
        let attributes = attributes.map { attribute($0.0, $0.1) }.joined()
        return text.isEmpty ? "<\(name)\(attributes)/>" : "<\(name)\(attributes)>\(escaped(text))</\(name)>"
    }
}
