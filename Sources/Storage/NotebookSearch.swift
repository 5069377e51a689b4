import Glibc

/// Finds the notebooks that files, folders and patterns stand for.
package struct NotebookSearch: Sendable {
    /// The patterns of paths to leave out.
    private let excluded: [(pattern: String, glob: Glob)]

    /// A notebook and the folder of its search.
    package struct Found: Hashable, Sendable {
        /// The path of the notebook.
        package let path: String
        /// The folder that was searched: the notebook's own, the folder argument, or the fixed beginning of the
        /// pattern.
        package let folder: String

        /// Creates an entry for a notebook that was found in another way.
        package init(path: String, folder: String) { (self.path, self.folder) = (path, folder) }
    }

    /// A notebook that the search leaves out.
    package struct LeftOut: Hashable, Sendable {
        /// The path of the notebook.
        package let path: String
        /// Why it is left out.
        package let reason: Reason

        /// The reason to leave a notebook out.
        package enum Reason: Hashable, Sendable {
            /// The path matches this pattern.
            case excluded(pattern: String)
            /// It is the result of the notebook at this path, which is beside it.
            case result(of: String)
            /// It is a result that the ``ResultsRecord`` of this folder lists.
            case recorded(in: String)
        }
    }

    /// Creates a search that leaves out paths that match `patterns`.
    package init(excluding patterns: [String] = []) { excluded = patterns.map { ($0, Glob($0)) } }

    /// Finds the notebooks of an argument: a file, which need not exist; a folder, searched recursively; or a pattern.
    ///
    /// In folders, skips names that begin with a dot, the results that runs have left beside their notebooks, and those
    /// that the ``ResultsRecord`` of a subfolder lists.
    package func notebooks(_ argument: String) -> (found: [Found], leftOut: [LeftOut]) {
        let folder: String
        let paths: [String]
        switch LocalFile.kind(of: argument) {
        case .folder:
            // The order of a sorted list of paths.
            (folder, paths) = (argument, Self.files(in: argument).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        case nil where Glob.isPattern(argument):
            let glob = Glob(argument)
            (folder, paths) = (glob.folder, glob.files.filter { $0.hasSuffix(".ipynb") || glob.namesEnding })
        default:
            let reason = exclusion(of: argument)
            return reason.map { ([], [LeftOut(path: argument, reason: $0)]) }
                ?? ([Found(path: argument, folder: LocalFile.folder(of: argument) ?? "")], [])
        }
        var records: [String: ResultsRecord] = [:]
        var (found, leftOut): ([Found], [LeftOut]) = ([], [])
        for path in paths {
            let reason =
                exclusion(of: path) ?? Self.source(ofResult: path).map { .result(of: $0) }
                ?? Self.recordingFolder(of: path, below: folder, &records).map { .recorded(in: $0) }
            if let reason {
                leftOut.append(LeftOut(path: path, reason: reason))
            } else {
                found.append(Found(path: path, folder: folder))
            }
        }
        return (found, leftOut)
    }

    /// Selects among the notebooks of a folder that is not local, as ``notebooks(_:)`` does among those of a local one.
    ///
    /// - Parameters:
    ///   - paths: All notebooks of the folder and its subfolders.
    ///   - pattern: The pattern that they must match as a whole; nil for all.
    package func select(
        _ paths: [String], in folder: String, matching pattern: String?
    ) -> (found: [Found], leftOut: [LeftOut]) {
        let glob = pattern.map { Glob($0) }
        let all = Set(paths.map { PathKey($0) })
        let depth = folder.pathNames.count
        func isHidden(_ path: String) -> Bool { path.pathNames.dropFirst(depth).contains { $0.hasPrefix(".") } }
        var (found, leftOut): ([Found], [LeftOut]) = ([], [])
        // As in the shell, only a pattern that names dots matches hidden files.
        let namesHidden = pattern?.pathNames.contains { $0.hasPrefix(".") } ?? false
        for path in paths where glob?.matchesWhole(path) != false && (namesHidden || !isHidden(path)) {
            let source = Self.source(ofResult: path) { all.contains(PathKey($0)) }
            if let reason = exclusion(of: path) ?? source.map({ .result(of: $0) }) {
                leftOut.append(LeftOut(path: path, reason: reason))
            } else {
                found.append(Found(path: path, folder: folder))
            }
        }
        return (found, leftOut)
    }

    private func exclusion(of path: String) -> LeftOut.Reason? {
        excluded.first { $0.glob.matches(path) }.map { .excluded(pattern: $0.pattern) }
    }

    /// Returns the folder below the searched one whose record lists a path; nil if there is none.
    private static func recordingFolder(
        of path: String, below folder: String, _ records: inout [String: ResultsRecord]
    ) -> String? {
        let names = path.pathNames
        return (folder.pathNames.count + 1..<max(folder.pathNames.count + 1, names.count)).lazy.map { end in
            (path.isAbsolutePath ? "/" : "") + names[..<end].joined(separator: "/")
        }.first { place in
            let record = records[place] ?? ResultsRecord(of: place)
            records[place] = record
            return record.contains(names.dropFirst(place.pathNames.count).joined(separator: "/"))
        }
    }

    /// Returns the folder that contains all matches of a pattern.
    package static func folder(of pattern: String) -> String {
        let folder = Glob(pattern).folder
        return folder.isEmpty ? "." : folder
    }

    private static func files(in folder: String) -> [String] {
        // Paths in the current directory have no prefix, as in git.
        let place = [".", "./"].contains(folder) ? "" : folder.withSlash
        // Running a folder that cannot be read reports the error.
        guard let names = LocalFile.namesIfReadable(in: folder) else { return [folder] }
        var repaired: Set<String> = []
        return names.filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
            let path = place + name
            // Running such a path fails with an error that names it.
            if NonUTF8Path.isNonUTF8(path) {
                return repaired.insert(name).inserted ? NonUTF8Path.notebooks(name, in: folder) : []
            }
            // Links are not followed, because they can form cycles.
            if LocalFile.isFolderWithoutForeignLinks(path) { return LocalFile.isLink(path) ? [] : files(in: path) }
            return name.hasSuffix(".ipynb") ? [path] : []
        }
    }

    /// Returns the notebook whose result a file beside it is; nil if there is none.
    ///
    /// - Parameter exists: Returns whether there is a notebook at a path.
    package static func source(
        ofResult path: String, exists: (String) -> Bool = LocalFile.exists
    ) -> String? {
        let stem = path.dropLast(".ipynb".count)
        // The values of a run's parameters can follow the mark.
        for end in stem.ranges(of: /\.(executed|nbconvert)-/).map(\.lowerBound) {
            let source = stem[..<end] + ".ipynb"
            if path.hasSuffix(".ipynb"), exists(String(source)) { return String(source) }
        }
        guard path.hasSuffix(".ipynb"), let dot = LocalFile.fileName(of: String(stem)).lastIndex(of: ".") else {
            return nil
        }
        let mark = LocalFile.fileName(of: String(stem))[dot...]
        guard mark == ".executed" || mark == ".nbconvert" || mark.hasPrefix(".galley-conflict") else { return nil }
        let source = stem.dropLast(mark.count) + ".ipynb"
        return exists(String(source)) ? String(source) : nil
    }
}

extension LocalFile {
    /// The type of a file.
    package enum Kind: Hashable, Sendable {
        case file, folder, other
    }

    /// Returns the type of the file that a path leads to; nil if it does not exist.
    package static func kind(of path: String) -> Kind? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// Whether a path exists. Root does not follow another user's link; such a link itself counts as existing.
    package static func exists(_ path: String) -> Bool {
        if geteuid() == 0 { return ![nil, .missing].contains((try? PathWalk(path))?.kind) }
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Whether a path from a directory listing leads to a folder. Root does not follow another user's link, so that
    /// root's behavior does not reveal its target.
    static func isFolderWithoutForeignLinks(_ path: String) -> Bool {
        geteuid() == 0 ? (try? PathWalk(path.withSlash))?.kind == .folder : kind(of: path) == .folder
    }

    /// Whether a path is a symbolic link.
    package static func isLink(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Returns the identity of the file that a path leads to; nil if it does not exist.
    package static func identity(of path: String) -> Identity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Identity(status)
    }

    /// The identity of a file, independent of its name.
    package struct Identity: Hashable, Sendable {
        private let device: UInt64
        private let number: UInt64

        init(_ status: stat) { (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
    }
}
