/// The declarations of a style that affect nothing outside their element.
struct StyleDeclarations {
    /// The allowed declarations in CSS syntax.
    private(set) var text: [UInt8] = []
    /// Whether they set a color.
    private(set) var hasColors = false

    private static let properties: Set = [
        "background", "background-color", "border-collapse", "border-spacing", "caption-side", "color", "display",
        "font-family", "font-size", "font-style", "font-variant", "font-weight", "height", "letter-spacing",
        "line-height", "list-style-type", "max-height", "max-width", "min-height", "min-width", "opacity", "overflow",
        "overflow-wrap", "overflow-x", "overflow-y", "table-layout", "text-align", "text-decoration", "text-indent",
        "text-overflow", "text-transform", "vertical-align", "visibility", "white-space", "width", "word-break",
        "word-wrap", "float", "clear", "gap", "align-items", "justify-content", "flex", "flex-direction", "flex-wrap",
    ]
    private static let families = ["border", "padding", "margin"]
    private static let functions: Set = ["rgb", "rgba", "hsl", "hsla", "linear-gradient", "calc"]

    /// Keeps the declarations with known properties and simple values.
    init(_ css: ArraySlice<UInt8>) {
        for declaration in css.prefix(20_000).split(separator: UInt8(ascii: ";")) {
            guard let colon = declaration.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = Self.trimmed(declaration[..<colon]).lowercased()
            let value = Self.trimmed(declaration[(colon + 1)...])
            guard Self.isHarmless(name), Self.isHarmless(value: value) else { continue }
            // A negative margin would draw an output over others.
            if name.hasPrefix("margin"), value.utf8.contains(UInt8(ascii: "-")) { continue }
            text += "\(text.isEmpty ? "" : ";")\(name):\(value)".utf8
            if name == "color" || name.hasPrefix("background"), value != "inherit", value != "transparent" {
                hasColors = true
            }
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let start = bytes.drop(while: \.isBlank)
        let end = start.lastIndex { !$0.isBlank }.map { $0 + 1 } ?? start.startIndex
        return String(decoding: start[..<end].map { $0.isBlank ? 32 : $0 }, as: UTF8.self)
    }

    private static func isHarmless(_ property: String) -> Bool {
        if properties.contains(property) { return true }
        guard let family = families.first(where: property.hasPrefix) else { return false }
        let rest = property.dropFirst(family.count)
        return rest.isEmpty
            || rest.hasPrefix("-") && !rest.contains("image")
                && rest.utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "-") }
    }

    /// Whether a value consists of words, numbers, colors and known functions only.
    private static func isHarmless(value: String) -> Bool {
        guard !value.isEmpty, value.utf8.count <= 400 else { return false }
        var word: [UInt8] = []
        var depth = 0
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "("):
                guard functions.contains(String(decoding: word, as: UTF8.self).lowercased()) else { return false }
                depth += 1
                word = []
            case UInt8(ascii: ")"):
                depth -= 1
                guard depth >= 0 else { return false }
                word = []
            case _ where byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-"): word.append(byte)
            case _ where " #%.,+!/_".utf8.contains(byte): word = []
            default: return false
            }
        }
        return depth == 0
    }
}
