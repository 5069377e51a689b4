import GalleyCLinux
import Glibc

/// The metadata of a file, to be copied to the file that replaces it.
struct FileAttributes {
    private let status: stat
    /// The extended attributes by name. A name is bytes, not necessarily UTF-8, and ends with a NUL.
    private var extended: [(name: [CChar], value: [UInt8])] = []
    /// The flags that `chattr` sets; nil if the file system does not support them.
    private let flags: Int32?

    /// The extended attribute that holds a file's access list.
    private static let accessList = Array("system.posix_acl_access".utf8CString)

    init(of file: borrowing FileDescriptor) throws(Errno) {
        status = try file.status
        var flags: Int32 = 0
        // Safe because the call fills one number.
        self.flags = unsafe clinux_flags(file.number, &flags) == 0 ? flags : nil
        for name in try Self.names(of: file) {
            if let value = try Self.value(of: name, of: file) { extended.append((name, value)) }
        }
    }

    /// Sets the `chattr` flags of a new file. Call it while the file is empty, because some flags cannot be set later.
    func applyFlags(to file: borrowing FileDescriptor) {
        if let flags { clinux_set_flags(file.number, flags) }
    }

    /// Sets the owner, group, mode, access list and extended attributes of a new file.
    ///
    /// The order matters: changing the owner clears mode bits, and changing the mode changes the access list.
    func apply(to file: borrowing FileDescriptor) throws(Errno) {
        let number = file.number
        let now = try file.status
        if now.st_uid != status.st_uid || now.st_gid != status.st_gid {
            try throwingErrno { fchown(number, status.st_uid, status.st_gid) }
        }
        try throwingErrno { fchmod(number, status.st_mode & 0o7777) }
        // A folder's default access list applies to new files. The old file may have had no access list.
        if !extended.contains(where: { $0.name == Self.accessList }), try Self.names(of: file).contains(Self.accessList)
        {
            try throwingErrno { unsafe fremovexattr(number, Self.accessList) }
        }
        for (name, value) in extended where try Self.value(of: name, of: file) != value {
            try throwingErrno { unsafe fsetxattr(number, name, value, value.count, 0) }
        }
    }

    private static func names(of file: borrowing FileDescriptor) throws(Errno) -> [[CChar]] {
        let number = file.number
        let list: [UInt8]
        do throws(Errno) {
            list = try unsafe fill { (buffer, size) in unsafe flistxattr(number, buffer, size) }
        } catch  where error.rawValue == ENOTSUP {
            return []
        }
        return list.split(separator: 0).map { $0.map { CChar(bitPattern: $0) } + [0] }
    }

    /// Returns the value of an attribute; nil if the file does not have the attribute.
    private static func value(of name: [CChar], of file: borrowing FileDescriptor) throws(Errno) -> [UInt8]? {
        let number = file.number
        do throws(Errno) {
            return try unsafe fill { (buffer, size) in unsafe fgetxattr(number, name, buffer, size) }
        } catch  where error.rawValue == ENODATA || error.rawValue == ENOTSUP {
            return nil
        }
    }

    /// Calls with no buffer to get the size, then with a buffer. Repeats both if the data has grown in between.
    private static func fill(
        _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(Errno) -> [UInt8] {
        while true {
            let size = try throwingErrno { call(nil, 0) }
            if size == 0 { return [] }
            var bytes = [CChar](repeating: 0, count: size)
            do throws(Errno) {
                // Safe because the array is passed with its own length.
                let got = try throwingErrno { unsafe call(&bytes, size) }
                return bytes.prefix(got).map { UInt8(bitPattern: $0) }
            } catch  where error.rawValue == ERANGE {}
        }
    }
}

extension FileOwner {
    init(_ status: stat) { self.init(user: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o777) }
}
