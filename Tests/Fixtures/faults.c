// A library for LD_PRELOAD that makes system calls of a tested program fail at random: writes to files in one folder,
// and calls that allocate memory or create processes. It appends a byte to a file for each failed call.
//
//     FAULTS_FOLDER   the folder
//     FAULTS_COUNT    the file
//     FAULTS_SEED     the seed of the random numbers
//     FAULTS_ONE_IN   the average number of calls for each failure
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[4096];
static int count_file = -1;
static uint64_t state, one_in;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("FAULTS_FOLDER"), *count = getenv("FAULTS_COUNT");
    if (!where || !count) return;
    strncpy(folder, where, sizeof folder - 1);
    count_file = fcntl(REAL(open)(count, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), F_DUPFD_CLOEXEC, 100);
    state = strtoull(getenv("FAULTS_SEED"), NULL, 10) * 0x9E3779B97F4A7C15 + 1;
    one_in = strtoull(getenv("FAULTS_ONE_IN"), NULL, 10);
    // Kernels are not tested.
    unsetenv("LD_PRELOAD");
}

/// Returns whether a call fails, with one of two error codes.
static int fails(int code, int other) {
    if (count_file < 0) return 0;
    uint64_t old = __atomic_fetch_add(&state, 0x9E3779B97F4A7C15, __ATOMIC_RELAXED), x = old;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    x ^= x >> 31;
    if (x % one_in != 0) return 0;
    (void)!REAL(write)(count_file, "x", 1);
    errno = (x >> 40) & 1 ? code : other;
    return 1;
}

/// Returns whether a descriptor belongs to a file or folder in the tested folder.
static int is_tested(int file) {
    struct stat status;
    char link[64], path[4096];
    if (file == count_file || fstat(file, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length > 0 && strncmp(path, folder, strlen(folder)) == 0;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (is_tested(file)) {
        if (fails(EIO, ENOSPC)) return -1;
        // A short write is no failure.
        if (count > 1 && fails(0, 0)) count /= 2;
    }
    return REAL(write)(file, bytes, count);
}

int fsync(int file) { return is_tested(file) && fails(EIO, ENOSPC) ? -1 : REAL(fsync)(file); }

int ftruncate(int file, off_t length) {
    return is_tested(file) && fails(EIO, ENOSPC) ? -1 : REAL(ftruncate)(file, length);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
    return is_tested(file) && fails(ENOSPC, EDQUOT) ? -1 : REAL(fallocate)(file, mode, offset, length);
}

int renameat(int old, const char *old_name, int new, const char *new_name) {
    return is_tested(old) && fails(EIO, EACCES) ? -1 : REAL(renameat)(old, old_name, new, new_name);
}

int linkat(int old, const char *old_name, int new, const char *new_name, int flags) {
    return is_tested(new) && fails(EIO, EPERM) ? -1 : REAL(linkat)(old, old_name, new, new_name, flags);
}

static int fails_to_open(const char *path, int flags) {
    int makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    return (makes || strncmp(path, folder, strlen(folder)) == 0 || path[0] != '/') && folder[0] && fails(EMFILE, EIO);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return fails_to_open(path, flags) ? -1 : REAL(open)(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return is_tested(at) && fails(EMFILE, EIO) ? -1 : REAL(openat)(at, path, flags, mode);
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset) {
    // The guard of a kernel gets its launch record in such a mapping.
    if (file == -1 && protection == (PROT_READ | PROT_WRITE) && length < 1 << 16 && fails(ENOMEM, ENOMEM)) return MAP_FAILED;
    return REAL(mmap)(at, length, protection, flags, file, offset);
}

long syscall(long number, ...) {
    va_list more;
    va_start(more, number);
    long a = va_arg(more, long), b = va_arg(more, long), c = va_arg(more, long), d = va_arg(more, long);
    long e = va_arg(more, long), f = va_arg(more, long);
    va_end(more);
    if (number == SYS_clone && fails(EAGAIN, ENOMEM)) return -1;
    if (number == SYS_renameat2 && is_tested(a) && fails(EIO, EINVAL)) return -1;
    return REAL(syscall)(number, a, b, c, d, e, f);
}
