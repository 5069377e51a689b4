#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <pwd.h>
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

int clinux_may_access(const struct clinux_user *user, const char *path, int mode) {
    // The library's functions would change all threads of the process; the system changes the one that asks. access()
    // asks as the real user, so the effective one stays, and with it the way back.
    uid_t real_user = getuid();
    gid_t real_group = getgid(), groups[4096];
    int count = getgroups(4096, groups);
    if (count < 0 || syscall(SYS_setgroups, user->group_count, user->groups) != 0) return -1;
    int result = -1;
    if (syscall(SYS_setresgid, user->group, -1, -1) == 0 && syscall(SYS_setresuid, user->user, -1, -1) == 0)
        result = access(path, mode) == 0;
    int code = errno;
    syscall(SYS_setresuid, real_user, -1, -1);
    syscall(SYS_setresgid, real_group, -1, -1);
    syscall(SYS_setgroups, count, groups);
    errno = code;
    return result;
}
