import Testing

/// A parser of strict HTML: every bracket belongs to a known tag, and every tag is closed in order.
struct StrictReader {
    private var rest: Substring
    private var open: [String] = []
    private(set) var tags: [(name: String, attributes: [String: String])] = []
    private(set) var text = ""
    /// The greatest depth of elements.
    private(set) var depth = 0

    struct Complaint: Error, CustomStringConvertible { let description: String }

    static let elements: Set = [
        "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
        "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h3", "h4", "h5", "h6", "hr", "i", "img",
        "ins",
        "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strong", "style", "sub",
        "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "wbr",
        "annotation", "math", "mfrac", "mi", "mn", "mo", "mover", "mphantom", "mroot", "mrow", "mspace", "msqrt",
        "mstyle",
        "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics",
    ]
    static let attributes: Set = [
        "id", "class", "style", "title", "dir", "lang", "colspan", "rowspan", "span", "scope", "open", "start",
        "reversed", "type", "value", "datetime", "align", "valign", "href", "rel", "src", "alt", "width", "height",
        "tabindex", "accent", "accentunder", "display", "displaystyle", "encoding", "form", "linethickness", "lspace",
        "mathvariant", "maxsize", "minsize", "movablelimits", "rspace", "scriptlevel", "stretchy",
    ]
    private static let void: Set = ["br", "hr", "img", "col", "wbr"]

    init(_ html: String) throws {
        rest = html[...]
        while let character = rest.first {
            if character == "<" { try tag() } else { try readText() }
        }
        if !open.isEmpty { throw Complaint(description: "left open: \(open)") }
    }

    private mutating func readText() throws {
        let piece = rest.prefix { $0 != "<" }
        rest = rest.dropFirst(piece.count)
        if open.last == "style" { return try check(sheet: piece) }
        if piece.contains(">") || piece.contains("\0") { throw Complaint(description: "bare: \(piece)") }
        for part in piece.split(separator: "&", omittingEmptySubsequences: false).dropFirst() {
            guard ["amp;", "lt;", "gt;", "quot;", "#39;"].contains(where: part.hasPrefix) else {
                throw Complaint(description: "reference: &\(part)")
            }
        }
        text += piece
    }

    private mutating func tag() throws {
        guard let end = rest.firstIndex(of: ">") else { throw Complaint(description: "no end: \(rest)") }
        var body = rest[..<end].dropFirst()
        rest = rest[end...].dropFirst()
        let isClosing = body.hasPrefix("/")
        if isClosing { body = body.dropFirst() }
        let name = String(body.prefix { $0.isLetter || $0.isNumber })
        body = body.dropFirst(name.count)
        guard Self.elements.contains(name) else { throw Complaint(description: "element: \(name)") }
        if isClosing {
            guard body.isEmpty, open.popLast() == name else {
                throw Complaint(description: "closes: \(name) in \(open)")
            }
            return
        }
        var attributes: [String: String] = [:]
        while !body.isEmpty {
            guard let match = body.prefixMatch(of: /\x20([a-z]+)="([^"<>]*)"/) else {
                throw Complaint(description: "attributes: \(body)")
            }
            attributes[String(match.1)] = String(match.2)
            body = body[match.range.upperBound...]
        }
        try check(name, attributes)
        try checkPlace(of: name)
        tags.append((name, attributes))
        if !Self.void.contains(name) { open.append(name) }
        depth = max(depth, open.count)
    }

    /// Throws if a browser would move an element, or close one around it.
    private func checkPlace(of name: String) throws {
        let within = open[(open.lastIndex { ["table", "td", "th", "caption"].contains($0) } ?? 0)...]
        let parent = open.last ?? ""
        let sections: Set = ["thead", "tbody", "tfoot"]
        let isFine: Bool =
            switch name {
            case "tr": sections.contains(parent) || parent == "table"
            case "td", "th": parent == "tr"
            case "col": parent == "colgroup"
            case "caption", "colgroup", "thead", "tbody", "tfoot": parent == "table"
            case _ where sections.union(["table", "tr", "colgroup"]).contains(parent): false
            case "li": within.contains { $0 == "ul" || $0 == "ol" }
            case "dd", "dt": within.contains("dl")
            case "a": !within.contains("a")
            case "p", "div", "table", "ul", "ol", "dl", "pre", "blockquote", "hr", "details", "summary", "figure",
                "figcaption":
                !within.contains("p")
            case "h3", "h4", "h5", "h6": !within.contains("p") && !["h3", "h4", "h5", "h6"].contains(parent)
            default: true
            }
        if !isFine { throw Complaint(description: "\(name) in \(open)") }
    }

    private func check(_ name: String, _ attributes: [String: String]) throws {
        for (attribute, value) in attributes {
            let lower = value.lowercased()
            let isFine: Bool =
                switch attribute {
                case "href": name == "a" && lower.prefixMatch(of: /(https?:|mailto:|#[a-z0-9-]+--)/) != nil
                case "src":
                    name == "img" && lower.wholeMatch(of: /data:image\/[a-z+-]+;base64,[a-z0-9+\/]+=*/) != nil
                case "style": lower.firstMatch(of: /url|expression|script|@|\\|position|\/\*|behavio|binding/) == nil
                case "class": value.split(separator: " ").allSatisfy { $0.hasPrefix("nb") }
                case "rel": value == "noopener noreferrer nofollow"
                default: StrictReader.attributes.contains(attribute)
                }
            if !isFine { throw Complaint(description: "attribute: \(attribute)=\(value)") }
        }
    }

    private func check(sheet: Substring) throws {
        for line in sheet.split(separator: "\n") {
            guard line.wholeMatch(of: /(#[\w-]+ [^{}@\\<&"';]+)\{[^{}@\\<&"']*\}/) != nil,
                line.lowercased().firstMatch(of: /url|expression|position|\/\*/) == nil
            else { throw Complaint(description: "rule: \(line)") }
        }
    }
}
