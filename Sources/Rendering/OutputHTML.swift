import GalleyJSON
package import GalleyNotebook

extension HTML {
    /// Makes what a page shows of an output of a cell.
    ///
    /// - Parameter id: The identifier of the element, which is the only one of its name on the page. Letters, digits and
    ///   dashes.
    package static func output(_ output: Output, id: String) -> HTML {
        let id = identifier(id)
        switch output.kind {
        case .stream(let stream):
            let text = terminal(output.text ?? "")
            return stream == .stderr
                ? "<pre class=\"nb-text nb-stderr\" id=\"\(id)\" tabindex=\"0\">\(text)</pre>"
                : "<pre class=\"nb-text\" id=\"\(id)\" tabindex=\"0\">\(text)</pre>"
        case .error:
            return "<pre class=\"nb-text nb-error\" id=\"\(id)\" tabindex=\"0\">\(terminal(output.errorText))</pre>"
        case .displayData, .executeResult, .other:
            guard let data = output.data else { return HTML() }
            return
                "<div class=\"nb-shown\" id=\"\(id)\">\(Representation(of: data, output.metadata, id: id).html)</div>"
        }
    }

    /// Leaves nothing in an identifier that would mean something else to a style.
    static func identifier(_ id: String) -> String {
        let kept = id.utf8.map { $0.isName && $0 < 0x80 || $0 == UInt8(ascii: "-") ? $0 : UInt8(ascii: "_") }
        let name = String(decoding: kept, as: UTF8.self)
        return name.utf8.first?.isLetter == true ? name : "nb-" + name
    }

    /// Makes a remark of the page on what it shows.
    static func note(_ sentence: String) -> HTML { "<p class=\"nb-note\">\(sentence)</p>" }
}

extension Output {
    /// The lines that lead to an error, or what it says where there are none.
    fileprivate var errorText: String {
        let traceback = (traceback ?? []).joined(separator: "\n")
        if traceback.utf8.contains(where: { !$0.isBlank }) { return traceback }
        return [errorName ?? "", errorValue ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

/// Chooses among the representations of one thing the one that a page shows.
private struct Representation {
    private let data: MimeBundle
    private let metadata: Value
    private let id: String
    private var notes: [String] = []
    /// Whether the thing was made to act, which a page lets nothing do.
    private var isInteractive: Bool
    private(set) var html = HTML()

    /// More than this is no table that somebody reads, in bytes of HTML.
    private static let largest = 2_000_000

    init(of data: MimeBundle, _ metadata: Value, id: String) {
        (self.data, self.metadata, self.id) = (data, metadata, id)
        isInteractive = data.types.contains { type in
            type == "application/javascript"
                || type.hasPrefix("application/vnd.") && (type.hasSuffix("+json") || type.contains("bokeh"))
        }
        html = best() ?? HTML()
        if isInteractive { notes.append("An interactive output is left out here, kept in the notebook.") }
        for note in notes { html += .note(note) }
    }

    private mutating func best() -> HTML? {
        var cleaned: HTML?
        if let text = data.text("text/html") {
            switch clean(text) {
            case .shown(let html): return html
            case .inactive(let html): cleaned = html
            case .nothing: break
            }
        }
        if let image = image() {
            isInteractive = false
            return image
        }
        if let text = data.text("text/markdown") { return markdown(text) }
        if let text = data.text("text/latex") { return "<pre class=\"nb-math\">\(HTML.terminal(text))</pre>" }
        let text = data.text("text/plain")
        if !isInteractive, let value = data.json["application/json"] { return json(value) }
        if let text { return "<pre class=\"nb-text\" tabindex=\"0\">\(HTML.terminal(text))</pre>" }
        return cleaned
    }

    /// What comes of HTML that nobody vouches for.
    private enum Cleaned {
        case shown(HTML)
        /// There is something to see, but what made it act is gone.
        case inactive(HTML)
        case nothing
    }

    private mutating func clean(_ text: String) -> Cleaned {
        guard text.utf8.count <= Self.largest else {
            notes.append("HTML of \(ByteSize(text.utf8.count)) is left out here, kept in the notebook.")
            return .nothing
        }
        // Some libraries draw with boxes to tick, which need more of a page than they get; they bring a text for that.
        if text.contains("-text-repr-fallback"), data.text("text/plain") != nil { return .nothing }
        var sanitizer = HTMLSanitizer(filter: AttributeFilter(scope: id, container: id))
        sanitizer.write(text.utf8)
        let body = sanitizer.finish()
        if sanitizer.hadActiveContent { isInteractive = true }
        guard sanitizer.isVisible else { return .nothing }
        let html: HTML =
            sanitizer.hasColors
            ? "<div class=\"nb-html nb-light\">\(body)</div>" : "<div class=\"nb-html\">\(body)</div>"
        if sanitizer.hadActiveContent { return .inactive(html) }
        isInteractive = false
        return .shown(html)
    }

    private mutating func image() -> HTML? {
        for type in ImageData.types {
            guard let text = data.text(type) else { continue }
            let image = type == "image/svg+xml" ? ImageData(drawing: text) : ImageData(type: type, base64: text)
            guard let image else {
                if text.utf8.count > ImageData.largest {
                    notes.append("An image of \(ByteSize(text.utf8.count)) is left out here, kept in the notebook.")
                }
                continue
            }
            return picture(image, type)
        }
        return nil
    }

    private func picture(_ image: ImageData, _ type: String) -> HTML {
        let description = (data.text("text/plain") ?? "").prefix(300)
        var html: HTML = "<img class=\"nb-image\" src=\"\(image.address)\" alt=\"\(String(description))\""
        let size = metadata[type]
        if let width = size?["width"]?.int, (1...20_000).contains(width) { html += " width=\"\(width)\"" }
        if let height = size?["height"]?.int, (1...20_000).contains(height) { html += " height=\"\(height)\"" }
        html += ">"
        return html
    }

    private func markdown(_ text: String) -> HTML {
        let filter = AttributeFilter(scope: id, container: id)
        return "<div class=\"nb-html nb-markdown\">\(HTML.markdown(text, filter: filter))</div>"
    }

    private func json(_ value: Value) -> HTML {
        let text = String(decoding: value.canonicalText.bytes, as: UTF8.self)
        let code = HTML.code(text, language: "json")
        return
            "<details class=\"nb-json\"><summary>JSON (\(ByteSize(text.utf8.count).description))</summary>\(code)</details>"
    }
}
