extension Value {
    /// The same value in a source text of its own, which takes a fraction of the memory of separate values.
    ///
    /// This copies the text. Do not compact large values: their text is shared by all values that refer to it.
    package var compacted: Value {
        var style = JSONStyle.oneLine
        style.lineEnd = ""
        style.sortsKeys = false
        let bytes = Document(self, style: style).text.bytes
        guard let source = try? SourceText(bytes, depthLimit: Document.depthLimit) else { return self }
        return Value(.text(source.root))
    }
}
