#define _GNU_SOURCE
#include "GalleyCLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_find_user(const char *name, uid_t *id, gid_t *group, char *text, size_t size) {
    char buffer[16384];
    struct passwd entry, *found = NULL;
    int code = name ? getpwnam_r(name, &entry, buffer, sizeof buffer, &found)
                    : getpwuid_r(*id, &entry, buffer, sizeof buffer, &found);
    if (code != 0 || found == NULL) return 0;
    *id = entry.pw_uid;
    *group = entry.pw_gid;
    const char *fields[] = {entry.pw_name, entry.pw_dir, entry.pw_shell};
    for (int field = 0; field < 3; field++) {
        size_t length = strlen(fields[field]) + 1;
        if (length > size) return 0;
        memcpy(text, fields[field], length);
        text += length;
        size -= length;
    }
    return 1;
}

/// Goes over to a user's files, or back; returns whether it did. The system does not say so by itself.
static int use_files(uid_t user, gid_t group, const gid_t *groups, size_t count) {
    if (syscall(SYS_setgroups, count, groups) != 0) return 0;
    syscall(SYS_setfsgid, group);
    syscall(SYS_setfsuid, user);
    // No user has this number, so it changes nothing and tells who it is.
    return (uid_t)syscall(SYS_setfsuid, (uid_t)-1) == user && (gid_t)syscall(SYS_setfsgid, (gid_t)-1) == group;
}

int clinux_use_files_as(const struct clinux_user *user, struct clinux_groups *before) {
    before->count = getgroups(sizeof before->groups / sizeof *before->groups, before->groups);
    if (before->count < 0) return -1;
    if (use_files(user->user, user->group, user->groups, user->group_count)) return 0;
    clinux_use_files_as_before(before);
    errno = EPERM;
    return -1;
}

void clinux_use_files_as_before(const struct clinux_groups *before) {
    // The other way round: with root's rights first, so that the groups can be changed.
    syscall(SYS_setfsuid, geteuid());
    syscall(SYS_setfsgid, getegid());
    // A thread that is stuck between two users must not do anything for either.
    if (syscall(SYS_setgroups, before->count, before->groups) != 0 && errno != EPERM) abort();
}

int clinux_may_execute(const struct clinux_user *user, const char *path) {
    struct clinux_groups before;
    if (clinux_use_files_as(user, &before) != 0) return -1;
    int result = syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
    if (!result && errno == ENOSYS) {
        // Before Linux 5.8 it takes a try to find out. What a try does not tell, the start of the program will.
        int file = open(path, O_PATH | O_CLOEXEC);
        result = file >= 0;
        if (file >= 0) close(file);
    }
    clinux_use_files_as_before(&before);
    return result;
}

size_t clinux_find_groups(uid_t user, gid_t group, gid_t *groups, size_t room) {
    char buffer[16384];
    struct passwd entry, *found = NULL;
    int count = room;
    groups[0] = group;
    if (getpwuid_r(user, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL) return 1;
    if (getgrouplist(entry.pw_name, entry.pw_gid, groups, &count) == -1 && (size_t)count > room) return room;
    return count;
}
