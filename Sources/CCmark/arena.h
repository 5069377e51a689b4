// Memory that is freed as a whole, and that has a limit.
#ifndef ARENA_H
#define ARENA_H

#include <cmark-gfm.h>
#include <setjmp.h>

/// The functions through which cmark takes memory from the arena.
extern cmark_mem arena_memory;

/// Empties the arena. At its limit, `arena_memory` jumps to the place that the caller sets in the result.
jmp_buf *arena_open(size_t limit);

/// Ends the limit, so that the place to jump to is no longer used.
void arena_lift_limit(void);

/// Frees all memory.
void arena_close(void);

#endif
