import CLinux
import Glibc

/// A user of this machine.
public struct Account: Hashable, Sendable {
    /// What the user is called.
    public let name: String
    /// The user's number.
    public let id: UInt32
    /// The number of the group that the user's files belong to.
    public let group: UInt32
    /// All groups that the user is in.
    public let groups: [UInt32]
    /// The user's own folder.
    public let home: String
    /// The program that reads what the user types.
    public let shell: String

    /// The user that this process runs as; nil where the system knows none of that number.
    public static var current: Account? { Account(id: geteuid()) }

    /// Finds a user by name, or by number.
    public init?(named name: String) {
        if let found = Self(name: name, id: 0) ?? UInt32(name).flatMap(Self.init(id:)) {
            self = found
        } else {
            return nil
        }
    }

    /// Finds a user by number.
    public init?(id: UInt32) { self.init(name: nil, id: id) }

    private init?(name: String?, id: UInt32) {
        var (id, group) = (id, id)
        var text = [CChar](repeating: 0, count: 16384)
        // Safe because the array is passed with its own length.
        guard unsafe clinux_find_user(name, &id, &group, &text, text.count) != 0 else { return nil }
        let fields = text.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false).map {
            String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        (self.name, home, shell, self.id, self.group) = (fields[0], fields[1], fields[2], id, group)
        var count: Int32 = 64
        var groups = [group]
        repeat {
            groups = [UInt32](repeating: group, count: Int(count))
            // Safe because the array is passed with its own length, which the call changes to the one it needs.
        } while unsafe getgrouplist(self.name, group, &groups, &count) == -1 && count > groups.count
        self.groups = Array(groups.prefix(max(1, Int(count))))
    }
}

extension Account {
    /// What a user may be allowed to do.
    package enum Access {
        case enter, run, read
    }

    /// Whether the user may do something with what is at a path; nil where this process cannot find out, because it may
    /// not take the user's place.
    package func may(_ access: Access, _ path: String) -> Bool? {
        // Safe because the array outlives the call.
        let answer = unsafe groups.withUnsafeBufferPointer { groups -> Int32 in
            guard let start = groups.baseAddress else { return -1 }
            var user = unsafe clinux_user(user: id, group: group, groups: start, group_count: groups.count)
            return unsafe clinux_may_access(&user, path, access == .read ? R_OK : X_OK)
        }
        return answer < 0 ? nil : answer == 1
    }
}
