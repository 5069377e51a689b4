/// A style sheet from an output, restricted to that output.
struct ScopedStyleSheet {
    /// The allowed rules.
    private(set) var text: [UInt8] = []
    /// Whether the rules set colors.
    private(set) var hasColors = false
    private let filter: AttributeFilter

    /// Keeps simple rules, and drops all others.
    init(_ css: ArraySlice<UInt8>, filter: AttributeFilter) {
        self.filter = filter
        let bytes = Self.withoutComments(css)
        var rest = bytes[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            let prelude = rest[..<open].drop(while: \.isBlank)
            if prelude.first == UInt8(ascii: "@"), let end = prelude.firstIndex(of: UInt8(ascii: ";")) {
                rest = rest[(end + 1)...]
                continue
            }
            guard let close = Self.end(of: rest[open...]) else { return }
            let body = rest[(open + 1)..<close]
            rest = rest[(close + 1)...]
            if prelude.first != UInt8(ascii: "@"), !body.contains(UInt8(ascii: "{")) { add(prelude, body) }
        }
    }

    private mutating func add(_ prelude: ArraySlice<UInt8>, _ body: ArraySlice<UInt8>) {
        let declarations = StyleDeclarations(body)
        guard !declarations.text.isEmpty, prelude.count < 200_000 else { return }
        let selectors = prelude.split(separator: UInt8(ascii: ",")).compactMap(selector)
        guard !selectors.isEmpty else { return }
        text += selectors.joined(separator: ",").utf8
        text += "{".utf8 + declarations.text + "}\n".utf8
        if declarations.hasColors { hasColors = true }
    }

    private static func withoutComments(_ css: ArraySlice<UInt8>) -> [UInt8] {
        var kept: [UInt8] = []
        var place = css.startIndex
        while place < css.endIndex {
            if css[place...].starts(with: "/*".utf8) {
                place += 2
                while place < css.endIndex, !css[place...].starts(with: "*/".utf8) { place += 1 }
                place = min(place + 2, css.endIndex)
                kept.append(32)
            } else {
                kept.append(css[place])
                place += 1
            }
        }
        return kept
    }

    /// Returns the index of the closing brace of a block.
    private static func end(of block: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        for index in block.indices {
            if block[index] == UInt8(ascii: "{") { depth += 1 }
            if block[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }
}

// MARK: - Selectors

extension ScopedStyleSheet {
    private static let pseudoClasses: Set = [
        "hover", "first-child", "last-child", "only-child", "only-of-type", "first-of-type", "last-of-type",
        "nth-child(even)", "nth-child(odd)", "nth-child(2n)", "nth-child(2n+1)", "nth-of-type(even)",
        "nth-of-type(odd)",
        "not(:first-child)", "not(:last-child)",
    ]

    /// Rewrites a selector to match only elements in the output; nil if it contains unsupported syntax.
    private func selector(_ bytes: ArraySlice<UInt8>) -> String? {
        var rest = bytes.drop(while: \.isBlank)
        // A leading combinator would select siblings of the output.
        guard let first = rest.first, !">+~".utf8.contains(first), rest.count < 500 else { return nil }
        var selector = "#\(filter.container) "
        while let byte = rest.first {
            if byte.isBlank || ">+~".utf8.contains(byte) {
                guard let joint = joint(&rest) else { return nil }
                // Trailing space is not a combinator.
                if rest.isEmpty { return joint == " " ? selector : nil }
                selector += joint
            } else {
                guard let part = part(&rest) else { return nil }
                selector += part
            }
        }
        return selector
    }

    private func joint(_ rest: inout ArraySlice<UInt8>) -> String? {
        let joint = rest.prefix { $0.isBlank || ">+~".utf8.contains($0) }
        rest = rest.dropFirst(joint.count)
        let signs = joint.filter { !$0.isBlank }
        return signs.count > 1 ? nil : signs.isEmpty ? " " : String(decoding: signs, as: UTF8.self)
    }

    private func part(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard let first = rest.popFirst() else { return nil }
        switch first {
        case UInt8(ascii: "*"): return "*"
        case UInt8(ascii: "#"): return name(&rest).flatMap(filter.identifier).map { "#" + $0 }
        case UInt8(ascii: "."): return name(&rest).flatMap { AttributeFilter.className($0) }.map { "." + $0 }
        case UInt8(ascii: ":"):
            let length = rest.prefix { $0.isName || "-+:()".utf8.contains($0) }.count
            let pseudo = String(decoding: rest.prefix(length), as: UTF8.self)
            rest = rest.dropFirst(length)
            return Self.pseudoClasses.contains(pseudo) ? ":" + pseudo : nil
        case _ where first.isLetter:
            let more = name(&rest) ?? ""
            return HTMLElement.shown(String(decoding: [first], as: UTF8.self).lowercased() + more.lowercased())
        default: return nil
        }
    }

    private func name(_ rest: inout ArraySlice<UInt8>) -> String? {
        let name = rest.prefix { $0.isName && $0 < 0x80 || $0 == UInt8(ascii: "-") }
        rest = rest.dropFirst(name.count)
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
