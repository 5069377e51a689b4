// Unmaps memory. It uses only system calls and the stack, as a guard must.
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/// A range of memory.
struct memory_range {
    uintptr_t start, end;
};

/// Ranges of memory. If there are more than fit, `count` still counts them.
struct memory_ranges {
    struct memory_range all[512];
    int count;
};

/// Adds the pages of a range, extended by `around` on both sides.
void clinux_add_pages(struct memory_ranges *ranges, uintptr_t start, uintptr_t end, uintptr_t around);

/// Adds the memory in which libraries keep their variables, and the dynamic loader what it knows about them.
void clinux_add_libraries(struct memory_ranges *ranges);

/// Unmaps the engine's memory, which this process shares since fork. As long as a process maps it, the system keeps a
/// copy of every page that the engine changes or frees.
///
/// Unmaps only large anonymous mappings. Small ones save little and can belong to the dynamic loader, which is needed
/// whenever a function is called for the first time. The system merges adjacent mappings, so each range in `kept` has
/// its own bounds, not those of the mapping that contains it.
void clinux_unmap_engine_memory(const struct memory_ranges *kept);

#endif
