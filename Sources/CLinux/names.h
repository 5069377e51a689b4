// Walks over folders by system calls and the stack alone, as a guard has to.
#ifndef NAMES_H
#define NAMES_H

/// Calls `visit` with each name in a folder, the folder's own and its parent's among them.
void each_name(int folder, void (*visit)(int folder, const char *name, void *context), void *context);

#endif
