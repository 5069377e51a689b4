import GalleyCLinux
import Glibc
import GalleyStorage

/// The records of the last finished run of each command in each working folder.
extension RunRegistry {
    private static let suffix = ".last"

    /// The largest number of records.
    private static let maximum = 100

    /// Returns the path of the record of a command's last run in a folder. The record names the folder, because two
    /// folders can share a path.
    package func lastRun(of command: String, in folder: String) -> String {
        // FNV-1a, because the hash must be the same in each process.
        let hash = folder.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "\(path)/\(command)-\(String(hash, radix: 16))\(Self.suffix)"
    }

    /// Replaces the record of a command's last run in a folder, and removes the oldest records of other folders.
    package func recordLastRun(_ bytes: [UInt8], of command: String, in folder: String) {
        let record = lastRun(of: command, in: folder)
        // An outdated record would name notebooks of an earlier run.
        if (try? LocalFile.replaceSmallFile(bytes, at: record, mode: 0o600)) == nil { _ = unsafe unlink(record) }
        let records = LocalFile.names(in: path).filter { $0.hasSuffix(Self.suffix) }.map { "\(path)/\($0)" }
        guard records.count > Self.maximum else { return }
        let times = records.map { (path: $0, time: Self.modificationTime(of: $0)) }.sorted { $0.time > $1.time }
        for old in times.dropFirst(Self.maximum) { _ = unsafe unlink(old.path) }
    }

    private static func modificationTime(of path: String) -> Int {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return 0 }
        return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    }
}
