extension HTML {
    /// Renders a formula, with its delimiters, as it was written.
    ///
    /// - Parameter isBlock: Whether the formula is not a part of a paragraph.
    static func formula(_ source: String, isBlock: Bool) -> HTML {
        isBlock ? "<pre class=\"nb-math\">\(source)</pre>" : "<code class=\"nb-math\">\(source)</code>"
    }
}
