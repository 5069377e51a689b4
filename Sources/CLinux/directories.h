// Walks over folders, and reads what stands there, by system calls and the stack alone, as a guard has to.
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

/// Calls `visit` with each name in a folder, the folder's own and its parent's among them.
void clinux_each_name(int folder, void (*visit)(int folder, const char *name, void *context), void *context);

/// Reads a number, in digits of at most 16, and moves on to what is behind it.
uint64_t clinux_parse_number(const char **text, int base);

#endif
