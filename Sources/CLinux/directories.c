#define _GNU_SOURCE
#include "GalleyCLinux.h"
#include "directories.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void clinux_each_name(int folder, void (*visit)(int folder, const char *name, void *context), void *context) {
    struct entry { uint64_t inode; int64_t offset; uint16_t length; uint8_t type; char name[]; };
    _Alignas(struct entry) char buffer[2048];
    for (long count; (count = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0;) {
        for (long at = 0; at < count;) {
            struct entry *entry = (struct entry *)(buffer + at);
            at += entry->length;
            visit(folder, entry->name, context);
        }
    }
}

uint64_t clinux_parse_number(const char **text, int base) {
    uint64_t value = 0;
    for (;; (*text)++) {
        int digit = **text >= '0' && **text <= '9' ? **text - '0' : **text >= 'a' && **text <= 'f' ? **text - 'a' + 10 : 99;
        if (digit >= base) return value;
        value = value * base + digit;
    }
}

/// The maximum depth of recursion. Deeper folders are first moved to the top.
enum { deepest = 32 };

/// The state of removing a folder.
struct removal {
    /// The top folder, and the number of folders moved there.
    int top;
    unsigned int *moved;
    int depth;
    /// Whether at least one entry of the folder was removed.
    int has_worked;
};

static int open_folder(int parent, const char *name) {
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, folder = openat(parent, name, flags);
    // The owner can open a folder without permissions after chmod; root needs no chmod.
    if (folder < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) folder = openat(parent, name, flags);
    if (folder >= 0 && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0) fchmod(folder, 0700);
    return folder;
}

static void remove_name(int parent, const char *name, void *context);

/// Removes the contents of a folder.
static void clear(int folder, struct removal *removal) {
    do {
        removal->has_worked = 0;
        lseek(folder, 0, SEEK_SET);
        clinux_each_name(folder, remove_name, removal);
        // Removing entries while listing them can skip other entries, so list again.
    } while (removal->has_worked);
}

/// Removes a file, or a folder with its contents. Does not follow symbolic links, so no other process can redirect it.
/// Leaves mount points alone: removing one fails with EBUSY, not with ENOTEMPTY.
static void remove_name(int parent, const char *name, void *context) {
    struct removal *outer = context;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return;
    if (unlinkat(parent, name, 0) == 0 || unlinkat(parent, name, AT_REMOVEDIR) == 0) {
        outer->has_worked = 1;
        return;
    }
    if (errno != ENOTEMPTY && errno != EEXIST) return;
    if (outer->depth == deepest) {
        char other[32];
        snprintf(other, sizeof other, ".galley-%u", *outer->moved);
        if (renameat(parent, name, outer->top, other) == 0) (*outer->moved)++;
        return;
    }
    int folder = open_folder(parent, name);
    if (folder < 0) return;
    struct removal inner = {outer->top, outer->moved, outer->depth + 1, 0};
    clear(folder, &inner);
    close(folder);
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0) outer->has_worked = 1;
}

void clinux_remove_tree(const char *path) {
    int folder = open_folder(AT_FDCWD, path);
    if (folder >= 0) {
        unsigned int moved = 0, before;
        do {
            before = moved;
            struct removal removal = {folder, &moved, 1, 0};
            clear(folder, &removal);
        } while (moved != before);
        close(folder);
    }
    unlinkat(AT_FDCWD, path, folder >= 0 ? AT_REMOVEDIR : 0);
}
