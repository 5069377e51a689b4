import Glibc

/// The record of the results in a folder: a hidden file that lists them in order, one on each line.
///
/// A search for notebooks leaves the results out. The file changes only when a result has a new path, so a repeated run
/// leaves it as it is.
package struct ResultsRecord: Sendable {
    /// The name of the file.
    package static let fileName = ".galley-results"

    /// The paths of the results, relative to the folder.
    private let paths: Set<PathKey>

    /// Reads the record of a folder; empty if it has none. Root follows no link to it.
    package init(of folder: String) {
        let path = Self.path(in: folder)
        let isReadable = geteuid() != 0 || (try? PathWalk(path))?.kind == .file && !LocalFile.isLink(path)
        let bytes = isReadable ? LocalFile.readSmallFile(path, limit: 1 << 24) : nil
        let lines = (bytes ?? []).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        paths = Set(lines.filter { !$0.hasPrefix("#") }.map { PathKey($0) })
    }

    /// The path of a folder's record.
    package static func path(in folder: String) -> String { folder.withSlash + fileName }

    /// Returns whether the record lists a path, which is relative to the folder.
    func contains(_ path: String) -> Bool { paths.contains(PathKey(path)) }

    /// Returns the bytes of a record that lists these results too; nil if this one does.
    package func bytes(adding results: [String]) -> [UInt8]? {
        let new = paths.union(results.filter { !$0.hasPrefix("#") && !$0.contains("\n") }.map { PathKey($0) })
        if new == paths { return nil }
        let lines = new.map { String($0.text) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let head = "# Results of Galley. A search for notebooks leaves them out."
        return Array(([head] + lines).map { $0 + "\n" }.joined().utf8)
    }
}
