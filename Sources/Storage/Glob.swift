import Glibc

/// A pattern for paths, as shells have it: `*`, `?` and `[a-z]` within a name, `**` for any number of folders.
///
/// Names that begin with a dot are meant only where the pattern says so.
package struct Glob: Sendable {
    private let parts: [Substring]
    private let isAbsolute: Bool

    /// Takes a pattern.
    package init(_ pattern: String) {
        let parts = pattern.pathNames
        // All folders mean all that is in them.
        self.parts = parts.last == "**" ? parts + ["*"] : parts
        isAbsolute = pattern.isAbsolutePath
    }

    /// Whether text is more than the name of a file.
    package static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }

    /// Whether a path, or a folder that it is in, ends as the pattern says: `drafts`, `old/*.ipynb`, `**/big-*`.
    package func matches(_ path: String) -> Bool {
        let names = path.pathNames[...]
        return names.indices.contains { end in
            (isAbsolute ? names.startIndex...names.startIndex : names.startIndex...end).contains { start in
                Self.matches(parts[...], names[start...end])
            }
        }
    }

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

    /// The files that the pattern stands for, in the order of their names.
    var files: [String] {
        var found: [String] = []
        Self.walk(isAbsolute ? "/" : "", parts[...]) { found.append($0) }
        // Two ways can lead to one file where there are several `**`.
        var seen: Set<PathKey> = []
        return found.filter { seen.insert(PathKey($0)).inserted }
    }

    /// Whether the pattern says how the names end: if not, notebooks are meant.
    var namesEnding: Bool { parts.last?.contains(".") ?? false }

    /// The folder that all of them are in: as much of the pattern as is no pattern.
    var folder: String {
        let plain = parts.dropLast().prefix { !Self.isPattern(String($0)) }
        return (isAbsolute ? "/" : "") + plain.joined(separator: "/")
    }

    private static func walk(_ folder: String, _ parts: ArraySlice<Substring>, _ visit: (String) -> Void) {
        guard let part = parts.first else { return }
        let place = folder.isEmpty ? "" : folder.withSlash
        func isFolder(_ path: String) -> Bool { LocalFile.isFolderWithoutForeignLinks(path) }
        /// Visits what is meant under a name that is not UTF-8, if it is such a one.
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
                // Links can lead round in circles.
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
