/// A JSON text: a value and its formatting.
///
/// Unchanged parts are written byte for byte as they were read, including member order, escapes, white space, line
/// ends, the byte order mark and the final line end. Changed parts are written in the style of the rest.
package struct Document: Sendable {
    /// The root value. Any part of it can be changed.
    package var root: Value
    private let source: SourceText?
    private var chosenStyle: JSONStyle?

    /// The maximum nesting depth of arrays and objects. Python's limit is similar.
    package static let depthLimit = 1000

    /// Parses a text.
    ///
    /// - Parameter depthLimit: The maximum nesting depth. A value that becomes part of another document needs a lower
    ///   limit than that document.
    /// - Throws: ``ParseError`` if Python's `json.loads` would also reject the text, or if a limit is exceeded.
    package init(parsing bytes: [UInt8], depthLimit: Int = Self.depthLimit) throws(ParseError) {
        let source = try SourceText(bytes, depthLimit: depthLimit)
        self.source = source
        root = Value(.text(source.root))
    }

    /// Creates a document from a value.
    package init(_ root: Value, style: JSONStyle = .canonical) {
        self.root = root
        source = nil
        chosenStyle = style
    }

    /// The style of the parsed text, which applies to everything new in it.
    package var style: JSONStyle {
        get { chosenStyle ?? source.map { JSONStyle(of: $0) } ?? .canonical }
        set { chosenStyle = newValue }
    }

    /// The current text of the document.
    package var text: JSONText {
        guard let source else {
            var writer = DocumentWriter(style: style, home: nil)
            writer.write(root)
            writer.append(style.lineEnd)
            return writer.text
        }
        let range = source.root.range
        if case .text(let fragment) = root.form, fragment.source === source, fragment.start == range.lowerBound {
            var text = JSONText()
            text.append(source, 0..<source.bytes.count)
            return text
        }
        var writer = DocumentWriter(style: style, home: source)
        writer.copy(0..<range.lowerBound)
        writer.write(root, standing: range.lowerBound)
        writer.copy(range.upperBound..<source.bytes.count)
        return writer.text
    }

    /// Returns the position of a value in the parsed text; nil if the value is not from this text.
    package func position(of value: Value) -> Position? {
        let fragment: Fragment
        switch value.form {
        case .text(let text): fragment = text
        case .container(let container):
            guard let text = container.origin?.text else { return nil }
            fragment = text
        default: return nil
        }
        guard let source, fragment.source === source else { return nil }
        let bytes = source.bytes
        return Position(offset: fragment.start, in: bytes.span)
    }
}

extension Value {
    /// The output of Python's `json.dumps(x, ensure_ascii=False, indent=1, sort_keys=True)`, followed by a line end.
    ///
    /// A ``Number`` that was created from a spelling keeps that spelling.
    package var canonicalText: JSONText { Document(self).text }
}
