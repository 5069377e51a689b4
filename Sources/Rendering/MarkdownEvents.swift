import GalleyCCmark
import Synchronization

/// An element or a text of Markdown.
enum MarkdownElement {
    case paragraph(isTight: Bool)
    case heading(level: Int)
    case quote
    /// A list; `start` is the first number of an ordered list.
    case list(start: Int?)
    /// An item of a list; `isDone` is nil if the item is not a task.
    case item(isDone: Bool?)
    case table, tableHeader, tableRow
    /// A cell with the value of HTML's `align` attribute.
    case tableCell(alignment: String?)
    case codeBlock(String, info: String)
    case htmlBlock(String)
    case rule
    case text(String)
    case softBreak, lineBreak
    case code(String)
    case html(String)
    case emphasis, strong, strikethrough
    case link(address: String, title: String)
    case image(address: String, title: String)
    /// The whole document.
    case other
}

/// The begins and ends of the elements of a Markdown document, in order.
struct MarkdownEvents {
    struct Event {
        let element: MarkdownElement
        /// Whether the element ends. An element that contains no other has no end.
        let isEnd: Bool
    }

    /// The maximum size of a parsed document in memory, in bytes.
    private static let largest = 600_000_000
    /// The parser keeps one document at a time.
    private static let lock = Mutex(())

    /// Parses Markdown, and passes its events to `body`; returns nil without calling it if the Markdown is too
    /// intricate to be parsed in reasonable time and memory.
    static func read<Result>(_ markdown: [UInt8], _ body: (inout MarkdownEvents) -> Result) -> Result? {
        let cost = MarkdownCost(of: markdown)
        guard cost.isReasonable else { return nil }
        return lock.withLock { _ in
            guard
                unsafe ccmark_open(
                    markdown, markdown.count, largest, cost.hasReasonableTables, cost.hasReasonableAddresses)
            else { return nil }
            defer { ccmark_close() }
            var events = MarkdownEvents()
            return body(&events)
        }
    }

    /// Returns the next event; nil at the end.
    mutating func next() -> Event? {
        var event = unsafe ccmark_event()
        guard unsafe ccmark_next(&event) else { return nil }
        return unsafe Event(element: MarkdownElement(event), isEnd: event.is_end)
    }
}

extension MarkdownElement {
    fileprivate init(_ event: ccmark_event) {
        let number = unsafe Int(event.number)
        let text = unsafe event.text.map { unsafe String(cString: $0) } ?? ""
        let note = unsafe event.note.map { unsafe String(cString: $0) } ?? ""
        self =
            switch unsafe event.kind {
            case CCMARK_PARAGRAPH: .paragraph(isTight: number == 1)
            case CCMARK_HEADING: .heading(level: number)
            case CCMARK_QUOTE: .quote
            case CCMARK_LIST: .list(start: number < 0 ? nil : number)
            case CCMARK_ITEM: .item(isDone: number < 0 ? nil : number == 1)
            case CCMARK_TABLE: .table
            case CCMARK_TABLE_HEADER: .tableHeader
            case CCMARK_TABLE_ROW: .tableRow
            case CCMARK_TABLE_CELL: .tableCell(alignment: Self.alignments[UInt8(number)])
            case CCMARK_CODE_BLOCK: .codeBlock(text, info: note)
            case CCMARK_HTML_BLOCK: .htmlBlock(text)
            case CCMARK_RULE: .rule
            case CCMARK_TEXT: .text(text)
            case CCMARK_SOFT_BREAK: .softBreak
            case CCMARK_LINE_BREAK: .lineBreak
            case CCMARK_CODE: .code(text)
            case CCMARK_HTML: .html(text)
            case CCMARK_EMPHASIS: .emphasis
            case CCMARK_STRONG: .strong
            case CCMARK_STRIKETHROUGH: .strikethrough
            case CCMARK_LINK: .link(address: text, title: note)
            case CCMARK_IMAGE: .image(address: text, title: note)
            default: .other
            }
    }

    private static let alignments = [
        UInt8(ascii: "l"): "left", UInt8(ascii: "c"): "center", UInt8(ascii: "r"): "right",
    ]
}
