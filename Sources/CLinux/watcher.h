// A second process above a guard. It uses only system calls and the stack, as a guard must.
#ifndef WATCHER_H
#define WATCHER_H

#include "GalleyCLinux.h"

/// Splits this process in two: the parent becomes the watcher and does not return; the child returns as the guard.
///
/// A cell can kill its guard, and processes that left the kernel's session would survive. They then become children of
/// the watcher, which kills them. If the guard is stopped, the watcher continues it immediately.
///
/// Returns the watcher's process ID, or -1 and errno if no process can be created. If the watcher ends first, the guard
/// receives SIGCHLD and has another parent. If the guard of a kept program is killed, the watcher keeps the program.
pid_t clinux_fork_guard(const struct clinux_launch *launch, int socket, void (*end_everything)(void));

#endif
