/// The HTML elements that a notebook may use, and their nesting rules.
enum HTMLElement {
    /// Returns the element that replaces an element on a page; nil if only the element's content is kept.
    static func shown(_ name: String) -> String? {
        switch name {
        // The page has its own headings above those of a notebook.
        case "h1": "h3"
        case "h2": "h4"
        case "h3": "h5"
        case "h4", "h5", "h6": "h6"
        case "main", "nav", "header", "footer", "article", "section", "aside", "form", "fieldset", "address", "center":
            "div"
        case "tt": "code"
        case "strike": "s"
        case "big", "font", "label", "button", "nobr": "span"
        default: all.contains(name) ? name : nil
        }
    }

    /// Elements that are removed with their content.
    static let dropped: Set = ["svg", "math", "template", "select", "datalist", "audio", "video", "object"]
    /// Elements with active content, whose removal can make an output useless.
    static let active: Set = ["script", "iframe", "object", "embed", "applet", "canvas", "audio", "video"]
    /// Void elements, which have no content.
    static let void: Set = ["br", "hr", "img", "col", "wbr"]
    /// Elements whose direct children must be parts of a table.
    static let tableContexts: Set = ["table", "colgroup", "thead", "tbody", "tfoot", "tr"]
    /// Parts of a table, which are invalid outside of one.
    static let tableParts: Set = ["caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"]
    /// Elements whose content cannot close an element outside them.
    static let scopeBoundaries: Set = ["table", "td", "th", "caption"]
    static let headings: Set = ["h3", "h4", "h5", "h6"]

    static let blocks: Set = headings.union([
        "blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "hr", "li", "ol", "p", "pre",
        "summary",
        "table", "ul",
    ])

    static let inlines: Set = [
        "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins", "kbd", "mark", "q",
        "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
    ]

    /// All elements that a page can contain.
    static let all = blocks.union(inlines).union(tableParts)
}
