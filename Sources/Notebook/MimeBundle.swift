public import GalleyJSON

/// Representations of one object by MIME type.
public struct MimeBundle: Sendable {
    /// The object in the document.
    public var json: Value

    /// Creates a bundle from an object of the document.
    public init(json: Value) { self.json = json }

    /// Creates a bundle for the file from data that a kernel sent. Text is split into lines.
    package init(sent data: Value) {
        json = .object(
            data.members.map { type, value in
                (type, Self.isSplit(type) ? value.string.map(MultilineText.split) ?? value : value)
            })
    }

    /// Creates a bundle of texts.
    public init(_ texts: KeyValuePairs<String, String>) {
        self.init(sent: .object(texts.map { ($0.key, .string($0.value)) }))
    }

    /// The MIME types.
    public var types: [String] { json.members.map(\.key) }

    /// Returns the text of a MIME type with its lines joined; nil if there is none or it is not text.
    public func text(_ type: String) -> String? {
        guard let value = json[type] else { return nil }
        return Self.isJSON(type) ? nil : MultilineText.join(value)
    }

    /// Whether nbformat splits the text of a MIME type into lines.
    static func isSplit(_ type: String) -> Bool {
        type.hasPrefix("text/") || type == "application/javascript" || type == "image/svg+xml"
    }

    /// Whether a MIME type contains JSON values, in which an array is not a list of lines.
    static func isJSON(_ type: String) -> Bool {
        type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json"))
    }
}
