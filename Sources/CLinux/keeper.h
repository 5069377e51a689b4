// What a guard does once its program is kept, by system calls and the stack alone.
#ifndef KEEPER_H
#define KEEPER_H

#include "GalleyCLinux.h"

/// Waits until a program that is kept has ended, ends what it has left behind, removes its folders, and exits.
///
/// The program is a child of this process, or becomes one when the keeper before this one ends. Nothing but its own end ends
/// it: the engine may go, and all signals are blocked. Its output is read, so that it can go on writing.
_Noreturn void clinux_run_keeper(const struct clinux_launch *launch, pid_t program, void (*end_everything)(void));

/// Removes the folders that are a program's alone.
void clinux_remove_folders(const struct clinux_launch *launch);

#endif
