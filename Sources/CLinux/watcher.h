// A second process above a guard, by system calls and the stack alone, as a guard has to.
#ifndef WATCHER_H
#define WATCHER_H

#include "GalleyCLinux.h"

/// Splits this process in two: the one that it is becomes a watcher and does not return, its child returns as the guard.
///
/// A cell can kill its guard, and what has left the kernel's session would live on. It becomes the watcher's child then,
/// which ends it. A guard that is stopped is made to go on at once.
///
/// Returns the watcher's process; -1 and errno where no process can be made. When the watcher ends first, the guard is
/// sent SIGCHLD, and has another parent. When the guard of a program that is kept is killed, the watcher keeps the program.
pid_t clinux_fork_guard(const struct clinux_launch *launch, int socket, void (*end_everything)(void));

#endif
