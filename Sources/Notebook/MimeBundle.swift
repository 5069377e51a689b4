public import GalleyJSON

/// One thing in several representations, by media type.
public struct MimeBundle: Sendable {
    /// The object in the document.
    public var json: Value

    /// Takes an object of the document as it is.
    public init(json: Value) { self.json = json }

    /// Makes the bundle that the file is to hold of data as a kernel sends it: text is split into lines.
    package init(sent data: Value) {
        json = .object(
            data.members.map { type, value in
                (type, Self.isSplit(type) ? value.string.map(MultilineText.split) ?? value : value)
            })
    }

    /// Makes a bundle of texts.
    public init(_ texts: KeyValuePairs<String, String>) {
        self.init(sent: .object(texts.map { ($0.key, .string($0.value)) }))
    }

    /// The media types.
    public var types: [String] { json.members.map(\.key) }

    /// The representation of a media type as text, its lines joined; nil where there is none or it is no text.
    public func text(_ type: String) -> String? {
        guard let value = json[type] else { return nil }
        return Self.isJSON(type) ? nil : MultilineText.join(value)
    }

    /// Whether nbformat splits the text of a media type into lines.
    static func isSplit(_ type: String) -> Bool {
        type.hasPrefix("text/") || type == "application/javascript" || type == "image/svg+xml"
    }

    /// Whether a media type holds JSON values, whose arrays are arrays and not lines.
    static func isJSON(_ type: String) -> Bool {
        type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json"))
    }
}
