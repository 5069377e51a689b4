#include "GalleyCCmark.h"
#include "arena.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <setjmp.h>
#include <string.h>

static cmark_iter *iterator;
/// The number of the cell in its row, and the alignments of the table.
static int column;
static const unsigned char *alignments;
static int columns;

static void attach(cmark_parser *parser, const char *name) {
    cmark_syntax_extension *extension = cmark_find_syntax_extension(name);
    if (extension != NULL) cmark_parser_attach_syntax_extension(parser, extension);
}

bool ccmark_open(const void *text, size_t length, size_t limit, bool has_tables, bool has_autolinks) {
    cmark_gfm_core_extensions_ensure_registered();
    if (setjmp(*arena_open(limit)) != 0) {
        arena_close();
        return false;
    }
    cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_UNSAFE, &arena_memory);
    attach(parser, "strikethrough");
    attach(parser, "tasklist");
    if (has_tables) attach(parser, "table");
    if (has_autolinks) attach(parser, "autolink");
    cmark_parser_feed(parser, text, length);
    cmark_node *document = cmark_parser_finish(parser);
    cmark_consolidate_text_nodes(document);
    iterator = cmark_iter_new(document);
    // The events copy texts of the document at most once.
    arena_lift_limit();
    return true;
}

void ccmark_close(void) { arena_close(); }

static ccmark_kind kind_of(cmark_node *node) {
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_PARAGRAPH: return CCMARK_PARAGRAPH;
    case CMARK_NODE_HEADING: return CCMARK_HEADING;
    case CMARK_NODE_BLOCK_QUOTE: return CCMARK_QUOTE;
    case CMARK_NODE_LIST: return CCMARK_LIST;
    case CMARK_NODE_ITEM: return CCMARK_ITEM;
    case CMARK_NODE_CODE_BLOCK: return CCMARK_CODE_BLOCK;
    case CMARK_NODE_HTML_BLOCK: return CCMARK_HTML_BLOCK;
    case CMARK_NODE_THEMATIC_BREAK: return CCMARK_RULE;
    case CMARK_NODE_TEXT: return CCMARK_TEXT;
    case CMARK_NODE_SOFTBREAK: return CCMARK_SOFT_BREAK;
    case CMARK_NODE_LINEBREAK: return CCMARK_LINE_BREAK;
    case CMARK_NODE_CODE: return CCMARK_CODE;
    case CMARK_NODE_HTML_INLINE: return CCMARK_HTML;
    case CMARK_NODE_EMPH: return CCMARK_EMPHASIS;
    case CMARK_NODE_STRONG: return CCMARK_STRONG;
    case CMARK_NODE_LINK: return CCMARK_LINK;
    case CMARK_NODE_IMAGE: return CCMARK_IMAGE;
    default: break;
    }
    // The types of extensions are numbered when the extensions are registered.
    const char *name = cmark_node_get_type_string(node);
    if (strcmp(name, "strikethrough") == 0) return CCMARK_STRIKETHROUGH;
    if (strcmp(name, "table") == 0) return CCMARK_TABLE;
    if (strcmp(name, "table_header") == 0) return CCMARK_TABLE_HEADER;
    if (strcmp(name, "table_row") == 0) return CCMARK_TABLE_ROW;
    if (strcmp(name, "table_cell") == 0) return CCMARK_TABLE_CELL;
    return CCMARK_OTHER;
}

static int is_tight(cmark_node *paragraph) {
    cmark_node *item = cmark_node_parent(paragraph);
    return item != NULL && kind_of(item) == CCMARK_ITEM && cmark_node_get_list_tight(cmark_node_parent(item));
}

static void describe(cmark_node *node, struct ccmark_event *event) {
    switch (event->kind) {
    case CCMARK_PARAGRAPH: event->number = is_tight(node); break;
    case CCMARK_HEADING: event->number = cmark_node_get_heading_level(node); break;
    case CCMARK_LIST:
        event->number = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? cmark_node_get_list_start(node) : -1;
        break;
    case CCMARK_ITEM:
        event->number = strcmp(cmark_node_get_type_string(node), "tasklist") != 0
            ? -1
            : cmark_gfm_extensions_get_tasklist_item_checked(node);
        break;
    case CCMARK_TABLE:
        alignments = cmark_gfm_extensions_get_table_alignments(node);
        columns = cmark_gfm_extensions_get_table_columns(node);
        break;
    case CCMARK_TABLE_HEADER:
    case CCMARK_TABLE_ROW: column = 0; break;
    case CCMARK_TABLE_CELL:
        event->number = column < columns ? alignments[column] : 0;
        if (event->is_end) column++;
        break;
    case CCMARK_CODE_BLOCK:
        event->text = cmark_node_get_literal(node);
        event->note = cmark_node_get_fence_info(node);
        break;
    case CCMARK_HTML_BLOCK:
    case CCMARK_TEXT:
    case CCMARK_CODE:
    case CCMARK_HTML: event->text = cmark_node_get_literal(node); break;
    case CCMARK_LINK:
    case CCMARK_IMAGE:
        event->text = cmark_node_get_url(node);
        event->note = cmark_node_get_title(node);
        break;
    default: break;
    }
}

bool ccmark_next(struct ccmark_event *event) {
    cmark_event_type step = cmark_iter_next(iterator);
    if (step == CMARK_EVENT_DONE) return false;
    cmark_node *node = cmark_iter_get_node(iterator);
    *event = (struct ccmark_event){.kind = kind_of(node), .is_end = step == CMARK_EVENT_EXIT};
    describe(node, event);
    return true;
}
