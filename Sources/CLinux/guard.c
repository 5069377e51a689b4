#define _GNU_SOURCE
#include "GalleyCLinux.h"
#include "keeper.h"
#include "memory.h"
#include "directories.h"
#include "watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// All of this runs in a forked child of a process with many threads, before any exec. It must not allocate, lock or
// print: it uses only system calls and the stack.
//
// Why a guard: a parent-death signal reaches only the program and none of its children, and each child that starts its
// own session leaves the process group. The guard is a "subreaper": descendants of the program become its children when
// their own parents are gone, so it finds them all. With a separate guard, the process that embeds this library need
// not become a subreaper itself or wait for children that it did not start.

static void report(int socket, int32_t event, int32_t value, int64_t detail) {
    struct clinux_report message = {event, value, detail};
    while (send(socket, &message, sizeof message, MSG_NOSIGNAL) == -1 && errno == EINTR) {}
}

static void close_from(unsigned int first, unsigned int last) {
    if (syscall(SYS_close_range, first, last, 0) == 0) return;
    // Linux before 5.9, or a container that forbids unknown system calls.
    struct rlimit limit = {1024, 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned int number = first; number <= last && number < limit.rlim_cur && number < 1 << 20; number++) close(number);
}

/// Closes all descriptors except the three standard streams and those in `kept`. Ignores negative numbers in `kept`.
static void close_others(const int *kept, int count) {
    int low = 3;
    for (;;) {
        int next = -1;
        for (int index = 0; index < count; index++)
            if (kept[index] >= low && (next < 0 || kept[index] < next)) next = kept[index];
        if (next < 0) break;
        if (next > low) close_from(low, next - 1);
        low = next + 1;
    }
    close_from(low, ~0U);
}

static _Noreturn void fail(int failure, enum clinux_step step) {
    int32_t reason[2] = {errno, step};
    (void)!write(failure, reason, sizeof reason);
    _exit(127);
}

static void limit(int resource, uint64_t value, int failure) {
    if (value == 0) return;
    // Reaching the soft limit sends SIGXCPU, which identifies the cause. An equal hard limit would send SIGKILL first.
    struct rlimit limit = {value, resource == RLIMIT_CPU ? value + 5 : value};
    if (setrlimit(resource, &limit) != 0) fail(failure, clinux_step_limits);
}

/// Becomes the program. On failure, writes the reason to `failure`; on success, exec closes `failure`.
static _Noreturn void become(const struct clinux_launch *launch, int failure, pid_t guard) {
    setsid();
    dup2(launch->output, 1);
    dup2(launch->output, 2);
    // exec closes `failure`; the program must not inherit any other descriptor.
    close_others(&failure, 1);
    limit(RLIMIT_AS, launch->memory, failure);
    limit(RLIMIT_CPU, launch->processor_seconds, failure);
    limit(RLIMIT_NOFILE, launch->open_files, failure);
    // The guard normally kills the program; this covers a guard that is killed. The signal follows the thread that
    // forked, not the process. The guard has a single thread, so both end together. A program that may be kept can
    // outlive its guard; until it is kept, the watcher kills it.
    if (!launch->may_be_kept) prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guard) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir(launch->folder) != 0) fail(failure, clinux_step_folder);
    execve(launch->program, launch->arguments, launch->environment);
    fail(failure, clinux_step_program);
}

/// Sends SIGKILL to a process if it is a child of this one.
static void kill_if_child(int proc, const char *name, void *context) {
    (void)context;
    char path[64], text[512];
    if (name[0] < '0' || name[0] > '9' || strlen(name) > 12) return;
    memcpy(path, name, strlen(name) + 1);
    memcpy(path + strlen(name), "/stat", 6);
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return;
    text[length] = 0;
    // "pid (name) state parent ...", where the name can contain any character.
    char *end = strrchr(text, ')');
    if (end == NULL || end[1] == 0 || end[2] == 0 || end[3] == 0) return;
    const char *parent = end + 4, *process = name;
    if (clinux_parse_number(&parent, 10) == (uint64_t)getpid()) kill(clinux_parse_number(&process, 10), SIGKILL);
}

/// Kills all descendants of this process: its children, and their children, which become its own when their parents are
/// gone.
static void end_everything(void) {
    for (int rounds = 0; rounds < 2000; rounds++) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        if (waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD) return;
        int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (proc >= 0) clinux_each_name(proc, kill_if_child, NULL);
        close(proc);
        poll(NULL, 0, 1);
    }
}

static _Noreturn void guard(struct clinux_launch *launch, const struct memory_ranges *kept, int socket) {
    // Signals from a terminal or to the engine's process group are for the engine to handle.
    setsid();
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    // The handlers are the engine's. A child whose SIGCHLD is ignored would leave no exit status.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "kernel-guard");
    // Before the program is forked: otherwise its peak memory would include the engine's memory.
    clinux_unmap_engine_memory(kept);
    // This process may have inherited the sockets of other kernels. While it holds one, that kernel's guard cannot
    // detect the engine's end.
    int held[] = {socket, launch->output_reader, launch->locks[0], launch->locks[1], launch->output};
    close_others(held, 5);

    // A process that reads the engine's output until its end must not wait for the guard.
    int nothing = open("/dev/null", O_RDWR);
    for (int standard = 0; standard < 3; standard++) dup2(nothing, standard);

    pid_t watcher = clinux_fork_guard(launch, socket, end_everything);
    if (watcher < 0) {
        report(socket, clinux_failed, errno, clinux_step_fork);
        _exit(1);
    }
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0) {
        report(socket, clinux_failed, errno, clinux_step_fork);
        _exit(1);
    }
    // Not fork(), which would use locks in memory that is already unmapped.
    pid_t self = getpid(), program = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (program == 0) become(launch, failure[1], self);
    close(failure[1]);
    int32_t reason[2];
    if (program < 0) {
        report(socket, clinux_failed, errno, clinux_step_fork);
        _exit(1);
    }
    if (read(failure[0], reason, sizeof reason) == sizeof reason) {
        report(socket, clinux_failed, reason[0], reason[1]);
        _exit(1);
    }
    close(failure[0]);
    report(socket, clinux_started, program, 0);
    close_others(held, 4);

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    struct pollfd waits[2] = {{.fd = socket, .events = POLLIN}, {.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN}};
    int has_ended = 0, is_orphan = 0;
    while (!has_ended) {
        // Without a watcher, a guard that is killed or stopped could not end what the program started.
        if (getppid() != watcher) break;
        if (poll(waits, 2, -1) < 0) continue;
        struct signalfd_siginfo ignored;
        while (read(waits[1].fd, &ignored, sizeof ignored) > 0) {}
        int status;
        struct rusage usage;
        for (pid_t ended; (ended = wait4(-1, &status, WNOHANG, &usage)) > 0;) {
            // The others are orphans of the program; their status is not needed.
            if (ended != program) continue;
            has_ended = 1;
            report(socket, clinux_ended, status, usage.ru_maxrss);
        }
        if (has_ended) break;
        struct clinux_order order;
        ssize_t length = recv(socket, &order, sizeof order, MSG_DONTWAIT);
        if (length == sizeof order && order.everything) break;
        if (length == sizeof order && order.keeps) {
            // From now on, the watcher keeps the program if the guard is killed.
            __atomic_store_n(&launch->kept, program, __ATOMIC_RELEASE);
            report(socket, clinux_kept, getpid(), 0);
            close(socket);
            clinux_run_keeper(launch, program, end_everything);
        }
        if (length == sizeof order) kill(-program, order.signal);
        is_orphan = length == 0;
        if (is_orphan) break;
    }
    if (!has_ended) {
        kill(-program, SIGKILL);
        int status;
        struct rusage usage;
        while (wait4(program, &status, 0, &usage) == -1 && errno == EINTR) {}
        report(socket, clinux_ended, status, usage.ru_maxrss);
    }
    if (!launch->leaves_children) end_everything();
    // The engine is gone and cannot remove the folders.
    if (is_orphan) clinux_remove_folders(launch);
    _exit(0);
}

/// Copies a list of strings to `at` and advances `at` past the copy; returns the copy.
static char **copied(char *const *strings, char **at) {
    size_t count = 0;
    while (strings[count]) count++;
    char **copy = (char **)*at;
    *at += (count + 1) * sizeof *copy;
    for (size_t index = 0; index < count; index++) {
        copy[index] = *at;
        *at = stpcpy(*at, strings[index]) + 1;
    }
    copy[count] = NULL;
    // The next list starts with pointers, so align it.
    *at += -(uintptr_t)*at % sizeof *copy;
    return copy;
}

static size_t size_of(char *const *strings) {
    size_t size = 2 * sizeof *strings;
    for (; *strings; strings++) size += sizeof *strings + strlen(*strings) + 1;
    return size;
}

/// Moves both descriptors above those of the standard streams, which may be closed. Returns 0, or closes both and
/// returns -1 with errno.
static int move_above_standard_streams(int ends[2]) {
    for (int end = 0; end < 2; end++) {
        int low = ends[end];
        if (low > 2) continue;
        ends[end] = fcntl(low, F_DUPFD_CLOEXEC, 3);
        int code = errno;
        close(low);
        if (ends[end] >= 0) continue;
        close(ends[1 - end]);
        errno = code;
        return -1;
    }
    return 0;
}

int clinux_make_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? move_above_standard_streams(ends) : -1; }

/// Forks a child that sends no SIGCHLD when it ends.
///
/// A host that waits for any of its children does not receive this one. If the host ignores SIGCHLD, the system does
/// not reap the child, so its process ID is not reused until this library has waited for it.
static pid_t fork_without_sigchld(void) {
#if __has_feature(thread_sanitizer)
    // Only the library's fork() handles the locks of the sanitizer.
    return fork();
#endif
    return syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
}

void clinux_wait_for_guard(pid_t guard) {
    while (waitpid(guard, NULL, __WALL) == -1 && errno == EINTR) {}
}

/// Returns the stack of this thread, or all memory if it cannot be determined.
static struct memory_range stack(void) {
    struct memory_range all = {0, UINTPTR_MAX};
    pthread_attr_t attributes;
    void *start;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return all;
    int failure = pthread_attr_getstack(&attributes, &start, &size);
    pthread_attr_destroy(&attributes);
    return failure ? all : (struct memory_range){(uintptr_t)start, (uintptr_t)start + size};
}

pid_t clinux_start_guarded(const struct clinux_launch *launch, int *result) {
    int ends[2];
    // A separate block of memory, so that the guard knows which memory it needs.
    char *single[] = {(char *)launch->program, (char *)launch->folder, (char *)launch->private_folder, (char *)launch->other_folder, NULL};
    size_t size = sizeof *launch + size_of(single) + size_of(launch->arguments) + size_of(launch->environment);
    // The guard and its watcher share it.
    struct clinux_launch *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) return -1;
    *copy = *launch;
    char *at = (char *)(copy + 1), **paths = copied(single, &at);
    copy->program = paths[0];
    copy->folder = paths[1];
    copy->private_folder = paths[2];
    copy->other_folder = paths[3];
    copy->arguments = copied(launch->arguments, &at);
    copy->environment = copied(launch->environment, &at);

    // Thread-local variables are next to the thread's pthread_t, before or after it.
    uintptr_t self = (uintptr_t)pthread_self();
    struct memory_ranges kept = {.all = {stack()}, .count = 1};
    clinux_add_pages(&kept, (uintptr_t)copy, (uintptr_t)copy + size, 0);
    clinux_add_pages(&kept, self, self, 1 << 18);
    clinux_add_libraries(&kept);
    pid_t child = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 && move_above_standard_streams(ends) == 0) {
        // Signals that arrive in between must not run this process's handlers in the child.
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        child = fork_without_sigchld();
        if (child == 0) guard(copy, &kept, ends[1]);
        int code = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        close(ends[1]);
        if (child < 0) close(ends[0]);
        *result = ends[0];
        errno = code;
    }
    int code = errno;
    munmap(copy, size);
    errno = code;
    return child;
}

int clinux_is_stopped(int status) { return WIFSTOPPED(status); }

int clinux_ending_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

int clinux_exit_status(int status) { return WEXITSTATUS(status); }
