package import GalleyJSON
package import GalleyJupyterProtocol

/// The record of a kernel that a run of this machine has started on a Jupyter server.
///
/// The record exists while the kernel does. If the run is killed, the record is the only trace of its kernel here.
package struct ServerKernelRecord: KernelRecord {
    package static let suffix = ".server.json"

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
    package var owner: UInt32?

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

    /// Always true: any machine can ask the server about the kernel.
    package var isVisible: Bool { true }

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

    package init?(_ bytes: [UInt8]) {
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
