// Markdown as a sequence of events, read by cmark-gfm.
#ifndef CCMARK_H
#define CCMARK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    CCMARK_PARAGRAPH,
    CCMARK_HEADING,
    CCMARK_QUOTE,
    CCMARK_LIST,
    CCMARK_ITEM,
    CCMARK_TABLE,
    CCMARK_TABLE_HEADER,
    CCMARK_TABLE_ROW,
    CCMARK_TABLE_CELL,
    CCMARK_CODE_BLOCK,
    CCMARK_HTML_BLOCK,
    CCMARK_RULE,
    CCMARK_TEXT,
    CCMARK_SOFT_BREAK,
    CCMARK_LINE_BREAK,
    CCMARK_CODE,
    CCMARK_HTML,
    CCMARK_EMPHASIS,
    CCMARK_STRONG,
    CCMARK_STRIKETHROUGH,
    CCMARK_LINK,
    CCMARK_IMAGE,
    /// The document, or an element without a meaning of its own.
    CCMARK_OTHER,
} ccmark_kind;

/// The begin or the end of an element. An element without children has no end.
struct ccmark_event {
    ccmark_kind kind;
    bool is_end;
    /// The level of a heading; the first number of an ordered list, -1 for a bullet list; the alignment of a cell ('l',
    /// 'c', 'r' or 0); 1 for a paragraph in a tight list; 1 for a finished task, 0 for an open one, -1 for other items.
    int number;
    /// The content of code, HTML or text; the address of a link or image; else NULL.
    const char *_Nullable text;
    /// The language of a code block; the title of a link or image; else NULL.
    const char *_Nullable note;
};

/// Parses Markdown with GitHub's strikethrough and, if chosen, tables and links for bare addresses. Returns false if the
/// document needs more than `limit` bytes of memory.
///
/// All functions share one document: a caller that has opened it closes it before the next one opens another.
bool ccmark_open(const void *_Nonnull text, size_t length, size_t limit, bool has_tables, bool has_autolinks);

/// Reads the next event; returns false at the end. The texts of an event live until the document is closed.
bool ccmark_next(struct ccmark_event *_Nonnull event);

/// Frees all memory of the document.
void ccmark_close(void);

#endif
