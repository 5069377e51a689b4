/// The elements of HTML that a notebook may use, and how they may stand in each other.
enum HTMLElement {
    /// Returns the element that stands for another one on a page; nil for one that is left out and only its content
    /// stays.
    static func shown(_ name: String) -> String? {
        switch name {
        // The page has headings of its own above those of a notebook.
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

    /// Elements of which nothing is shown, not even what stands in them.
    static let dropped: Set = ["svg", "math", "template", "select", "datalist", "audio", "video", "object"]
    /// Elements whose loss changes what a page is there for.
    static let active: Set = ["script", "iframe", "object", "embed", "applet", "canvas", "audio", "video"]
    /// Elements without content.
    static let void: Set = ["br", "hr", "img", "col", "wbr"]
    /// Elements between whose tags only parts of a table may stand.
    static let tableContexts: Set = ["table", "colgroup", "thead", "tbody", "tfoot", "tr"]
    /// Parts of a table, which mean nothing outside of one.
    static let tableParts: Set = ["caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"]
    /// Elements that nothing within them reaches out of.
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

    /// Every element that can come to stand on a page.
    static let all = blocks.union(inlines).union(tableParts)
}
