/// Paths as the system reads them: bytes, with names between slashes.
///
/// `Character` reads them otherwise. A slash and a combining mark after it are one character, so it does not see that slash;
/// and two spellings of one letter are equal, where the system finds two files. Root would be led astray by both.
extension StringProtocol where SubSequence == Substring {
    /// Whether the path begins at the root of the file system.
    package var isAbsolutePath: Bool { utf8.first == slash }

    /// Whether the path says by its last byte that it is a folder's.
    package var endsInSlash: Bool { self[...].utf8.last == slash }

    /// The last slash; nil if there is none.
    package var lastSlash: Index? { self[...].utf8.lastIndex(of: slash) }

    /// The text up to the last slash, with it; empty if there is none.
    package var directory: Substring {
        lastSlash.map { self[..<utf8.index(after: $0)] } ?? self[startIndex..<startIndex]
    }

    /// The text behind the last slash.
    package var lastName: Substring { lastSlash.map { self[utf8.index(after: $0)...] } ?? self[...] }

    /// The names in the path, without those that mean the folder itself.
    package var pathNames: [Substring] {
        self[...].utf8.split(separator: slash).map { Substring($0) }.filter { $0 != "." }
    }

    /// The path as a name for a file or a folder to be joined to.
    package var withSlash: String { endsInSlash ? String(self) : String(self) + "/" }

    /// Whether both are spelled alike, byte by byte.
    package func isSamePath(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

private let slash = UInt8(ascii: "/")

/// A path, or a name in one, that equals another only if all bytes do, as it is for the system.
package struct PathKey: Hashable, Sendable {
    /// The path.
    package let text: Substring

    /// Takes a path.
    package init(_ path: String) { text = path[...] }

    /// Takes a part of a path.
    package init(_ path: Substring) { text = path }

    /// Whether the bytes of both are the same.
    package static func == (one: PathKey, other: PathKey) -> Bool { one.text.isSamePath(as: other.text) }

    /// Takes the bytes.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(text.utf8.count)
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
