extension HTML {
    /// Returns the start of a page, up to the contents of its style sheet. The page loads nothing and runs no script.
    ///
    /// - Parameter language: The language of the page's own text; nil if it has none.
    package static func pageStart(title: String, language: String? = nil) -> HTML {
        let attribute: HTML = if let language { " lang=\"\(language)\"" } else { "" }
        return """
            <!DOCTYPE html>
            <html\(attribute)>
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>\(title)</title>
            <style>

            """
    }
}
