extension Value {
    /// The same value in a text of its own, which takes a fraction of the memory of the parts that it was made of.
    ///
    /// It costs a copy, so what is large is better left as it is: a large part is shared by all that hold it.
    package var compacted: Value {
        var style = JSONStyle.canonical
        style.indentation = nil
        style.keySeparator = ":"
        style.lineEnd = ""
        style.sortsKeys = false
        let bytes = Document(self, style: style).text.bytes
        guard let source = try? SourceText(bytes, depthLimit: Document.depthLimit) else { return self }
        return Value(.text(source.root))
    }
}
