// Functions that list folders and parse what is in them. They use only system calls and the stack, as a guard must.
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

/// Calls `visit` with each name in a folder, including "." and "..".
void clinux_each_name(int folder, void (*visit)(int folder, const char *name, void *context), void *context);

/// Parses a number in a base of at most 16 and advances `text` past it.
uint64_t clinux_parse_number(const char **text, int base);

#endif
