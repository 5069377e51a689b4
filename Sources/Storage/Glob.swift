import Glibc

/// A shell pattern for paths: `*`, `?` and `[a-z]` match within a name, `**` matches any number of folders.
///
/// Wildcards do not match a leading dot in a name.
package struct Glob: Sendable {
    private let parts: [Substring]
    private let isAbsolute: Bool

    /// Parses a pattern.
    package init(_ pattern: String) {
        let parts = pattern.pathNames
        // A final `**` matches everything in the folders.
        self.parts = parts.last == "**" ? parts + ["*"] : parts
        isAbsolute = pattern.isAbsolutePath
    }

    /// Whether a text contains wildcards.
    package static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }

    /// Whether the end of a path, or of one of its parent folders, matches the pattern, such as `drafts`, `old/*.ipynb`
    /// or `**/big-*`.
    package func matches(_ path: String) -> Bool {
        let names = path.pathNames[...]
        return names.indices.contains { end in
            (isAbsolute ? names.startIndex...names.startIndex : names.startIndex...end).contains { start in
                Self.matches(parts[...], names[start...end])
            }
        }
    }

    /// Whether the pattern can match a path below a folder.
    func canMatch(below folder: String) -> Bool { Self.canMatch(parts[...], below: folder.pathNames[...]) }

    private static func canMatch(_ parts: ArraySlice<Substring>, below names: ArraySlice<Substring>) -> Bool {
        guard let part = parts.first else { return false }
        guard let name = names.first else { return true }
        if part == "**" { return true }
        return isMatch(part, name) && canMatch(parts.dropFirst(), below: names.dropFirst())
    }

    /// Whether the whole path matches the pattern.
    package func matchesWhole(_ path: String) -> Bool { Self.matches(parts[...], path.pathNames[...]) }

    private static func matches(_ parts: ArraySlice<Substring>, _ names: ArraySlice<Substring>) -> Bool {
        guard let part = parts.first else { return names.isEmpty }
        if part == "**" {
            let rest = parts.drop { $0 == "**" }
            return (names.startIndex...names.endIndex).contains { matches(rest, names[$0...]) }
        }
        guard let name = names.first, isMatch(part, name) else { return false }
        return matches(parts.dropFirst(), names.dropFirst())
    }

    private static func isMatch(_ part: Substring, _ name: Substring) -> Bool {
        unsafe fnmatch(String(part), String(name), FNM_PERIOD) == 0
    }

    /// The files that match the pattern, sorted by name.
    var files: [String] {
        var found: [String] = []
        Self.walk(isAbsolute ? "/" : "", parts[...]) { found.append($0) }
        // With several `**`, one file can match in two ways.
        var seen: Set<PathKey> = []
        return found.filter { seen.insert(PathKey($0)).inserted }
    }

    /// Whether the last part of the pattern has a file name extension. If not, only notebooks are meant.
    var namesEnding: Bool { parts.last?.contains(".") ?? false }

    /// The folder that contains all matches: the part of the pattern before the first wildcard.
    var folder: String {
        let plain = parts.dropLast().prefix { !Self.isPattern(String($0)) }
        return (isAbsolute ? "/" : "") + plain.joined(separator: "/")
    }

    /// The text with which all matches begin: the part of the pattern before the first wildcard.
    package var literalPrefix: String {
        String(parts.joined(separator: "/").prefix { !"*?[\\".contains($0) })
    }

    private static func walk(_ folder: String, _ parts: ArraySlice<Substring>, _ visit: (String) -> Void) {
        guard let part = parts.first else { return }
        let place = folder.isEmpty ? "" : folder.withSlash
        func isFolder(_ path: String) -> Bool { LocalFile.isFolderWithoutForeignLinks(path) }
        /// Visits the matching notebooks behind a name that is not UTF-8. Returns false if the name is UTF-8.
        func visitRepaired(_ name: String) -> Bool {
            guard NonUTF8Path.isNonUTF8(place + name) else { return false }
            for path in NonUTF8Path.notebooks(name, in: folder.isEmpty ? "." : folder) {
                let path = folder.isEmpty ? String(path.dropFirst(2)) : path
                if matches(parts, path.pathNames.dropFirst(place.pathNames.count)) { visit(path) }
            }
            return true
        }
        if part == "**" {
            walk(folder, parts.dropFirst(), visit)
            for name in LocalFile.names(in: folder.isEmpty ? "." : folder) where !name.hasPrefix(".") {
                // Links are not followed, because they can form cycles.
                if visitRepaired(name) { continue }
                if isFolder(place + name), !LocalFile.isLink(place + name) { walk(place + name, parts, visit) }
            }
        } else if !isPattern(String(part)) {
            let path = place + part
            if parts.count > 1 ? isFolder(path) : LocalFile.exists(path) {
                parts.count > 1 ? walk(path, parts.dropFirst(), visit) : visit(path)
            }
        } else {
            for name in LocalFile.names(in: folder.isEmpty ? "." : folder) where isMatch(part, name[...]) {
                let path = place + name
                if visitRepaired(name) { continue }
                if parts.count > 1 {
                    if isFolder(path) { walk(path, parts.dropFirst(), visit) }
                } else if !isFolder(path) {
                    visit(path)
                }
            }
        }
    }
}
