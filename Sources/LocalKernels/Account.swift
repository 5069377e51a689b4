import GalleyCLinux
import Glibc

/// A user of this machine.
package struct Account: Hashable, Sendable {
    /// The user name.
    package let name: String
    /// The user ID.
    package let id: UInt32
    /// The ID of the user's primary group.
    package let group: UInt32
    /// The IDs of all groups that the user belongs to.
    package let groups: [UInt32]
    /// The home folder.
    package let home: String
    /// The login shell.
    package let shell: String

    /// The user that this process runs as; nil if the system has no account with this ID.
    package static var current: Account? { Account(id: geteuid()) }

    /// The name of the user that this process runs as, or `user` and the ID if the user has no name.
    package static var caller: String { name(of: geteuid()) }

    /// Returns the name of a user, or `user` and the ID if the user has no name.
    package static func name(of id: UInt32) -> String { Account(id: id)?.name ?? "user \(id)" }

    /// Finds a user by name or by ID.
    package init?(named name: String) {
        guard let found = Self(name: name, id: 0) ?? UInt32(name).flatMap(Self.init(id:)) else { return nil }
        self = found
    }

    /// Finds a user by ID.
    package init?(id: UInt32) { self.init(name: nil, id: id) }

    private init?(name: String?, id: UInt32) {
        var (id, group) = (id, id)
        var text = [CChar](repeating: 0, count: 16384)
        // Safe because the array is passed with its own length.
        guard unsafe clinux_find_user(name, &id, &group, &text, text.count) != 0 else { return nil }
        let fields = text.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false).map {
            String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        (self.name, home, shell, self.id, self.group) = (fields[0], fields[1], fields[2], id, group)
        groups = Self.groups(of: id, group)
    }

    /// Creates a user for an ID that has no account on this machine.
    package init(number: UInt32, group: UInt32, home: String) {
        (name, id, self.group, groups) = ("\(number)", number, group, [group])
        (self.home, shell) = (home, "/bin/sh")
    }

    /// Returns whether this machine has a group with this ID.
    package static func isGroup(_ number: UInt32) -> Bool { clinux_is_group(number) != 0 }

    private static func groups(of user: UInt32, _ group: UInt32) -> [UInt32] {
        var groups = [UInt32](repeating: group, count: 64)
        while true {
            // Safe because the array is passed with its own length.
            let count = unsafe clinux_find_groups(user, group, &groups, groups.count)
            if count <= groups.count { return Array(groups.prefix(count)) }
            groups = [UInt32](repeating: group, count: count)
        }
    }
}
