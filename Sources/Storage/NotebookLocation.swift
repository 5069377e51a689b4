/// The location of a notebook or of a folder of notebooks: a path, `-` for the standard streams, a URL such as
/// `s3://bucket/report.ipynb`, or a path on a Jupyter server, such as `jupyter:work/report.ipynb`.
///
/// The value does no I/O. A ``StorageProvider`` finds out whether the location exists.
public struct NotebookLocation: Sendable {
    /// The location as it was written.
    public let text: String

    /// Creates a location. A file whose name looks like a URL is written as `./s3://…` or `./jupyter:…`.
    public init(_ text: String) { self.text = text }

    /// Creates the location of a path on a Jupyter server.
    package init(serverPath: some StringProtocol) { text = Self.serverPrefix + serverPath }

    /// Standard input for a notebook, standard output for a result.
    public static let standardStreams = NotebookLocation("-")

    /// The beginning of a path on a Jupyter server. The path is relative to the server's root.
    private static let serverPrefix = "jupyter:"

    /// The text before `://`, in lowercase, or `jupyter`; nil for a local path and for `-`.
    public var scheme: String? {
        if text.utf8.starts(with: Self.serverPrefix.utf8) { return "jupyter" }
        guard let end = text.utf8.firstRange(of: "://".utf8)?.lowerBound, end > text.startIndex else { return nil }
        let scheme = text[..<end]
        guard scheme.utf8.first.map({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }) == true,
            scheme.utf8.allSatisfy({ $0.isSchemeByte })
        else { return nil }
        return scheme.lowercased()
    }

    /// The last component of the location, without the query of a web address.
    public var name: String {
        guard ["https", "http"].contains(scheme) else { return String(parts.path.lastName) }
        return String(text.prefix { $0 != "?" && $0 != "#" }.lastName)
    }

    /// Returns the location of a file in the same folder.
    public func sibling(named name: String) -> NotebookLocation {
        NotebookLocation(parts.prefix + parts.path.directory + name)
    }

    /// Returns the location of a path within this folder.
    public func appending(_ path: String) -> NotebookLocation {
        // The root of a server needs no slash.
        NotebookLocation(parts.path.isEmpty && !parts.prefix.isEmpty ? text + path : text.withSlash + path)
    }

    /// Returns the location for contents beside a file that another program has written.
    package func conflict(_ number: Int) -> NotebookLocation {
        NotebookLocation(parts.prefix + LocalFile.conflictPath(beside: String(parts.path), number))
    }

    /// The path on a Jupyter server, and the text before it; the whole text for other locations.
    private var parts: (prefix: String, path: Substring) {
        guard text.utf8.starts(with: Self.serverPrefix.utf8) else { return ("", text[...]) }
        return (Self.serverPrefix, text[text.utf8.index(text.startIndex, offsetBy: Self.serverPrefix.utf8.count)...])
    }

    /// The path on a Jupyter server; nil for other locations.
    package var serverPath: String? { scheme == "jupyter" && !parts.prefix.isEmpty ? String(parts.path) : nil }
}

extension NotebookLocation: Hashable, CustomStringConvertible, ExpressibleByStringLiteral, Codable {
    /// Whether both have the same bytes. Two names that are canonically equivalent in Unicode can be two files.
    public static func == (one: NotebookLocation, other: NotebookLocation) -> Bool {
        PathKey(one.text) == PathKey(other.text)
    }

    /// Hashes the bytes of the text.
    public func hash(into hasher: inout Hasher) { PathKey(text).hash(into: &hasher) }

    /// The location as it was written.
    public var description: String { text }

    /// Creates a location from a string literal.
    public init(stringLiteral text: String) { self.init(text) }

    /// Decodes the location from a string.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the location as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension UInt8 {
    /// Whether a scheme may contain the byte.
    fileprivate var isSchemeByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
