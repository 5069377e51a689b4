import GalleyExecution

/// Text, attributes and elements of XML.
enum XML {
    /// Escapes text for elements and attributes. Characters that XML does not allow are removed.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // An XML parser would convert a bare carriage return to a line feed.
            case "\r": result += "&#13;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{84}", "\u{86}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Returns an attribute with a leading space.
    ///
    /// Line breaks and tabs are preserved. Characters that change the text direction are removed.
    static func attribute(_ name: String, _ value: String) -> String {
        let value = String(value.unicodeScalars.filter { !$0.properties.isBidiControl })
        return " \(name)=\"\(escaped(value).replacing("\n", with: "&#10;").replacing("\t", with: "&#9;"))\""
    }

    /// Returns an element that contains text.
    static func element(_ name: String, _ attributes: [(String, String)] = [], text: String) -> String {
        let attributes = attributes.map { attribute($0.0, $0.1) }.joined()
        return text.isEmpty ? "<\(name)\(attributes)/>" : "<\(name)\(attributes)>\(escaped(text))</\(name)>"
    }
}
