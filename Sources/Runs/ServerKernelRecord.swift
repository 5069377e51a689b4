package import GalleyJSON
package import GalleyJupyterProtocol
package import GalleyStorage
import Glibc

/// The record of a kernel that a run of this machine has started on a Jupyter server.
///
/// The record exists while the kernel does. If the run is killed, the record is the only trace of its kernel here.
package struct ServerKernelRecord: Sendable {
    /// The ID of the kernel for `galley stop`.
    package let id: String
    /// The address of the server, without anything secret.
    package let server: String
    /// The ID of the kernel on the server.
    package let kernelID: String
    /// The kernel name in notebooks.
    package let kernel: String
    /// The path of the notebook that ran in the kernel.
    package let notebook: String
    /// The process that runs the notebook.
    package let engine: ProcessIdentity
    /// The time when the kernel started.
    package let since: Timestamp
    /// Whether the kernel goes on after its run on purpose.
    package var isKept: Bool
    /// The user whose folder contains the record; nil if it was not read from a file.
    package fileprivate(set) var owner: UInt32?

    /// Creates the record of a kernel that this process runs a notebook in.
    package init(
        _ kernelID: String, on server: String, id: String, kernel: String, notebook: String, isKept: Bool = false
    ) {
        (self.id, self.server, self.kernelID, self.kernel) = (id, server, kernelID, kernel)
        (self.notebook, self.isKept, engine, since) = (notebook, isKept, .current(), .now())
    }

    /// Whether a killed run has left the kernel on the server.
    package var isLeft: Bool { !isKept && !engine.isInOtherContainer && !engine.isHidden && !engine.isAlive }
}

extension ServerKernelRecord {
    /// The version of the format, increased when older readers would misread it.
    private static let schema = 1

    /// The document: the members of a run's document that apply to a kernel, and the kernel's own.
    package var json: Value {
        [
            "activity": .string(since.description), "ended": .null, "exit_status": .null, "id": .string(id),
            "kernel": .string(kernel), "kernel_id": .string(kernelID), "machine": .string(engine.machine),
            "message": .null, "notebook": .string(notebook), "process": .number(engine.number),
            "process_started": .number(engine.began), "schema": .number(Self.schema), "server": .string(server),
            "started": .string(since.description), "state": .string(isKept ? "kept" : isLeft ? "left" : "running"),
            "status": .null,
        ]
    }

    /// Parses a document; nil if it is not a record.
    init?(_ bytes: [UInt8]) {
        guard let json = try? Document(parsing: bytes).root, json["schema"]?.int == Self.schema,
            let id = json["id"]?.string, let server = json["server"]?.string,
            let kernelID = json["kernel_id"]?.string, let kernel = json["kernel"]?.string,
            let notebook = json["notebook"]?.string, let since = json["started"]?.string.flatMap({ Timestamp($0) }),
            let machine = json["machine"]?.string, let number = json["process"]?.int,
            let began = json["process_started"]?.int
        else { return nil }
        (self.id, self.server, self.kernelID, self.kernel) = (id, server, kernelID, kernel)
        (self.notebook, self.since, isKept) = (notebook, since, json["state"]?.string == "kept")
        engine = ProcessIdentity(number: number, began: began, machine: machine)
    }
}

extension RunRegistry {
    private static let serverSuffix = ".server.json"

    private func file(ofServerKernel id: String) -> String { path + "/" + id + Self.serverSuffix }

    /// Writes a kernel's record, readable only by its user.
    package func add(_ record: ServerKernelRecord) throws(StorageError) {
        try LocalFile.replaceSmallFile(
            Document(record.json).text.bytes, at: file(ofServerKernel: record.id), mode: 0o600)
    }

    /// Returns the record of a kernel; nil if there is none with this ID.
    package func serverKernel(_ id: String) -> ServerKernelRecord? {
        guard Self.isName(id), let bytes = LocalFile.readSmallFile(file(ofServerKernel: id), of: user),
            var kernel = ServerKernelRecord(bytes), kernel.id == id
        else { return nil }
        kernel.owner = user
        return kernel
    }

    /// The records of all kernels on servers.
    package var serverKernels: [ServerKernelRecord] {
        LocalFile.names(in: path).filter { $0.hasSuffix(Self.serverSuffix) }
            .compactMap { serverKernel(String($0.dropLast(Self.serverSuffix.count))) }
    }

    /// Removes the record of a kernel on a server.
    package func remove(serverKernel id: String) { _ = unsafe unlink(file(ofServerKernel: id)) }
}
