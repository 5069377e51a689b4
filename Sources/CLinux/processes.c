#define _GNU_SOURCE
#include "GalleyCLinux.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

/// The C library passes the arguments to all constructors. Swift reads them from /proc, which may not be mounted.
__attribute__((constructor)) static void keep_arguments(int count, char **all) {
    argument_count = count;
    arguments = all;
}

const char *clinux_argument(int number) { return number < argument_count ? arguments[number] : NULL; }

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

pid_t clinux_fork(void) { return fork(); }

void clinux_signal_on_parent_exit(pid_t parent, int number) {
    prctl(PR_SET_PDEATHSIG, number);
    if (getppid() != parent) raise(number);
}

int clinux_open_process(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int clinux_signal_process(int process, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, process, signal, NULL, 0);
}

void clinux_use_one_malloc_arena(void) { mallopt(M_ARENA_MAX, 1); }

void clinux_return_freed_memory(void) {
    // Without this, glibc raises the threshold whenever a large block is freed and then keeps such blocks in the heap
    // of each thread.
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

pid_t clinux_find_listener(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {.pid = -1};
    socklen_t size = sizeof peer;
    if (strlen(path) >= sizeof address.sun_path) return -1;
    strcpy(address.sun_path, path);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) return -1;
    // The system records the process that called listen() and reports it to each client.
    if (connect(file, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        peer.pid = -1;
    close(file);
    return peer.pid;
}
