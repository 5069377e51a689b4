/// A JSON text: one value, and how it is laid out.
///
/// What is read and not changed is written back byte for byte: order, spelling, white space, line ends, a byte order
/// mark, the last line end or its absence. What is changed is written in the style of the rest.
package struct Document: Sendable {
    /// The value. Change any part of it.
    package var root: Value
    private let source: SourceText?
    private var chosenStyle: JSONStyle?

    /// Arrays and objects in a document may be nested this deeply. Python gives up at about the same depth.
    package static let depthLimit = 1000

    /// Reads a text.
    ///
    /// - Parameter depthLimit: How deeply arrays and objects may be nested. What is going to be part of another
    ///   document needs a lower limit than that document.
    /// - Throws: ``ParseError`` where Python's `json.loads` would refuse it too.
    package init(parsing bytes: [UInt8], depthLimit: Int = Self.depthLimit) throws(ParseError) {
        let source = try SourceText(bytes, depthLimit: depthLimit)
        self.source = source
        root = Value(.text(source.root))
    }

    /// Makes a document of a value.
    package init(_ root: Value, style: JSONStyle = .canonical) {
        self.root = root
        source = nil
        chosenStyle = style
    }

    /// The style of the text that was read, and of everything new in it.
    package var style: JSONStyle {
        get { chosenStyle ?? source.map { JSONStyle(of: $0) } ?? .canonical }
        set { chosenStyle = newValue }
    }

    /// The document as it is now.
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

    /// Where a value stood when this document was read; nil for a value that is not from there.
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
    /// The bytes that Python's `json.dumps(x, ensure_ascii=False, indent=1, sort_keys=True)` writes, and a line end.
    ///
    /// A ``Number`` that was made of a spelling keeps it.
    package var canonicalText: JSONText { Document(self).text }
}
