package import GalleyJSON
package import GalleyJupyterProtocol
package import GalleyStorage
import Glibc

/// The record of a kernel that is left running after its run.
package struct KeptKernelRecord: KernelRecord {
    package static let suffix = ".kept.json"

    package let id: String
    /// The kernel's process.
    package let process: ProcessIdentity
    /// The processes that clean up after the kernel.
    package let keepers: [ProcessIdentity]
    /// The path of the connection file.
    package let connectionFile: String
    /// The kernel name in notebooks.
    package let kernel: String
    /// The path of the notebook that ran in the kernel.
    package let notebook: String
    /// The time when the run ended.
    package let since: Timestamp
    package var owner: UInt32?

    /// Creates a record of a kernel that is kept; nil if its process is unknown or has ended.
    package init?(_ kept: KeptKernel, id: String, kernel: String, notebook: String) {
        guard let process = kept.process.flatMap({ ProcessIdentity(of: $0) }) else { return nil }
        (self.id, self.process, self.kernel, self.notebook) = (id, process, kernel, notebook)
        (keepers, connectionFile, since) = (
            kept.keepers.compactMap { ProcessIdentity(of: $0) }, kept.connectionFile, .now()
        )
    }

    /// Whether the kernel runs, and the record's owner is its user or root.
    package var isAlive: Bool { process.isAlive && (owner == nil || owner == 0 || process.user == owner) }

    /// Whether the kernel is known to have ended. The processes of another container are not visible.
    package var hasEnded: Bool { !process.isInOtherContainer && !process.isHidden && !isAlive }
}

extension KeptKernelRecord {
    /// Ends the kernel and all its descendants: by a shutdown request, then SIGTERM, then SIGKILL.
    ///
    /// - Parameters:
    ///   - patience: The time to wait after the request and after each signal.
    ///   - ask: Sends the shutdown request.
    /// - Throws: The system's error if this user may not end the kernel.
    package func end(within patience: Duration = .seconds(3), asking ask: () -> Void) throws(Errno) {
        // A keeper ends all processes that the kernel leaves behind.
        let isKept = keepers.contains { $0.isAlive && $0.user == process.user }
        let descendants = isKept ? [] : process.descendants
        // Signal 0 checks whether this user may send signals.
        guard try process.signal(0) else { return }
        ask()
        for signal in [0, SIGTERM, SIGKILL] {
            guard try process.signal(signal), !process.waitForEnd(within: patience) else { break }
        }
        for descendant in descendants where descendant.user == process.user { _ = try descendant.signal(SIGKILL) }
        for other in isKept ? keepers : descendants { _ = other.waitForEnd(within: .seconds(3)) }
    }
}

extension KeptKernelRecord {
    /// The version of the format, increased when older readers would misread it.
    private static let schema = 1

    /// Whether the kernel does not run in another container.
    package var isVisible: Bool { !process.isInOtherContainer }

    package var json: Value {
        func mark(_ process: ProcessIdentity) -> Value {
            ["process": .number(process.number), "process_started": .number(process.began)]
        }
        return [
            "activity": .string(since.description), "connection_file": .string(connectionFile), "ended": .null,
            "exit_status": .null, "id": .string(id), "keepers": .array(keepers.map(mark)), "kernel": .string(kernel),
            "machine": .string(process.machine), "message": .null, "notebook": .string(notebook),
            "process": .number(process.number), "process_started": .number(process.began),
            "schema": .number(Self.schema), "started": .string(since.description), "state": "kept", "status": .null,
        ]
    }

    package init?(_ bytes: [UInt8]) {
        guard let json = try? Document(parsing: bytes).root, json["schema"]?.int == Self.schema,
            json["state"]?.string == "kept", let id = json["id"]?.string, let machine = json["machine"]?.string,
            let connectionFile = json["connection_file"]?.string, let kernel = json["kernel"]?.string,
            let notebook = json["notebook"]?.string, let since = json["started"]?.string.flatMap({ Timestamp($0) })
        else { return nil }
        func mark(_ json: Value) -> ProcessIdentity? {
            guard let number = json["process"]?.int, let began = json["process_started"]?.int else { return nil }
            return ProcessIdentity(number: number, began: began, machine: machine)
        }
        guard let process = mark(json) else { return nil }
        (self.id, self.process, self.kernel, self.notebook) = (id, process, kernel, notebook)
        keepers = json["keepers"]?.elements.compactMap(mark) ?? []
        (self.connectionFile, self.since) = (connectionFile, since)
    }
}
