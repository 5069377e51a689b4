import GalleyCLinux
import Glibc

/// The mounted file systems and the users who mounted them.
///
/// A file system that a user has mounted can report any owner, so that a file of root's on it is not trusted.
struct MountTable {
    private let mounts: [Mount]
    /// The folders on which users mounted a file system with a helper that runs as root, such as udisks.
    private let helped: Set<Substring>

    private struct Mount {
        let device: Substring
        let folder: Substring
        let kind: Substring
        let options: [Substring]
    }

    /// - Parameters:
    ///   - mounts: The kernel's list, as in `/proc/self/mountinfo`.
    ///   - notes: The mount options that the kernel does not keep, as in `/run/mount/utab`.
    init(mounts: String, notes: String) {
        self.mounts = mounts.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 3 else { return nil }
            return Mount(
                device: fields[2], folder: fields[4], kind: fields[dash + 1],
                options: fields[dash + 3].split(separator: ","))
        }
        helped = Set(
            notes.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                func value(_ key: String) -> Substring? {
                    fields.first { $0.hasPrefix(key + "=") }?.dropFirst(key.count + 1)
                }
                let options = value("OPTS")?.split(separator: ",") ?? []
                let isUsers = options.contains { $0.hasPrefix("user=") || $0.hasPrefix("uhelper=") }
                return isUsers ? value("TARGET") : nil
            })
    }

    /// Reads the current mount table of this machine.
    static func current() -> MountTable {
        func text(_ path: String) -> String {
            String(decoding: LocalFile.readSmallFile(path, limit: .max) ?? [], as: UTF8.self)
        }
        return MountTable(mounts: text("/proc/self/mountinfo"), notes: text("/run/mount/utab"))
    }

    /// Returns who controls the contents of the file system on a device.
    ///
    /// - Parameter isServed: Whether a process serves the file system (FUSE). A served file system that is not in the
    ///   table belongs to an unknown user.
    func control(of device: dev_t, isServed: Bool) -> PathWalk.Control {
        var numbers: [UInt32] = [0, 0]
        // Safe because the array has room for both numbers.
        unsafe clinux_device_numbers(device, &numbers)
        let name = "\(numbers[0]):\(numbers[1])"
        let mounts = mounts.filter { $0.device == name }
        if mounts.contains(where: { helped.contains($0.folder) }) { return .others }
        guard isServed else { return .root }
        let users = mounts.first { $0.kind.hasPrefix("fuse") }?.options.filter { $0.hasPrefix("user_id=") } ?? []
        guard users.count == 1, let user = users.first.flatMap({ UInt32($0.dropFirst("user_id=".count)) }) else {
            return .others
        }
        return user == 0 ? .root : .user(user)
    }
}
