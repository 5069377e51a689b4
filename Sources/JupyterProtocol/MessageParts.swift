package import GalleyJSON

// The JSON parts of a message, as the transports carry them.

extension Value {
    /// Parses a part of a message, such as its content.
    ///
    /// - Parameter name: The name of the part in errors.
    package init(messagePart bytes: [UInt8], named name: String) throws(MessagePartError) {
        let value: Value
        do throws(ParseError) {
            value = try Self.parsed(bytes)
        } catch {
            // Python kernels pass on invalid UTF-8, for example when a program prints a file name.
            guard case .invalidUTF8 = error.problem,
                let mended = try? Self.parsed(Array(String(decoding: bytes, as: UTF8.self).utf8))
            else { throw .notJSON(part: name, error) }
            value = mended
        }
        // Some kernels send null instead of an empty object.
        guard value.isNull || value.kind == .object else { throw .notAnObject(part: name, value.kind) }
        self = value.isNull ? [:] : value
    }

    private static func parsed(_ bytes: [UInt8]) throws(ParseError) -> Value {
        // The content can become part of a notebook, where it is nested deeper.
        try Document(parsing: bytes, depthLimit: Document.depthLimit - 100).root
    }

    /// The JSON text to send, on one line.
    package var messageText: [UInt8] {
        var style = JSONStyle.canonical
        style.indentation = nil
        style.keySeparator = ":"
        style.lineEnd = ""
        return Document(self, style: style).text.bytes
    }
}

/// The reason why a part of a message is invalid.
package enum MessagePartError: Error, Hashable, Sendable {
    /// The part is not valid JSON.
    case notJSON(part: String, ParseError)
    /// The part is JSON but not an object.
    case notAnObject(part: String, Value.Kind)
}

extension MessagePartError: CustomStringConvertible {
    /// The reason as one sentence.
    package var description: String {
        switch self {
        case .notJSON(let part, let error): "the \(part) of a message is not JSON: \(error)"
        case .notAnObject(let part, let kind): "the \(part) of a message is not an object but of type '\(kind)'"
        }
    }
}
