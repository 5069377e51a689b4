import Galley
import GalleyExecution
import GalleyFlags
import GalleyParameters
import GalleyStorage

/// The files that a command line names and that are not on this machine.
///
/// They are read in the process that runs the notebooks, with the credentials of its user: root's process divides into
/// others only while it has a single thread, so it contacts no store before.
struct RemoteInputs: Sendable {
    /// The contents of the files that have been read, by location.
    private(set) var contents: [PathKey: [UInt8]] = [:]
    /// Whether all files have been read, and all questions to stores have been answered.
    fileprivate(set) var areRead = false

    /// The greatest size of a file.
    static let limit = 1 << 28

    /// Reads files in stores or on the web.
    ///
    /// - Parameter files: The locations, and for each the option that names it.
    mutating func read(_ files: [(option: String, location: String)], from storage: [any StorageProvider]) throws {
        for (option, location) in files where contents[PathKey(location)] == nil {
            do {
                contents[PathKey(location)] = try storage.read(NotebookLocation(location), limit: Self.limit)
            } catch {
                throw OptionFileError(option: option, location: NotebookLocation(location), reason: error)
            }
        }
    }
}

/// The reason why a file in a store, which an option names, was not read or written.
struct OptionFileError: StorageFault, CustomStringConvertible {
    let option: String
    let location: NotebookLocation
    let reason: any Error

    var isTransient: Bool { (reason as? any StorageFault)?.isTransient ?? false }

    var description: String {
        let reason = "\(reason)"
        return reason.contains(location.shown) ? "\(option): \(reason)" : "\(option) \(location.shown): \(reason)"
    }
}

extension [any StorageProvider] {
    /// Waits for the contents of a file that is not local.
    func read(_ location: NotebookLocation, limit: Int) throws -> [UInt8] {
        let provider = try provider(of: location)
        return try waitForTask {
            if let files = provider as? any FileStorage { return try await files.readFile(at: location, limit: limit) }
            return try await provider.store(at: location).read()
        }
    }

    /// Returns the provider of files at a location that is not local.
    func files(at location: NotebookLocation) throws(UnknownStorage) -> any FileStorage {
        guard let files = try provider(of: location) as? any FileStorage else {
            throw UnknownStorage(location: location)
        }
        return files
    }

    /// Whether there is a file at a location.
    ///
    /// - Throws: An error if the store does not answer the question.
    func hasFile(at location: NotebookLocation) throws -> Bool {
        let files = try files(at: location)
        return try waitForTask { try await files.hasFile(at: location) }
    }
}

extension ExecuteArguments {
    /// The parameter files and files of rows that are not on this machine, and the options that name them.
    private var remoteFiles: [(option: String, location: String)] { parameters.remoteFiles + matrix.remoteFiles }

    /// Whether the command line is complete only once files in stores have been read.
    var hasRemoteInputs: Bool { !remoteInputs.areRead && (!remoteFiles.isEmpty || undecidedResult != nil) }

    /// Reads the files of parameters that are not on this machine, and decides what the second of two operands is.
    mutating func readRemoteInputs() throws {
        guard hasRemoteInputs else { return }
        try remoteInputs.read(remoteFiles, from: Rooms.storage(for: self))
        if !remoteFiles.isEmpty {
            try parameters.resolve(into: &options, remoteInputs)
            try matrix.read(for: options.parameters, usesRootsRights: options.user == .caller, remoteInputs)
        }
        if let output = undecidedResult, try !Rooms.storage(for: self).hasFile(at: NotebookLocation(output)) {
            takeAsResult(output)
        }
        remoteInputs.areRead = true
        if let runs = matrix.runs { try multiplyTasks(runs) }
    }

    /// Whether the run contacts a store, as far as the command line says.
    var usesStores: Bool {
        // A list that is read later may name objects.
        if hasRemoteInputs || !deferred.isEmpty || !files.remoteInputs.isEmpty { return true }
        let places = tasks.map(\.path) + tasks.compactMap(outputPath(of:)) + batch.reports.map(\.path)
        return places.contains { NotebookLocation($0).isRemote }
    }

    /// Refuses files that need a local path, and results that cannot be written.
    func checkRemoteOutputs() throws(UsageError) {
        for (option, path) in [("--log", background.log), ("--events", events), ("--status", background.status)]
            + papermill.streamFiles.map({ ($0.option, $0.path) })
        {
            guard let path, NotebookLocation(path).isRemote else { continue }
            throw UsageError(
                "\(option) \(NotebookLocation(path).shown): Galley writes this file line by line during the run, which "
                    + "a store does not allow; name a local file, and copy it with --then")
        }
        for report in batch.reports where NotebookLocation(report.path).isRemote {
            try Rooms.checkWritable(
                NotebookLocation(report.path), for: "\(report.kind.rawValue)", hasServer: server.isGiven, isReport: true
            )
        }
        for task in tasks {
            guard let path = outputPath(of: task), NotebookLocation(path).isRemote else { continue }
            try Rooms.checkWritable(NotebookLocation(path), for: "the result", hasServer: server.isGiven)
        }
        if case .folder(let folder) = result, NotebookLocation(folder).isRemote {
            try Rooms.checkWritable(NotebookLocation(folder), for: "--output-dir", hasServer: server.isGiven)
        }
    }
}
