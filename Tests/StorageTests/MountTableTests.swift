import Glibc
@testable import GalleyStorage
import Testing

@Suite struct `The mount table` {
    private let table = MountTable(
        mounts: """
            27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
            40 27 0:40 / /home/ann/data rw,nosuid,nodev shared:7 - fuse.bindfs /srv rw,user_id=1000,group_id=1000,allow_other
            41 27 0:41 / /mnt/bucket rw - fuse.s3fs s3fs rw,user_id=0,group_id=0,allow_other
            42 27 0:42 / /mnt/two rw - fuse x rw,user_id=0,user_id=1000
            43 27 7:0 / /media/ann/a\\040disk rw,nosuid - ext4 /dev/loop0 rw
            44 27 7:1 / /mnt/image rw - ext4 /dev/loop1 rw
            45 27 7:2 / /media/stick rw - vfat /dev/sdb1 rw
            half a line
            """,
        notes: """
            SRC=/dev/loop0 TARGET=/media/ann/a\\040disk ROOT=/ OPTS=uhelper=udisks2
            SRC=/dev/loop1 TARGET=/mnt/image ROOT=/ OPTS=_netdev
            SRC=/dev/sdb1 TARGET=/media/stick ROOT=/ OPTS=user=bob
            """)

    @Test(arguments: [
        (254, 0, false, PathWalk.Control.root), (0, 40, true, .user(1000)), (0, 41, true, .root),
        (0, 42, true, .others),
        (0, 99, true, .others), (7, 0, false, .others), (7, 1, false, .root), (7, 2, false, .others),
        (0, 99, false, .root),
    ])
    func `The mount table names the user who controls a file system`(
        major: Int, minor: Int, isServed: Bool, control: PathWalk.Control
    ) {
        #expect(table.control(of: dev_t(major) << 8 | dev_t(minor), isServed: isServed) == control)
    }

    @Test func `The mount table of this machine can be read`() {
        var status = stat()
        stat("/", &status)
        #expect(MountTable.current().control(of: status.st_dev, isServed: false) == .root)
    }
}
