/// Where a notebook is, or a folder of notebooks, as a person writes it: a path, `-` for the standard streams, or an address
/// such as `s3://bucket/report.ipynb`.
///
/// It is a value. Whether there is anything at the location is for a ``StorageProvider`` to find out.
public struct NotebookLocation: Sendable {
    /// The location as it was written.
    public let text: String

    /// Takes what a person wrote. A file whose name looks like an address is written as `./s3://…`.
    public init(_ text: String) { self.text = text }

    /// Standard input for a notebook, standard output for a result.
    public static let standardStreams = NotebookLocation("-")

    /// What stands before `://`, in lower case; nil for a path of this machine and for `-`.
    public var scheme: String? {
        guard let end = text.utf8.firstRange(of: "://".utf8)?.lowerBound, end > text.startIndex else { return nil }
        let scheme = text[..<end]
        guard scheme.utf8.first.map({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }) == true,
            scheme.utf8.allSatisfy({ $0.isSchemeByte })
        else { return nil }
        return scheme.lowercased()
    }

    /// The last part of the location: the name of a file.
    public var name: String { String(text.lastName) }

    /// The location of this name in the same folder.
    public func sibling(named name: String) -> NotebookLocation { NotebookLocation(text.directory + name) }

    /// The location of a path within this folder.
    public func appending(_ path: String) -> NotebookLocation { NotebookLocation(text.withSlash + path) }
}

extension NotebookLocation: Hashable, CustomStringConvertible, ExpressibleByStringLiteral, Codable {
    /// Whether both are the same bytes: two names that Unicode takes for equal can be two files.
    public static func == (one: NotebookLocation, other: NotebookLocation) -> Bool {
        PathKey(one.text) == PathKey(other.text)
    }

    /// Feeds the bytes of the text.
    public func hash(into hasher: inout Hasher) { PathKey(text).hash(into: &hasher) }

    /// The location as it was written.
    public var description: String { text }

    /// Takes what a literal says.
    public init(stringLiteral text: String) { self.init(text) }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension UInt8 {
    /// Whether a scheme may have it.
    fileprivate var isSchemeByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
