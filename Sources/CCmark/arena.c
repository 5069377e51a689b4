#include "arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// A part of the arena, followed by its memory.
struct block {
    struct block *previous;
    size_t used, size;
};

static struct block *last;
static size_t room;
static bool is_limited;
static jmp_buf at_limit;

/// Every piece of memory begins with its size, at the alignment of any type.
enum { HEADER = 16, BLOCK = 1 << 18, BLOCK_HEADER = (sizeof(struct block) + HEADER - 1) / HEADER * HEADER };

static void fail(void) {
    if (is_limited) longjmp(at_limit, 1);
    abort();
}

static void *take(size_t size) {
    if (size > SIZE_MAX / 2) fail();
    size_t whole = HEADER + (size + HEADER - 1) / HEADER * HEADER;
    if (last == NULL || last->size - last->used < whole) {
        size_t needed = BLOCK_HEADER + whole > BLOCK ? BLOCK_HEADER + whole : BLOCK;
        if (is_limited && needed > room) fail();
        struct block *block = calloc(1, needed);
        if (block == NULL) fail();
        if (is_limited) room -= needed;
        *block = (struct block){.previous = last, .used = BLOCK_HEADER, .size = needed};
        last = block;
    }
    char *start = (char *)last + last->used;
    last->used += whole;
    *(size_t *)start = size;
    return start + HEADER;
}

static void *take_array(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) fail();
    return take(count * size);
}

static void *resize(void *old, size_t size) {
    size_t before = old == NULL ? 0 : *(size_t *)((char *)old - HEADER);
    if (old != NULL && size <= before) return old;
    void *new = take(size);
    if (before != 0) memcpy(new, old, before);
    return new;
}

/// Pieces are freed with the whole arena.
static void keep(void *piece) { (void)piece; }

cmark_mem arena_memory = {take_array, resize, keep};

jmp_buf *arena_open(size_t limit) {
    room = limit;
    is_limited = true;
    return &at_limit;
}

void arena_lift_limit(void) { is_limited = false; }

void arena_close(void) {
    while (last != NULL) {
        struct block *previous = last->previous;
        free(last);
        last = previous;
    }
}
