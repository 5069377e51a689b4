import Glibc

/// Finds the notebooks that paths, folders and patterns stand for.
package struct NotebookSearch: Sendable {
    /// What is left out, wherever it is found.
    private let excluded: [Glob]

    /// A notebook that was found.
    package struct Found: Hashable, Sendable {
        /// Its path.
        package let path: String
        /// The folder that was looked through: its own, that which was named, or that which the pattern begins with.
        package let folder: String

        /// Takes a notebook that was found otherwise.
        package init(path: String, folder: String) { (self.path, self.folder) = (path, folder) }
    }

    /// Looks for notebooks, and passes over what patterns say.
    package init(excluding patterns: [String] = []) { excluded = patterns.map { Glob($0) } }

    /// Finds those that an argument stands for: a file, which need not exist; a folder, with all folders in it; a pattern.
    ///
    /// In folders nothing counts whose name begins with a dot, nor what a run of a notebook has left beside it.
    package func notebooks(_ argument: String) -> [Found] {
        let found: [Found]
        switch LocalFile.kind(of: argument) {
        case .folder:
            // In the order in which a sorted list of their paths would have them.
            found = Self.files(in: argument).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                .map { Found(path: $0, folder: argument) }
        case nil where Glob.isPattern(argument):
            let glob = Glob(argument)
            found = glob.files.filter { ($0.hasSuffix(".ipynb") || glob.namesEnding) && !Self.isResult($0) }
                .map { Found(path: $0, folder: glob.folder) }
        default: found = [Found(path: argument, folder: LocalFile.folder(of: argument) ?? "")]
        }
        return found.filter { notebook in !excluded.contains { $0.matches(notebook.path) } }
    }

    /// The folder that all files are in which a pattern can stand for.
    package static func folder(of pattern: String) -> String {
        let folder = Glob(pattern).folder
        return folder.isEmpty ? "." : folder
    }

    private static func files(in folder: String) -> [String] {
        // What is here is called by its name alone, as git does it.
        let place = [".", "./"].contains(folder) ? "" : folder.withSlash
        // Whoever runs what cannot be looked into is told so.
        guard let names = LocalFile.namesIfReadable(in: folder) else { return [folder] }
        var repaired: Set<String> = []
        return names.filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
            let path = place + name
            // Running it fails, with an error that names it.
            if NonUTF8Path.isNonUTF8(path) {
                return repaired.insert(name).inserted ? NonUTF8Path.notebooks(name, in: folder) : []
            }
            // Links can lead round in circles.
            if LocalFile.isFolderWithoutForeignLinks(path) { return LocalFile.isLink(path) ? [] : files(in: path) }
            return name.hasSuffix(".ipynb") && !isResult(path) ? [path] : []
        }
    }

    /// Whether a file is what a run has made of another one beside it.
    private static func isResult(_ path: String) -> Bool {
        let stem = path.dropLast(".ipynb".count)
        guard path.hasSuffix(".ipynb"), let dot = LocalFile.fileName(of: String(stem)).lastIndex(of: ".") else {
            return false
        }
        let mark = LocalFile.fileName(of: String(stem))[dot...]
        return (mark == ".executed" || mark == ".nbconvert" || mark.hasPrefix(".galley-conflict"))
            && LocalFile.exists(stem.dropLast(mark.count) + ".ipynb")
    }
}

extension LocalFile {
    /// What a path can lead to.
    package enum Kind: Hashable, Sendable {
        case file, folder, other
    }

    /// What a path leads to; nil where there is nothing.
    package static func kind(of path: String) -> Kind? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// Whether there is something at a path. Root does not follow another user's link, which is something by itself.
    static func exists(_ path: String) -> Bool {
        if geteuid() == 0 { return ![nil, .missing].contains((try? PathWalk(path))?.kind) }
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Whether a path that was found in a list leads to a folder, for all that root may find out: what is behind another
    /// user's link must not show in what root does.
    static func isFolderWithoutForeignLinks(_ path: String) -> Bool {
        geteuid() == 0 ? (try? PathWalk(path.withSlash))?.kind == .folder : kind(of: path) == .folder
    }

    /// Whether a path is a symbolic link.
    package static func isLink(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// What one file is told from another by, whatever its name; nil where there is none.
    package static func identity(of path: String) -> Identity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Identity(status)
    }

    /// A file, whatever its name.
    package struct Identity: Hashable, Sendable {
        private let device: UInt64
        private let number: UInt64

        init(_ status: stat) { (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
    }
}
