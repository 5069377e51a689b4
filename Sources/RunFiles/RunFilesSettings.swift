package import GalleyStorage

/// The files that a run brings, and those that it stores.
package struct RunFilesSettings: Hashable, Sendable {
    /// The files and folders that are brought beside the notebook before the run.
    package var inputs: [NotebookLocation] = []
    /// The patterns of the files that the run makes and that are stored beside its result.
    package private(set) var patterns: [String] = []

    /// The greatest number of files that a run brings, and that it stores.
    package static let maximumCount = 1_000
    /// The greatest number of bytes that a run brings, and that it stores.
    package static let maximumSize = 5_000_000_000

    /// Creates settings that bring and store nothing.
    package init() {}

    /// Whether the run brings and stores nothing.
    package var isEmpty: Bool { inputs.isEmpty && patterns.isEmpty }

    /// Adds a pattern; returns false if it leads out of the folder of the kernel.
    package mutating func collect(_ pattern: String) -> Bool {
        let names = pattern.pathNames
        guard !names.isEmpty, !pattern.isAbsolutePath, !names.contains("..") else { return false }
        patterns.append(pattern)
        return true
    }

    /// The patterns, with the files of the folders that they name; names that begin with a dot must be written out.
    var globs: [Glob] {
        patterns.flatMap { pattern in
            Glob.isPattern(pattern) && !pattern.endsInSlash
                ? [Glob(pattern)] : [Glob(pattern), Glob(pattern.withSlash + "**/*")]
        }
    }
}
