import GalleyCLinux
import Glibc
package import GalleyStorage

/// A user that a process of root's becomes, for good.
package struct UserSwitch: Sendable {
    private let user: UInt32
    private let group: UInt32
    private let groups: [UInt32]

    /// - Parameter groups: All groups that the user is in.
    package init(user: UInt32, group: UInt32, groups: [UInt32]) {
        (self.user, self.group, self.groups) = (user, group, groups)
    }

    /// Removes a folder of the user's with all that is in it, with the user's rights, and waits until that is done.
    package func remove(_ path: String) {
        // Safe because the array outlives the call.
        unsafe groups.withUnsafeBufferPointer { groups in
            if let start = groups.baseAddress {
                unsafe clinux_remove_tree_as_user(user, group, start, groups.count, path)
            }
        }
    }

    /// Makes this process, which must have no other thread, one of the user's: with the user's groups, without
    /// capabilities, without root's keys, in a session without a terminal.
    ///
    /// - Throws: What the system refuses. The process may be half switched then, and must do nothing but end.
    package func become() throws(Errno) {
        let code = unsafe groups.withUnsafeBufferPointer { groups -> Int32 in
            guard let start = groups.baseAddress else { return EINVAL }
            // Safe because the array outlives the call.
            return unsafe clinux_become_user(user, group, start, groups.count) == 0 ? 0 : errno
        }
        if code != 0 { throw Errno(rawValue: code) }
    }
}
