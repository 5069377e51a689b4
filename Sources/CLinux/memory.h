// Gives memory back by system calls and the stack alone, as a guard has to.
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/// A piece of memory.
struct memory_range {
    uintptr_t start, end;
};

/// Gives back the engine's memory, of which fork left this process a view: as long as somebody holds one, the system
/// keeps a copy of every page that the engine changes or frees.
///
/// What is given back is large and anonymous. What is small is not worth it and may be the loader's, which is asked
/// whenever a function is called for the first time. Pieces that touch are one to the system: so what is needed is kept by
/// its own bounds, and not by those of the piece it lies in.
void clinux_unmap_engine_memory(const struct memory_range *kept, int count);

#endif
