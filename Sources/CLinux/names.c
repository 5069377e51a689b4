#define _GNU_SOURCE
#include "CLinux.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void each_name(int folder, void (*visit)(int folder, const char *name)) {
    struct entry { uint64_t inode; int64_t offset; uint16_t length; uint8_t type; char name[]; };
    _Alignas(struct entry) char buffer[2048];
    for (long count; (count = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0;) {
        for (long at = 0; at < count;) {
            struct entry *entry = (struct entry *)(buffer + at);
            at += entry->length;
            visit(folder, entry->name);
        }
    }
}

/// How many folders within one another are gone into.
enum { deepest = 40 };
static _Thread_local int depth;

/// Removes a file, or a folder with everything in it. Of a link it is the link: nobody can lead it elsewhere.
static void remove_name(int parent, const char *name) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(parent, name, 0) == 0 || depth == deepest) return;
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    // What its owner may not look into can be opened up, which root has no need to.
    if (folder < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    if (faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0) fchmod(folder, 0700);
    depth++;
    // Names that were removed can make others be passed over.
    for (int round = 0; round < 10 && unlinkat(parent, name, AT_REMOVEDIR) != 0; round++) {
        lseek(folder, 0, SEEK_SET);
        each_name(folder, remove_name);
    }
    depth--;
    close(folder);
}

void clinux_remove(const char *path) { remove_name(AT_FDCWD, path); }
