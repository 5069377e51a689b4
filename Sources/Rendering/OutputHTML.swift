import GalleyJSON
package import GalleyNotebook

extension HTML {
    /// Renders an output of a cell.
    ///
    /// - Parameter id: The element's identifier, unique on the page: letters, digits and dashes.
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

    /// Replaces the characters that have a meaning in CSS selectors.
    static func identifier(_ id: String) -> String {
        let kept = id.utf8.map { $0.isName && $0 < 0x80 || $0 == UInt8(ascii: "-") ? $0 : UInt8(ascii: "_") }
        let name = String(decoding: kept, as: UTF8.self)
        return name.utf8.first?.isLetter == true ? name : "nb-" + name
    }

    /// Renders a note to the reader of the page.
    static func note(_ sentence: String) -> HTML { "<p class=\"nb-note\">\(sentence)</p>" }
}

extension Output {
    /// The text of a stream or an error; nil for other outputs.
    var terminalText: String? {
        switch kind {
        case .stream: text ?? ""
        case .error: errorText
        default: nil
        }
    }

    /// The traceback, or the error's name and message if there is no traceback.
    fileprivate var errorText: String {
        let traceback = (traceback ?? []).joined(separator: "\n")
        if traceback.utf8.contains(where: { !$0.isBlank }) { return traceback }
        return [errorName ?? "", errorValue ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

/// Selects the richest representation of an output that a page can show.
private struct Representation {
    private let data: MimeBundle
    private let metadata: Value
    private let id: String
    private var notes: [String] = []
    /// Whether the output was interactive, which a page does not support.
    private var isInteractive: Bool
    /// Whether a script or other active content was removed from the output's HTML.
    private var hadScript = false
    private(set) var html = HTML()

    /// The maximum size of HTML in bytes.
    private static let largest = 2_000_000

    init(of data: MimeBundle, _ metadata: Value, id: String) {
        (self.data, self.metadata, self.id) = (data, metadata, id)
        isInteractive = data.types.contains { type in
            type == "application/javascript"
                || type.hasPrefix("application/vnd.") && (type.hasSuffix("+json") || type.contains("bokeh"))
        }
        html = best() ?? HTML()
        if hadScript {
            notes.append("The script of this output is left out here, kept in the notebook.")
        } else if isInteractive {
            notes.append("An interactive output is left out here, kept in the notebook.")
        }
        for note in notes { html += .note(note) }
    }

    private mutating func best() -> HTML? {
        var remainder: HTML?
        if let text = data.text("text/html") {
            switch clean(text) {
            case .shown(let html): return html
            case .inactive(let html): remainder = html
            case .nothing: break
            }
        }
        if let image = image() {
            isInteractive = false
            return image
        }
        if let text = data.text("text/markdown") { return markdown(text) }
        if let text = data.text("text/latex") {
            return HTML.latex(text).map { "<div class=\"nb-latex\">\($0)</div>" }
                ?? "<pre class=\"nb-math\">\(HTML.terminal(text))</pre>"
        }
        let text = data.text("text/plain")
        if let remainder, remainder.hasStructure || text?.isObjectDescription != false { return remainder }
        if !isInteractive, let value = data.json["application/json"] { return json(value) }
        if let text { return "<pre class=\"nb-text\" tabindex=\"0\">\(HTML.terminal(text))</pre>" }
        return nil
    }

    /// The result of sanitizing untrusted HTML.
    private enum Cleaned {
        case shown(HTML)
        /// Visible HTML whose active content was removed.
        case inactive(HTML)
        case nothing
    }

    private mutating func clean(_ text: String) -> Cleaned {
        guard text.utf8.count <= Self.largest else {
            notes.append("HTML of \(ByteSize(text.utf8.count)) is left out here, kept in the notebook.")
            return .nothing
        }
        // Some libraries rely on checkboxes, which sanitizing removes; their text representation is the fallback.
        if text.contains("-text-repr-fallback"), data.text("text/plain") != nil { return .nothing }
        var sanitizer = HTMLSanitizer(filter: AttributeFilter(scope: id, container: id))
        sanitizer.write(text.utf8)
        let body = sanitizer.finish()
        if sanitizer.hadActiveContent { (isInteractive, hadScript) = (true, true) }
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

extension HTML {
    /// Whether there is more than lines of text: a table, an image, a heading or a list.
    fileprivate var hasStructure: Bool {
        ["<table", "<img", "<h3", "<h4", "<h5", "<h6", "<ul", "<ol"].contains { text.contains($0) }
    }
}

extension String {
    /// Whether the text is Python's default description of an object, such as `<Figure object at 0x7f00>`.
    fileprivate var isObjectDescription: Bool { hasPrefix("<") && hasSuffix(">") && !contains("\n") }
}
