#define _GNU_SOURCE
#include "GalleyCLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <linux/keyctl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

size_t clinux_find_groups(uid_t user, gid_t group, gid_t *groups, size_t room) {
    char buffer[16384];
    struct passwd entry, *found = NULL;
    int count = room;
    if (getpwuid_r(user, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL) {
        if (room > 0) groups[0] = group;
        return 1;
    }
    // If there is not enough room for all groups, this sets `count` to their number.
    getgrouplist(entry.pw_name, entry.pw_gid, groups, &count);
    return count;
}

int clinux_is_group(gid_t group) {
    char buffer[65536];
    struct group entry, *found = NULL;
    int code = getgrgid_r(group, &entry, buffer, sizeof buffer, &found);
    // If the lookup failed, the group may exist.
    return code != 0 || found != NULL;
}

/// Drops all capabilities, including those that a program could inherit.
static int drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    // Linux before 4.3 has no ambient capabilities.
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) return -1;
    return syscall(SYS_capset, &header, none);
}

/// Leaves the session keyring. A system without keyrings, or one that forbids keyctl, has no keyring to leave.
static int leave_keyring(void) {
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0) return 0;
    return errno == ENOSYS || errno == EPERM || errno == EACCES ? 0 : -1;
}

void clinux_remove_tree_as_user(uid_t user, gid_t group, const gid_t *groups, size_t count, const char *path) {
    pid_t child = fork();
    if (child == 0) {
        // Nothing here allocates or locks: another thread may have held a lock during the fork.
        if (clinux_become_user(user, group, groups, count) == 0) clinux_remove_tree(path);
        _exit(0);
    }
    // The user's other processes can stop this child, or create files endlessly.
    for (int tries = 0; child > 0 && waitpid(child, NULL, WNOHANG) == 0; tries++) {
        if (tries == 1000) kill(child, SIGKILL);
        poll(NULL, 0, 10);
    }
}

int clinux_become_user(uid_t user, gid_t group, const gid_t *groups, size_t count) {
    // A terminal accepts injected input only from processes of its own session.
    setsid();
    if (leave_keyring() != 0 || syscall(SYS_setgroups, count, groups) != 0 ||
        syscall(SYS_setresgid, group, group, group) != 0 || syscall(SYS_setresuid, user, user, user) != 0 || drop_capabilities() != 0)
        return -1;
    uid_t users[3];
    gid_t own[3];
    if (getresuid(&users[0], &users[1], &users[2]) != 0 || getresgid(&own[0], &own[1], &own[2]) != 0) return -1;
    for (int kind = 0; kind < 3; kind++) {
        if (users[kind] == user && own[kind] == group) continue;
        errno = EPERM;
        return -1;
    }
    // If this process can become root again, it must not continue.
    if (user != 0 && setresuid(-1, 0, -1) == 0) {
        errno = EPERM;
        return -1;
    }
    // A keyring of the user, counted against the user's quota; on failure, the empty one from before stays.
    (void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    // The user's kernel must not inspect this process, which holds files that root opened.
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
