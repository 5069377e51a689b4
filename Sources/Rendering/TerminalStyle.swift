/// The colors and attributes that escape sequences set for the characters after them, and their HTML.
struct TerminalStyle: Equatable {
    private var foreground: Color?
    private var background: Color?
    private var attributes: Set<Attribute> = []

    enum Color: Equatable {
        /// One of the 16 colors of a terminal's palette.
        case named(Int)
        case exact(red: Int, green: Int, blue: Int)
    }

    enum Attribute: String, CaseIterable {
        case bold, faint, italic, underline, inverse, struck
    }

    /// Applies the codes of a sequence such as `\u{1B}[1;31m`.
    mutating func apply(_ sequence: String) {
        let body = sequence.utf8.dropFirst(2).dropLast()
        var codes = body.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ":") }
            .prefix(64).map { $0.isEmpty ? 0 : Int(String(decoding: $0, as: UTF8.self)) ?? -1 }[...]
        while let code = codes.popFirst() { apply(code, &codes) }
    }

    private mutating func apply(_ code: Int, _ more: inout ArraySlice<Int>) {
        switch code {
        case 0: self = TerminalStyle()
        case 1: attributes.insert(.bold)
        case 2: attributes.insert(.faint)
        case 3: attributes.insert(.italic)
        case 4: attributes.insert(.underline)
        case 7: attributes.insert(.inverse)
        case 9: attributes.insert(.struck)
        case 21, 22: attributes.subtract([.bold, .faint])
        case 23: attributes.remove(.italic)
        case 24: attributes.remove(.underline)
        case 27: attributes.remove(.inverse)
        case 29: attributes.remove(.struck)
        case 30...37: foreground = .named(code - 30)
        case 38: foreground = Self.color(&more) ?? foreground
        case 39: foreground = nil
        case 40...47: background = .named(code - 40)
        case 48: background = Self.color(&more) ?? background
        case 49: background = nil
        case 90...97: foreground = .named(code - 82)
        case 100...107: background = .named(code - 92)
        default: break
        }
    }

    /// Reads a color of the 256-color palette or an RGB color.
    private static func color(_ codes: inout ArraySlice<Int>) -> Color? {
        switch codes.popFirst() {
        case 5:
            guard let index = codes.popFirst(), (0...255).contains(index) else { return nil }
            return color(ofPalette: index)
        case 2:
            let parts = codes.prefix(3)
            codes = codes.dropFirst(3)
            guard parts.count == 3, parts.allSatisfy((0...255).contains) else { return nil }
            let first = parts.startIndex
            return .exact(red: parts[first], green: parts[first + 1], blue: parts[first + 2])
        default: return nil
        }
    }

    private static func color(ofPalette index: Int) -> Color {
        if index < 16 { return .named(index) }
        if index >= 232 {
            let grey = 8 + (index - 232) * 10
            return .exact(red: grey, green: grey, blue: grey)
        }
        let cube = [0, 95, 135, 175, 215, 255]
        let place = index - 16
        return .exact(red: cube[place / 36], green: cube[place / 6 % 6], blue: cube[place % 6])
    }
}

extension TerminalStyle {
    /// Renders characters in this style.
    func html(_ characters: String) -> HTML {
        if characters.isEmpty || self == TerminalStyle() { return HTML(escaping: characters) }
        let isInverse = attributes.contains(.inverse)
        let (front, back) = isInverse ? (background, foreground) : (foreground, background)
        var classes = Attribute.allCases.filter(attributes.contains).map { "nb-" + $0.rawValue }
        var style: [String] = []
        add(front, "nb-fg", "color", &classes, &style)
        add(back, "nb-bg", "background-color", &classes, &style)
        var html: HTML = "<span"
        if !classes.isEmpty { html += " class=\"\(classes.joined(separator: " "))\"" }
        if !style.isEmpty { html += " style=\"\(style.joined(separator: ";"))\"" }
        html += ">\(characters)</span>"
        return html
    }

    private func add(
        _ color: Color?, _ name: String, _ property: String, _ classes: inout [String], _ style: inout [String]
    ) {
        switch color {
        case .named(let index)?: classes.append(name + String(index))
        case .exact(let red, let green, let blue)?:
            let exact = RGBColor(red: red, green: green, blue: blue)
            style.append("\(property):\(exact)")
            // A color without its counterpart was chosen for an unknown background. Browsers without `light-dark()`
            // show the exact color.
            if property == "color", background == nil || foreground == nil {
                style.append("color:light-dark(\(exact.onLight),\(exact.onDark))")
            }
        case nil: break
        }
    }
}

/// An RGB color with components from 0 to 255.
private struct RGBColor: CustomStringConvertible {
    var red: Int
    var green: Int
    var blue: Int

    var description: String {
        "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// A similar color that is readable on a light page.
    var onLight: RGBColor { mixed(with: 0) { $0.brightness <= 0.16 } }
    /// A similar color that is readable on a dark page.
    var onDark: RGBColor { mixed(with: 255) { $0.brightness >= 0.25 } }

    /// Mixes in black (0) or white (255) until the color is readable.
    private func mixed(with other: Int, until isReadable: (RGBColor) -> Bool) -> RGBColor {
        for share in 0..<10 {
            func mix(_ part: Int) -> Int { (part * (10 - share) + other * share) / 10 }
            let mixed = RGBColor(red: mix(red), green: mix(green), blue: mix(blue))
            if isReadable(mixed) { return mixed }
        }
        return RGBColor(red: other, green: other, blue: other)
    }

    /// An approximation of WCAG's relative luminance; the exact power would need a math library.
    private var brightness: Double {
        func linear(_ part: Int) -> Double {
            let share = Double(part) / 255
            return share * share * (0.8 + 0.2 * share)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}
