/// Operations on paths as bytes with names between slashes, as the system reads them.
///
/// `Character` comparison is unsafe for paths. A slash followed by a combining mark is one character, which does not
/// equal a slash, and two spellings of one letter are equal but name two files. A user could exploit both to mislead
/// root.
extension StringProtocol where SubSequence == Substring {
    /// Whether the path is absolute.
    package var isAbsolutePath: Bool { utf8.first == slash }

    /// Whether the path ends with a slash.
    package var endsInSlash: Bool { self[...].utf8.last == slash }

    /// The index of the last slash; nil if there is none.
    package var lastSlash: Index? { self[...].utf8.lastIndex(of: slash) }

    /// The text up to and including the last slash; empty if there is none.
    package var directory: Substring {
        lastSlash.map { self[..<utf8.index(after: $0)] } ?? self[startIndex..<startIndex]
    }

    /// The text after the last slash.
    package var lastName: Substring { lastSlash.map { self[utf8.index(after: $0)...] } ?? self[...] }

    /// The names in the path, without `.`.
    package var pathNames: [Substring] {
        self[...].utf8.split(separator: slash).map { Substring($0) }.filter { $0 != "." }
    }

    /// The path with a slash at its end.
    package var withSlash: String { endsInSlash ? String(self) : String(self) + "/" }

    /// Whether both paths have the same bytes.
    package func isSamePath(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

private let slash = UInt8(ascii: "/")

/// A path or file name that equals another only if all bytes are equal, as the system compares them.
package struct PathKey: Hashable, Sendable {
    /// The path.
    package let text: Substring

    /// Creates a key for a path.
    package init(_ path: String) { text = path[...] }

    /// Creates a key for a part of a path.
    package init(_ path: Substring) { text = path }

    /// Whether both have the same bytes.
    package static func == (one: PathKey, other: PathKey) -> Bool { one.text.isSamePath(as: other.text) }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(text.utf8.count)
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
