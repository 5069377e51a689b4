// Unmaps memory. It uses only system calls and the stack, as a guard must.
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/// A range of memory.
struct memory_range {
    uintptr_t start, end;
};

/// Unmaps the engine's memory, which this process shares since fork. As long as a process maps it, the system keeps a
/// copy of every page that the engine changes or frees.
///
/// Unmaps only large anonymous mappings. Small ones save little and can belong to the dynamic loader, which is needed
/// whenever a function is called for the first time. The system merges adjacent mappings, so each range in `kept` has
/// its own bounds, not those of the mapping that contains it.
void clinux_unmap_engine_memory(const struct memory_range *kept, int count);

#endif
