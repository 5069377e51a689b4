import GalleyJSON
import GalleyNotebook
import GalleyRendering

extension HTML {
    /// Returns the rendering of a Markdown cell, without the element around it.
    static func markdown(_ text: String) -> String {
        inside(.cell(.markdown(text), at: 0, look: CellRenderingOptions(scope: "n")))
    }

    /// Returns the rendering of a display, without the element around it.
    static func display(_ data: KeyValuePairs<String, String>) -> String {
        inside(.output(.displayData(MimeBundle(data)), id: "o"))
    }

    /// Returns the rendering of an HTML output, without the elements around it.
    static func cleaned(_ html: String) -> String {
        let text = display(["text/html": html])
        guard text.hasSuffix("</div>") else { return text }
        for frame in ["<div class=\"nb-html\">", "<div class=\"nb-html nb-light\">"] where text.hasPrefix(frame) {
            return String(text.dropFirst(frame.count).dropLast("</div>".count))
        }
        return text
    }

    private static func inside(_ html: HTML) -> String {
        let text = html.text.trimmed
        guard let start = text.firstIndex(of: ">"), let end = text.lastIndex(of: "<") else { return text }
        return String(text[text.index(after: start)..<end]).trimmed
    }
}

extension String {
    /// The text without leading and trailing whitespace.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
