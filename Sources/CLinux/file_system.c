#define _GNU_SOURCE
#include "GalleyCLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int clinux_open_folder(const char *path) {
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int clinux_look_up(int folder, const char *name) {
    // A path would bypass the caller's checks of each of its parts.
    if (strchr(name, '/') != NULL) {
        errno = EINVAL;
        return -1;
    }
    return openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

ssize_t clinux_read_link(int link, char *text, size_t size) { return readlinkat(link, "", text, size); }

int clinux_is_on_fuse(int file) {
    struct statfs system;
    return fstatfs(file, &system) != 0 ? -1 : system.f_type == FUSE_SUPER_MAGIC;
}

int clinux_is_on_pseudo_file_system(int file) {
    struct statfs system;
    if (fstatfs(file, &system) != 0) return -1;
    return system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC || system.f_type == CGROUP2_SUPER_MAGIC;
}

void clinux_device_numbers(dev_t device, unsigned numbers[2]) {
    numbers[0] = major(device);
    numbers[1] = minor(device);
}

int clinux_open_unnamed(int folder, mode_t mode) {
    return openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

int clinux_rename_to_free(int folder, const char *old, const char *new_name) {
    if (syscall(SYS_renameat2, folder, old, folder, new_name, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // The system or the file system does not support RENAME_NOREPLACE.
    if (faccessat(folder, new_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(folder, old, folder, new_name);
}

int clinux_exchange(int folder, const char *one, const char *other) {
    return (int)syscall(SYS_renameat2, folder, one, folder, other, RENAME_EXCHANGE);
}

int clinux_reserve(int file, int64_t count) { return fallocate(file, FALLOC_FL_KEEP_SIZE, 0, count); }

/// The flags that chattr sets for a user and that can be copied to another file. They exclude flags that prevent
/// replacing a file and flags that apply only to folders.
static const int kept_flags = FS_SECRM_FL | FS_UNRM_FL | FS_COMPR_FL | FS_SYNC_FL | FS_NODUMP_FL | FS_NOATIME_FL
    | FS_NOCOMP_FL | FS_JOURNAL_DATA_FL | FS_NOTAIL_FL | FS_NOCOW_FL | FS_DAX_FL;

int clinux_flags(int file, int *flags) {
    if (ioctl(file, FS_IOC_GETFLAGS, flags) != 0) return -1;
    *flags &= kept_flags;
    return 0;
}

void clinux_set_flags(int file, int wanted) {
    int now;
    if (ioctl(file, FS_IOC_GETFLAGS, &now) != 0 || (now & kept_flags) == wanted) return;
    int all = (now & ~kept_flags) | wanted;
    if (ioctl(file, FS_IOC_SETFLAGS, &all) == 0) return;
    // Some flags need a privilege or conflict here, so set each flag separately.
    for (unsigned int flag = 1; flag != 0; flag <<= 1) {
        if (((now ^ wanted) & kept_flags & (int)flag) == 0) continue;
        int next = now ^ (int)flag;
        if (ioctl(file, FS_IOC_SETFLAGS, &next) == 0) now = next;
    }
}

int clinux_has_reliable_locks(int file) {
    struct statfs status;
    if (fstatfs(file, &status) != 0) return 0;
    switch ((uint32_t)status.f_type) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case F2FS_SUPER_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case MSDOS_SUPER_MAGIC:
    case 0x2011BAB0: // exFAT
    case 0x2FC12FC1: // ZFS
    case 0xCA451A4E: // bcachefs
        return 1;
    default: return 0;
    }
}

void clinux_prefer_huge_pages(void *address, size_t length) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)address + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)address + length) & ~(page - 1);
    if (start < end) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
}
