package import GalleyJSON
package import GalleyStorage
import Glibc

/// The record of a kernel that outlives its run, or would if the run were killed.
///
/// Records are in the folder of the user's runs, one file each, readable only by the user.
package protocol KernelRecord: Sendable {
    /// The end of the names of the records' files.
    static var suffix: String { get }

    /// The ID of the kernel for `galley stop`.
    var id: String { get }
    /// The user whose folder contains the record; nil if it was not read from a file.
    var owner: UInt32? { get set }
    /// The document: the members of a run's document that apply to a kernel, and the kernel's own.
    var json: Value { get }
    /// Whether a record that was read concerns this machine.
    var isVisible: Bool { get }

    /// Parses a document; nil if it is not a record.
    init?(_ bytes: [UInt8])
}

extension RunRegistry {
    /// Returns the path of a kernel's record.
    func file<Record: KernelRecord>(of type: Record.Type, _ id: String) -> String { path + "/" + id + type.suffix }

    /// Writes a kernel's record.
    package func add<Record: KernelRecord>(_ record: Record) throws(StorageError) {
        try LocalFile.replaceSmallFile(
            Document(record.json).text.bytes, at: file(of: Record.self, record.id), mode: 0o600)
    }

    /// Returns the record of a kernel; nil if there is none with this ID.
    package func kernel<Record: KernelRecord>(_ id: String, of type: Record.Type = Record.self) -> Record? {
        guard Self.isName(id), let bytes = LocalFile.readSmallFile(file(of: type, id), of: user),
            var record = Record(bytes), record.id == id, record.isVisible
        else { return nil }
        record.owner = user
        return record
    }

    /// Returns the records of all kernels, including those that have since ended.
    package func kernels<Record: KernelRecord>(of type: Record.Type = Record.self) -> [Record] {
        LocalFile.names(in: path).filter { $0.hasSuffix(type.suffix) }
            .compactMap { kernel(String($0.dropLast(type.suffix.count))) }
    }

    /// Removes a kernel's record.
    package func remove<Record: KernelRecord>(_ record: Record) {
        _ = unsafe unlink(file(of: Record.self, record.id))
    }

    /// Removes the records of kernels of this machine that have ended, and returns them.
    package func removeEndedKernels() -> [KeptKernelRecord] {
        let ended = kernels(of: KeptKernelRecord.self).filter(\.hasEnded)
        for kernel in ended { remove(kernel) }
        return ended
    }
}
