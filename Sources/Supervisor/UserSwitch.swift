import GalleyCLinux
import Glibc
package import GalleyStorage

/// A user that a root process becomes permanently.
package struct UserSwitch: Sendable {
    private let user: UInt32
    private let group: UInt32
    private let groups: [UInt32]

    /// - Parameter groups: The IDs of all groups of the user.
    package init(user: UInt32, group: UInt32, groups: [UInt32]) {
        (self.user, self.group, self.groups) = (user, group, groups)
    }

    /// Removes a folder and its contents with the user's rights, and waits until it is removed.
    package func remove(_ path: String) {
        // Safe because the array outlives the call.
        unsafe groups.withUnsafeBufferPointer { groups in
            if let start = groups.baseAddress {
                unsafe clinux_remove_tree_as_user(user, group, start, groups.count, path)
            }
        }
    }

    /// Makes this process, which must have a single thread, run as the user: with the user's groups, without
    /// capabilities and root's keyring, and in a session without a terminal.
    ///
    /// - Throws: The system's error. After an error the process may be partly switched and must exit.
    package func become() throws(Errno) {
        let code = unsafe groups.withUnsafeBufferPointer { groups -> Int32 in
            guard let start = groups.baseAddress else { return EINVAL }
            // Safe because the array outlives the call.
            return unsafe clinux_become_user(user, group, start, groups.count) == 0 ? 0 : errno
        }
        if code != 0 { throw Errno(rawValue: code) }
    }
}
