/// Rebuilds untrusted HTML from allowed elements, attributes and escaped text.
///
/// No byte of the input is copied as markup, and every open element is closed at the end. Elements are nested only as
/// browsers accept it. Therefore a browser closes each element where the sanitizer does, and never an element of the
/// surrounding page.
struct HTMLSanitizer {
    private var html = HTML()
    private var open: [String] = []
    /// The element whose content is being skipped, and its nesting depth.
    private var passedOver: (name: String, depth: Int)?
    private var styles: [UInt8] = []
    private let filter: AttributeFilter
    private let limit: Int

    /// Whether the result shows anything.
    private(set) var isVisible = false
    /// Whether active content was removed.
    private(set) var hadActiveContent = false
    /// Whether the HTML sets colors, which were chosen for a light page.
    private(set) var hasColors = false

    /// The maximum nesting depth; browsers limit it to a few hundred.
    private static let deepest = 90
    private static let mostStyles = 1_000_000

    /// Creates a sanitizer that stops when its result has `limit` bytes.
    init(filter: AttributeFilter, limit: Int = .max) { (self.filter, self.limit) = (filter, limit) }

    /// Whether the result has reached its limit.
    var isFull: Bool { html.size >= limit }

    /// Sanitizes untrusted HTML and appends it. A tag cannot continue in the next call.
    mutating func write(_ untrusted: some Sequence<UInt8>) {
        var reader = HTMLTokenizer(Array(untrusted))
        while !isFull, let token = reader.next() {
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

    /// Appends a safe block, after closing an open paragraph.
    mutating func insertBlock(_ block: HTML) {
        leaveTable()
        closeParagraph()
        html += block
        isVisible = true
    }

    /// Appends safe inline HTML.
    mutating func insert(_ inline: HTML) {
        leaveTable()
        html += inline
        isVisible = true
    }

    /// Closes all open elements, and returns the HTML with its style sheet.
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
            // An end tag inside a table cell or a block does not close an element outside it.
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

// MARK: - Nesting rules

extension HTMLSanitizer {
    /// Closes the open table if the next content is not a part of a table.
    private mutating func leaveTable() {
        while let last = open.last, HTMLElement.tableContexts.contains(last) {
            pop(to: open.lastIndex(of: "table") ?? 0)
        }
    }

    /// Closes the elements that cannot contain a part of a table; returns false outside of a table.
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

    /// Closes the elements that cannot contain an element; returns false if a list item cannot get a list of its own.
    private mutating func makeRoom(for name: String) -> Bool {
        switch name {
        case "li":
            closeItem(["li"])
            guard openList("ul", or: "ol") else { return false }
        case "dd", "dt":
            closeItem(["dd", "dt"])
            guard openList("dl", or: "dl") else { return false }
        case "a":
            // A link within a link ends the outer link.
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

    /// Opens a list for an item that has none. Otherwise the item would close a list item of the surrounding page.
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
