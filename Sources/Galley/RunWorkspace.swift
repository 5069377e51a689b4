package import GalleyExecution

/// The folder of a run's kernel, with files that are brought there before the run and taken from there after it.
///
/// One value serves one notebook. A repeated attempt prepares it again.
package protocol RunWorkspace: Sendable {
    /// Brings the files, and returns the folder of the kernel.
    ///
    /// - Throws: An error if a file cannot be brought. Nothing that was brought stays then.
    func prepare() async throws -> String

    /// Stores the files that the run has made.
    ///
    /// - Throws: An error if the folder cannot be read.
    func collect() async throws -> CollectedFiles

    /// Removes the files that were brought and have not changed, and a folder that was made for the run.
    ///
    /// - Parameter isCollected: Whether the files of the run are elsewhere, so that such a folder is not needed.
    func remove(isCollected: Bool) async
}

/// The files that a run has made.
package struct CollectedFiles: Sendable {
    /// The files that were stored, sorted by path.
    package var files: [CollectedFile] = []
    /// Why a file was not stored, if one was not.
    package var failure: (any Error)?

    /// Creates an empty list.
    package init() {}
}

/// The error of a run whose files could not be stored. The notebook has its result.
package struct UncollectedFiles: Error, CustomStringConvertible {
    /// Why a file was not stored.
    package let reason: any Error
    /// The folder that still has the files.
    package let folder: String
    /// The report of the run.
    package let report: Report

    package var description: String { "\(reason). The files of the run are in \(folder)" }
}
