package import GalleyJSON
package import GalleyJupyterProtocol
package import GalleyStorage
import Glibc

/// What can be told of a kernel that goes on after its run.
package struct KeptKernelRecord: Sendable {
    /// What the kernel is called.
    package let id: String
    /// Its process.
    package let process: ProcessIdentity
    /// The processes that clean up after it.
    package let keepers: [ProcessIdentity]
    /// The path of its connection file.
    package let connectionFile: String
    /// The name that notebooks have for it.
    package let kernel: String
    /// The path of the notebook that it has run.
    package let notebook: String
    /// When the run was over.
    package let since: Timestamp
    /// The user whose file tells of it; nil where it was read from none.
    package fileprivate(set) var owner: UInt32?

    /// Describes a kernel that is kept now; nil if its process is not known, or has ended.
    package init?(_ kept: KeptKernel, id: String, kernel: String, notebook: String) {
        guard let process = kept.process.flatMap({ ProcessIdentity(of: $0) }) else { return nil }
        (self.id, self.process, self.kernel, self.notebook) = (id, process, kernel, notebook)
        (keepers, connectionFile, since) = (
            kept.keepers.compactMap { ProcessIdentity(of: $0) }, kept.connectionFile, .now()
        )
    }

    /// Whether the kernel goes on, and is one that the owner of the file can tell of.
    package var isAlive: Bool { process.isAlive && (owner == nil || owner == 0 || process.user == owner) }

    /// Whether the kernel has surely ended: one of another container cannot be seen from here.
    package var hasEnded: Bool { !process.isInOtherContainer && !process.isHidden && !isAlive }
}

extension KeptKernelRecord {
    /// Ends the kernel, with everything that it started: by a request, by SIGTERM, by SIGKILL.
    ///
    /// - Parameters:
    ///   - patience: How long the kernel has to end after the request, and after each signal.
    ///   - ask: Asks the kernel to end.
    /// - Throws: The system's reason if this user may not end it.
    package func end(within patience: Duration = .seconds(3), asking ask: () -> Void) throws(Errno) {
        // With a keeper it is the keeper that ends what the kernel leaves behind.
        let isKept = keepers.contains { $0.isAlive && $0.user == process.user }
        let descendants = isKept ? [] : process.descendants
        // A signal that does nothing finds out whether this user may send one.
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
    /// Grows when a reader of an older form would be misled.
    private static let schema = 1

    /// The document: the members that are told of runs, as far as they say something of a kernel, and its own.
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

    var bytes: [UInt8] { Document(json).text.bytes }

    /// Reads a document; nil where it is none.
    init?(_ bytes: [UInt8]) {
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

extension RunRegistry {
    private static let keptSuffix = ".kept.json"

    /// Where a kernel that is kept is told of.
    func file(ofKernel id: String) -> String { path + "/" + id + Self.keptSuffix }

    /// Tells of a kernel that is kept, to its user alone.
    package func add(_ kernel: KeptKernelRecord) throws(StorageError) {
        try LocalFile.replaceSmallFile(kernel.bytes, at: file(ofKernel: kernel.id), mode: 0o600)
    }

    /// What is told of a kernel; nil where there is none of this name.
    package func keptKernel(_ id: String) -> KeptKernelRecord? {
        guard Self.isName(id), let bytes = LocalFile.readSmallFile(file(ofKernel: id), of: user),
            var kernel = KeptKernelRecord(bytes), kernel.id == id, !kernel.process.isInOtherContainer
        else { return nil }
        kernel.owner = user
        return kernel
    }

    /// What is told of all kernels that are kept; those that have ended meanwhile among them.
    package var keptKernels: [KeptKernelRecord] {
        LocalFile.names(in: path).filter { $0.hasSuffix(Self.keptSuffix) }
            .compactMap { keptKernel(String($0.dropLast(Self.keptSuffix.count))) }
    }

    /// Forgets a kernel.
    package func remove(kernel id: String) { _ = unsafe unlink(file(ofKernel: id)) }

    /// Forgets the kernels that have ended; returns what was told of them.
    package func removeEndedKernels() -> [KeptKernelRecord] {
        let ended = keptKernels.filter(\.hasEnded)
        for kernel in ended { remove(kernel: kernel.id) }
        return ended
    }
}
