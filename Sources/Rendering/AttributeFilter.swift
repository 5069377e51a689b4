/// Filters the attributes of HTML elements to harmless ones, and makes identifiers and class names unique on the page.
struct AttributeFilter {
    /// The prefix of the notebook's identifiers on the page.
    let scope: String
    /// The identifier of the element that contains the filtered HTML.
    let container: String
    /// Data URLs of the cell's attached images, by attachment name.
    var attachments: [String: String] = [:]

    struct Attributes {
        var html = HTML()
        var hasColors = false

        fileprivate mutating func add(_ name: String, _ value: String) {
            html += " "
            html.append(markup: name.utf8)
            html += "=\"\(value)\""
        }
    }

    /// An image to embed, or the text that replaces an image that cannot be embedded.
    enum Image {
        case shown(HTML)
        case told(String)
    }

    /// The attributes that only carry text or a number, with the elements that may have them. An empty set means all
    /// elements.
    private static let plain: [String: Set<String>] = [
        "title": [], "dir": [], "lang": [], "colspan": ["td", "th"], "rowspan": ["td", "th"],
        "span": ["col", "colgroup"],
        "scope": ["th"], "open": ["details"], "start": ["ol"], "reversed": ["ol"], "type": ["ol", "ul"],
        "value": ["li"], "datetime": ["time", "del", "ins"], "align": alignable, "valign": alignable,
    ]
    private static let alignable: Set = HTMLElement.tableParts.union(["div", "p", "h3", "h4", "h5", "h6", "table"])
    private static let numeric: Set = ["colspan", "rowspan", "span", "start", "value"]

    /// Returns the allowed attributes of a tag that is written as the element `name`.
    func attributes(of tag: HTMLTokenizer.Tag, as name: String) -> Attributes {
        var kept = Attributes()
        for (attribute, bytes) in tag.attributes.sorted(by: { $0.key < $1.key }) {
            let value = String(decoding: bytes, as: UTF8.self)
            switch Special(rawValue: attribute) {
            case .id: if let id = identifier(value) { kept.add(attribute, id) }
            case .class:
                let classes = value.split(whereSeparator: \.isWhitespace).prefix(40).compactMap { Self.className($0) }
                if !classes.isEmpty { kept.add(attribute, classes.joined(separator: " ")) }
            case .style, .color:
                if attribute == "color", tag.name != "font" || tag.attributes["style"] != nil { continue }
                let rules = StyleDeclarations((attribute == "color" ? Array("color:".utf8) + bytes : bytes)[...])
                if !rules.text.isEmpty { kept.add("style", String(decoding: rules.text, as: UTF8.self)) }
                if rules.hasColors { kept.hasColors = true }
            case .href where name == "a":
                guard let address = link(value) else { continue }
                kept.add(attribute, address)
                kept.html += " rel=\"noopener noreferrer nofollow\""
            case nil:
                guard let elements = Self.plain[attribute], elements.isEmpty || elements.contains(name),
                    !Self.numeric.contains(attribute) || Int(value).map({ (-100_000...1000).contains($0) }) == true
                else { continue }
                kept.add(attribute, value)
            default: break
            }
        }
        return kept
    }

    private enum Special: String {
        case id, `class`, style, color, href
    }

    /// Returns the page's identifier for an identifier of the notebook; nil if it is empty, too long or contains white
    /// space.
    func identifier(_ name: String) -> String? {
        name.isEmpty || name.utf8.count > 200 || name.contains(where: \.isWhitespace) ? nil : "\(scope)--\(name)"
    }

    /// Returns the page's class name for a class name of the notebook; nil if a style sheet could not refer to it.
    static func className(_ name: some StringProtocol) -> String? {
        name.utf8.count <= 100 && name.utf8.allSatisfy { $0.isName && $0 < 0x80 || $0 == UInt8(ascii: "-") }
            ? "nbu-" + name : nil
    }
}

// MARK: - Addresses

extension AttributeFilter {
    /// Returns the address if a link may point to it (a fragment, HTTP, HTTPS or mailto), nil otherwise.
    func link(_ address: String) -> String? {
        let address = Self.cleaned(address)
        if address.hasPrefix("#") { return identifier(String(address.dropFirst())).map { "#" + $0 } }
        let scheme = address.prefix { $0 != ":" }
        return ["http", "https", "mailto"].contains(scheme.lowercased()) && scheme.utf8.count < address.utf8.count
            ? address : nil
    }

    /// Returns a data URL for an attached or embedded image; nil if the image would have to be fetched.
    func image(at address: String) -> String? {
        let address = Self.cleaned(address)
        if let name = address.hasPrefix("attachment:") ? address.dropFirst(11) : nil {
            return attachments[String(name)]
        }
        guard address.prefix(11).lowercased() == "data:image/", let comma = address.utf8.firstIndex(of: 0x2C),
            address.utf8.distance(from: address.utf8.startIndex, to: comma) < 60
        else { return nil }
        let kind = address[..<comma].lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
        guard kind.last == "base64", let type = kind.first?.dropFirst(5) else { return nil }
        return ImageData(type: String(type), base64: String(address[comma...].dropFirst()))?.address
    }

    /// Removes the characters that browsers ignore in an address.
    private static func cleaned(_ address: String) -> String {
        var bytes = address.utf8.drop { $0 <= 32 }[...]
        while let last = bytes.last, last <= 32 { bytes = bytes.dropLast() }
        return String(decoding: bytes.filter { $0 >= 32 && $0 != 0x7F }, as: UTF8.self)
    }

    /// Returns the image of an `img` tag, or replacement text if the image would have to be fetched.
    func image(_ tag: HTMLTokenizer.Tag) -> Image {
        func value(_ name: String) -> String { tag.attributes[name].map { String(decoding: $0, as: UTF8.self) } ?? "" }
        let (source, description) = (value("src"), value("alt"))
        guard let address = image(at: source) else {
            let isLong = source.utf8.count > 300
            let place =
                source.isEmpty || source.hasPrefix("data:") ? "" : isLong ? String(source.prefix(300)) + "…" : source
            return .told(
                [description, place.isEmpty ? "" : "[image: \(place)]"].filter { !$0.isEmpty }.joined(separator: " "))
        }
        var html: HTML = "<img class=\"nb-image\" src=\"\(address)\" alt=\"\(description)\""
        if !value("title").isEmpty { html += " title=\"\(value("title"))\"" }
        for name in ["height", "width"] {
            guard let number = Int(value(name)), (1...20_000).contains(number) else { continue }
            html += " "
            html.append(markup: name.utf8)
            html += "=\"\(number)\""
        }
        html += ">"
        return .shown(html)
    }
}
