import GalleyCLinux
import Glibc

/// A user of this machine.
package struct Account: Hashable, Sendable {
    /// What the user is called.
    package let name: String
    /// The user's number.
    package let id: UInt32
    /// The number of the group that the user's files belong to.
    package let group: UInt32
    /// All groups that the user is in.
    package let groups: [UInt32]
    /// The user's own folder.
    package let home: String
    /// The program that reads what the user types.
    package let shell: String

    /// The user that this process runs as; nil where the system knows none of that number.
    package static var current: Account? { Account(id: geteuid()) }

    /// Finds a user by name, or by number.
    package init?(named name: String) {
        guard let found = Self(name: name, id: 0) ?? UInt32(name).flatMap(Self.init(id:)) else { return nil }
        self = found
    }

    /// Finds a user by number.
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
        var groups = [UInt32](repeating: group, count: 4096)
        // Safe because the array is passed with its own length.
        let count = unsafe clinux_find_groups(id, group, &groups, groups.count)
        self.groups = Array(groups.prefix(count))
    }
}

extension Account {
    /// What a user may be allowed to do.
    package enum Access {
        case enter, run
    }

    /// Whether the user may do something with what is at a path; nil where this process cannot find out, because it may
    /// not take the user's place.
    package func may(_ access: Access, _ path: String) -> Bool? {
        // Safe because the array outlives the call.
        let answer = unsafe groups.withUnsafeBufferPointer { groups -> Int32 in
            guard let start = groups.baseAddress else { return -1 }
            var user = unsafe clinux_user(user: id, group: group, groups: start, group_count: groups.count)
            // A folder is entered to look at what is in it.
            return unsafe clinux_may_execute(&user, access == .enter ? path + "/." : path)
        }
        return answer < 0 ? nil : answer == 1
    }

    /// Whether it is root who keeps the user from what is at a path: the first place on the way that the user may not
    /// enter is root's.
    package func isKeptOut(of path: String) -> Bool {
        let path = Files.resolved(path) ?? path
        var place = ""
        for part in path.split(separator: "/") {
            place += "/\(part)"
            if Files.isFolder(place), may(.enter, place) == true { continue }
            var status = stat()
            return unsafe stat(place, &status) == 0 && status.st_uid == 0
        }
        return false
    }
}
