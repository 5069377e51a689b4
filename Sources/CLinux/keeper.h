// The work of a guard after its program is kept. It uses only system calls and the stack.
#ifndef KEEPER_H
#define KEEPER_H

#include "GalleyCLinux.h"

/// Waits until a kept program ends, kills all processes that it left behind, removes its folders, and exits.
///
/// The program is a child of this process, or becomes one when the previous keeper ends. The keeper continues without
/// the engine and with all signals blocked. It reads the program's output, so that the program can continue to write.
_Noreturn void clinux_run_keeper(const struct clinux_launch *launch, pid_t program, void (*end_everything)(void));

/// Removes the program's private folders.
void clinux_remove_folders(const struct clinux_launch *launch);

#endif
