import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol

/// An event that can wait in an ``EventQueue``.
protocol QueuedEvent: Sendable {
    /// The approximate size in bytes while the event waits, if it may be dropped; zero if it may not.
    var droppableSize: Int { get }
    /// The index of the notebook that the event belongs to.
    var job: Int { get }
    /// Returns the event that replaces `count` dropped outputs, of which this one is the last; nil if no replacement is
    /// needed.
    func gapEvent(for count: Int) -> Self?
}

/// The unread events of a run.
///
/// A slow reader does not delay the run. The memory is bounded: the size of waiting outputs is limited, and all other
/// events are few.
struct EventQueue<Event: QueuedEvent>: Sendable {
    private var events = Queue<Event>()
    /// The total size of the waiting events that may be dropped.
    private var size = 0
    private let limit: Int
    private var isFinished = false
    /// The number of dropped events.
    private(set) var droppedCount = 0
    /// The gap event at the end of each notebook's events: its number in the queue, and how many events it replaces.
    private var gaps: [Int: (number: Int, count: Int)] = [:]

    /// - Parameter limit: The maximum total size, in bytes, of waiting events that may be dropped.
    init(limit: Int = 16_000_000) { self.limit = limit }

    enum Next {
        case event(Event)
        case end
    }

    /// Adds an event at the end, or drops it if there is no room.
    mutating func add(_ event: Event) {
        let size = event.droppableSize
        guard size == 0 || self.size + size <= limit else { return drop(event) }
        self.size += size
        gaps[event.job] = nil
        events.append(event)
    }

    /// Counts a dropped event, and adds or updates the gap event that replaces it.
    private mutating func drop(_ event: Event) {
        droppedCount += 1
        if let (number, count) = gaps[event.job], let gap = event.gapEvent(for: count + 1),
            events.replace(number, with: gap)
        {
            gaps[event.job] = (number, count + 1)
        } else if let gap = event.gapEvent(for: 1) {
            gaps[event.job] = (events.end, 1)
            events.append(gap)
        }
    }

    /// Ends the sequence after the waiting events.
    mutating func finish() { isFinished = true }

    /// Removes and returns the next event, or the end; nil if neither is there yet.
    mutating func take() -> Next? {
        guard let event = events.popFirst() else { return isFinished ? .end : nil }
        size -= event.droppableSize
        return .event(event)
    }
}

extension RunEvent: QueuedEvent {
    var droppableSize: Int {
        switch self {
        case .output(_, let iopubMessage): iopubMessage.size + 500
        case .widgetChanged(_, let comm): comm.size + 500
        case .result(let result): result.size + result.name.utf8.count + 500
        case .saved: 500
        default: 0
        }
    }

    var job: Int { 0 }

    func gapEvent(for count: Int) -> RunEvent? {
        switch self {
        case .output, .result: .outputsDropped(count: count)
        default: nil
        }
    }
}

extension BatchEvent: QueuedEvent {
    var droppableSize: Int { if case .run(_, let event) = self { event.droppableSize } else { 0 } }

    var job: Int {
        switch self {
        case .began(let job), .run(let job, _), .notebook(let job, _, _), .retrying(let job, _, _), .ended(let job, _):
            job
        case .waitingForMemory, .finished: -1
        }
    }

    func gapEvent(for count: Int) -> BatchEvent? {
        guard case .run(let job, let event) = self else { return nil }
        return event.gapEvent(for: count).map { .run(job: job, $0) }
    }
}

extension IOPubMessage: QueuedEvent {
    var droppableSize: Int { size + 500 }

    var job: Int { 0 }

    /// Returns nil: `droppedOutputCount` of the execution counts dropped outputs.
    func gapEvent(for count: Int) -> IOPubMessage? { nil }

    fileprivate var size: Int {
        switch self {
        case .stream(let name, let text): name.utf8.count + text.utf8.count
        case .display(let display), .result(let display, _), .update(let display):
            display.data.size + display.metadata.size + (display.id?.utf8.count ?? 0)
        case .error(let name, let value, let traceback):
            traceback.reduce(name.utf8.count + value.utf8.count) { $0 + $1.utf8.count }
        case .comm(let comm): comm.size
        default: 0
        }
    }
}

extension IOPubMessage.Comm {
    fileprivate var size: Int { buffers.reduce(id.utf8.count + data.size) { $0 + $1.count } }
}
