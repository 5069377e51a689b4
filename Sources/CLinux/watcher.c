#define _GNU_SOURCE
#include "watcher.h"

#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Waits until the guard ends, and continues it whenever it is stopped; returns its status.
static int wait_for_end(pid_t guard) {
    for (;;) {
        int status = 0;
        pid_t child = waitpid(-1, &status, WUNTRACED);
        if (child == -1 && errno != EINTR) return 0;
        if (child != guard) continue;
        if (!WIFSTOPPED(status)) return status;
        kill(guard, SIGCONT);
    }
}

pid_t clinux_fork_guard(const struct clinux_launch *launch, int socket, void (*end_everything)(void)) {
    // Not fork(), which would use locks in memory that is already unmapped.
    pid_t watcher = getpid(), guard = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (guard < 0) return -1;
    if (guard == 0) {
        // A signal to one's process group must not reach the other.
        setsid();
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        prctl(PR_SET_PDEATHSIG, SIGCHLD);
        return watcher;
    }
    prctl(PR_SET_NAME, "kernel-watch");
    close(launch->output);
    int status = wait_for_end(guard);
    pid_t kept = __atomic_load_n(&launch->kept, __ATOMIC_ACQUIRE);
    if (kept != 0 && WIFSIGNALED(status)) {
        close(socket);
        clinux_run_keeper(launch, kept, end_everything);
    }
    if (!launch->leaves_children) end_everything();
    // A guard that was killed has not removed the folders, and the engine cannot remove them if it is gone.
    struct pollfd engine = {.fd = socket};
    if (WIFSIGNALED(status) && poll(&engine, 1, 0) == 1 && engine.revents & POLLHUP) clinux_remove_folders(launch);
    _exit(0);
}
