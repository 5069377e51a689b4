/// Builds HTML anew from HTML that nobody vouches for.
///
/// Nothing of the input is passed on as it is: known elements with known attributes are written again, text is escaped
/// again, and whatever is open is closed in the end. Elements stand in each other only as a browser leaves them, so that
/// it closes each one where it is closed here, and none of what is around them.
struct HTMLSanitizer {
    private var html = HTML()
    private var open: [String] = []
    /// The element whose content is being passed over, and how many of its kind are open.
    private var passedOver: (name: String, depth: Int)?
    private var styles: [UInt8] = []
    private let filter: AttributeFilter

    /// Whether there is anything to see.
    private(set) var isVisible = false
    /// Whether something was left out that acts when it is on a page.
    private(set) var hadActiveContent = false
    /// Whether colors were set that were chosen for a light page.
    private(set) var hasColors = false

    /// Browsers give up nesting at a few hundred.
    private static let deepest = 90
    private static let mostStyles = 1_000_000

    init(filter: AttributeFilter) { self.filter = filter }

    /// Adds HTML that nobody vouches for; a tag begun in it has to end in it.
    mutating func write(_ untrusted: some Sequence<UInt8>) {
        var reader = HTMLTokenizer(Array(untrusted))
        while let token = reader.next() {
            if passedOver != nil {
                passOver(token)
                continue
            }
            switch token {
            case .text(let text): write(text: text)
            case .open(let tag): begin(tag)
            case .close(let name): if let name = HTMLElement.shown(name) { end(name) }
            }
        }
        passedOver = nil
    }

    /// Adds a block that this room has made.
    mutating func insertBlock(_ block: HTML) {
        leaveTable()
        closeParagraph()
        html += block
        isVisible = true
    }

    /// Adds something in a line that this room has made.
    mutating func insert(_ inline: HTML) {
        leaveTable()
        html += inline
        isVisible = true
    }

    /// Closes everything, and returns what there is.
    mutating func finish() -> HTML {
        pop(to: 0)
        guard !styles.isEmpty else { return html }
        var all: HTML = "<style>"
        all.append(markup: styles)
        all += "</style>"
        all += html
        return all
    }

    private mutating func passOver(_ token: HTMLTokenizer.Token) {
        guard let (name, depth) = passedOver else { return }
        switch token {
        case .open(let tag):
            if HTMLElement.active.contains(tag.name) { hadActiveContent = true }
            if tag.name == name { passedOver?.depth += 1 }
        case .close(name): passedOver = depth > 1 ? (name, depth - 1) : nil
        default: break
        }
    }

    private mutating func write(text: [UInt8]) {
        if !text.allSatisfy(\.isBlank) {
            leaveTable()
            isVisible = true
        }
        html.append(escaping: text)
    }
}

// MARK: - Elements

extension HTMLSanitizer {
    private mutating func begin(_ tag: HTMLTokenizer.Tag) {
        if HTMLElement.active.contains(tag.name) { hadActiveContent = true }
        if HTMLElement.dropped.contains(tag.name) { return passedOver = (tag.name, 1) }
        if tag.name == "style" { return addStyles(tag.content) }
        guard let name = HTMLElement.shown(tag.name) else { return }
        if HTMLElement.tableParts.contains(name) {
            guard makeRoom(forTablePart: name) else { return }
        } else {
            leaveTable()
            guard makeRoom(for: name) else { return }
        }
        guard open.count < Self.deepest else { return }
        if name == "img" { return addImage(tag) }
        push(name, filter.attributes(of: tag, as: name))
    }

    private mutating func end(_ name: String) {
        guard !HTMLElement.void.contains(name) else { return }
        let isInline = HTMLElement.inlines.contains(name)
        for index in open.indices.reversed() {
            let other = open[index]
            if other == name { return pop(to: index) }
            // Closing what is around a cell or a block from within it is a mistake.
            if HTMLElement.tableParts.contains(name)
                ? other == "table" : name != "table" && HTMLElement.scopeBoundaries.contains(other)
            {
                return
            }
            if isInline, HTMLElement.blocks.contains(other) { return }
        }
    }

    private mutating func push(_ name: String, _ attributes: AttributeFilter.Attributes = .init()) {
        if attributes.hasColors { hasColors = true }
        html += "<"
        html.append(markup: name.utf8)
        html += attributes.html
        html += ">"
        if name == "hr" { isVisible = true }
        if !HTMLElement.void.contains(name) { open.append(name) }
    }

    private mutating func pop(to count: Int) {
        while open.count > count {
            html += "</"
            html.append(markup: open.removeLast().utf8)
            html += ">"
        }
    }

    private mutating func addImage(_ tag: HTMLTokenizer.Tag) {
        switch filter.image(tag) {
        case .shown(let image): html += image
        case .told(let text):
            if text.isEmpty { return }
            html += "<span class=\"nb-absent\">\(text)</span>"
        }
        isVisible = true
    }

    private mutating func addStyles(_ css: ArraySlice<UInt8>) {
        guard styles.count + css.count < Self.mostStyles else { return }
        let sheet = ScopedStyleSheet(css, filter: filter)
        styles += sheet.text
        if sheet.hasColors { hasColors = true }
    }
}

// MARK: - What may stand in what

extension HTMLSanitizer {
    /// Closes a table in which something stands that is no part of one.
    private mutating func leaveTable() {
        while let last = open.last, HTMLElement.tableContexts.contains(last) {
            pop(to: open.lastIndex(of: "table") ?? 0)
        }
    }

    /// Closes what cannot contain a part of a table; false where there is no table.
    private mutating func makeRoom(forTablePart name: String) -> Bool {
        guard let table = open.lastIndex(of: "table"), open.count < Self.deepest - 1 else { return false }
        let parents: Set<String> =
            switch name {
            case "td", "th": ["tr", "thead", "tbody", "tfoot"]
            case "tr": ["thead", "tbody", "tfoot"]
            case "col": ["colgroup"]
            default: []
            }
        let parent = open.lastIndex(where: parents.contains).flatMap { $0 > table ? $0 : nil } ?? table
        pop(to: parent + 1)
        if name == "col", open[parent] != "colgroup" { push("colgroup") }
        if name == "td" || name == "th", open[parent] != "tr" { push("tr") }
        return true
    }

    /// Closes what cannot contain an element; false where it would mean something outside.
    private mutating func makeRoom(for name: String) -> Bool {
        switch name {
        case "li":
            closeItem(["li"])
            guard openList("ul", or: "ol") else { return false }
        case "dd", "dt":
            closeItem(["dd", "dt"])
            guard openList("dl", or: "dl") else { return false }
        case "a":
            // A link within a link ends the outer one.
            for index in open.indices.reversed() {
                if HTMLElement.scopeBoundaries.contains(open[index]) { break }
                if open[index] == "a" {
                    pop(to: index)
                    break
                }
            }
        default: break
        }
        if HTMLElement.blocks.contains(name) { closeParagraph() }
        if HTMLElement.headings.contains(name), let last = open.last, HTMLElement.headings.contains(last) {
            pop(to: open.count - 1)
        }
        return true
    }

    /// Gives an item a list of its own: without one it would end the item of the page's that all of this may stand in.
    private mutating func openList(_ name: String, or other: String) -> Bool {
        let wall = open.lastIndex(where: HTMLElement.scopeBoundaries.contains) ?? 0
        if open[wall...].contains(where: { $0 == name || $0 == other }) { return true }
        guard open.count < Self.deepest - 1 else { return false }
        closeParagraph()
        push(name)
        return true
    }

    private mutating func closeItem(_ items: Set<String>) {
        for index in open.indices.reversed() {
            let other = open[index]
            if items.contains(other) { return pop(to: index) }
            if HTMLElement.scopeBoundaries.contains(other)
                || HTMLElement.blocks.contains(other) && other != "div" && other != "p"
            {
                return
            }
        }
    }

    private mutating func closeParagraph() {
        for index in open.indices.reversed() {
            if open[index] == "p" { return pop(to: index) }
            if HTMLElement.scopeBoundaries.contains(open[index]) { return }
        }
    }
}
