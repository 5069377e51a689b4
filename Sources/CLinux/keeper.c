#define _GNU_SOURCE
#include "keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/// Discards the program's output; returns 0 at its end, otherwise 1.
static int read_output(int reader) {
    char text[4096];
    ssize_t count;
    // The limit keeps a program that writes constantly from hiding its end.
    for (int rounds = 0; rounds < 64 && (count = read(reader, text, sizeof text)) > 0; rounds++) {}
    return count != 0;
}

/// Waits for children that have ended; returns whether the program is one of them or is not a child of this process.
static int has_ended(pid_t program) {
    for (pid_t child; (child = waitpid(-1, NULL, WNOHANG)) != 0;)
        if (child == program || child == -1) return 1;
    return 0;
}

_Noreturn void clinux_run_keeper(const struct clinux_launch *launch, pid_t program, void (*end_everything)(void)) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    struct pollfd waits[2] = {
        {.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN},
        {.fd = launch->output_reader, .events = POLLIN},
    };
    if (waits[1].fd >= 0) fcntl(waits[1].fd, F_SETFL, O_NONBLOCK);
    while (!has_ended(program)) {
        if (poll(waits, 2, -1) < 0) continue;
        struct signalfd_siginfo ignored;
        while (read(waits[0].fd, &ignored, sizeof ignored) > 0) {}
        // poll ignores negative descriptors.
        if (waits[1].revents != 0 && !read_output(waits[1].fd)) waits[1].fd = -1;
    }
    if (!launch->leaves_children) end_everything();
    clinux_remove_folders(launch);
    _exit(0);
}

void clinux_remove_folders(const struct clinux_launch *launch) {
    clinux_remove_tree(launch->private_folder);
    if (*launch->other_folder) clinux_remove_tree(launch->other_folder);
}
