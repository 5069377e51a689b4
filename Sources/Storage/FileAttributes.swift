import GalleyCLinux
import Glibc

/// What a file has besides its contents, to be given to the file that takes its place.
struct FileAttributes {
    private let status: stat
    /// By name, which need not be text; each name ends with a NUL.
    private var extended: [(name: [CChar], value: [UInt8])] = []
    /// What chattr has set; nil where the file system has no such thing.
    private let flags: Int32?

    /// A file's access list is an extended attribute of this name.
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

    /// Gives a new file, which is still empty, the flags that chattr sets: some can be given to no other.
    func applyFlags(to file: borrowing FileDescriptor) {
        if let flags { clinux_set_flags(file.number, flags) }
    }

    /// Gives a new file the owner, group, mode, access list and extended attributes.
    ///
    /// The order matters: changing the owner clears mode bits, and changing the mode changes the access list.
    func apply(to file: borrowing FileDescriptor) throws(Errno) {
        let number = file.number
        let now = try file.status
        if now.st_uid != status.st_uid || now.st_gid != status.st_gid {
            try throwingErrno { fchown(number, status.st_uid, status.st_gid) }
        }
        try throwingErrno { fchmod(number, status.st_mode & 0o7777) }
        // A folder can have an access list for new files, which the old file need not have had.
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

    /// The value of an attribute, nil where the file has none of the name.
    private static func value(of name: [CChar], of file: borrowing FileDescriptor) throws(Errno) -> [UInt8]? {
        let number = file.number
        do throws(Errno) {
            return try unsafe fill { (buffer, size) in unsafe fgetxattr(number, name, buffer, size) }
        } catch  where error.rawValue == ENODATA || error.rawValue == ENOTSUP {
            return nil
        }
    }

    /// Asks for a size, then for as many bytes; again where they have become more meanwhile.
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
