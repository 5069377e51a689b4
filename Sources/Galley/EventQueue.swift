import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol

/// Something that happens, and waits until somebody takes note of it.
protocol QueuedEvent: Sendable {
    /// About how many bytes it takes while it waits, where it may be left out; zero where it may not.
    var droppableSize: Int { get }
    /// Which notebook it happens to.
    var job: Int { get }
    /// What stands for so many outputs that are left out, this one being the last; nil where nothing has to.
    func gapEvent(for count: Int) -> Self?
}

/// The events of a run that nobody has taken yet.
///
/// Whoever does not take them holds nothing up and costs little: what outputs wait is limited, and all others are few.
struct EventQueue<Event: QueuedEvent>: Sendable {
    private var events = Queue<Event>()
    /// How many bytes wait that may be left out.
    private var size = 0
    private let limit: Int
    private var isFinished = false
    /// How many events were left out.
    private(set) var droppedCount = 0
    /// What stands for left out events at the end of a notebook's: its number in the queue, and for how many.
    private var gaps: [Int: (number: Int, count: Int)] = [:]

    /// - Parameter limit: How many bytes wait at most that may be left out.
    init(limit: Int = 16_000_000) { self.limit = limit }

    enum Next {
        case event(Event)
        case end
    }

    /// Adds an event at the end.
    mutating func add(_ event: Event) {
        let size = event.droppableSize
        guard size == 0 || self.size + size <= limit else { return drop(event) }
        self.size += size
        gaps[event.job] = nil
        events.append(event)
    }

    /// Keeps of what there is no room for only that it was.
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

    /// Ends the sequence behind what there is.
    mutating func finish() { isFinished = true }

    /// Takes what comes next; nil where that is still to come.
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
        case .saved: 500
        default: 0
        }
    }

    var job: Int { 0 }

    func gapEvent(for count: Int) -> RunEvent? { if case .output = self { .outputsDropped(count: count) } else { nil } }
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

    /// The execution counts what is left out.
    func gapEvent(for count: Int) -> IOPubMessage? { nil }

    fileprivate var size: Int {
        switch self {
        case .stream(let name, let text): name.utf8.count + text.utf8.count
        case .display(let display), .result(let display, _), .update(let display):
            display.data.size + display.metadata.size + (display.id?.utf8.count ?? 0)
        case .error(let name, let value, let traceback):
            traceback.reduce(name.utf8.count + value.utf8.count) { $0 + $1.utf8.count }
        case .comm(let comm):
            comm.buffers.reduce(comm.id.utf8.count + comm.data.size) { $0 + $1.count }
        default: 0
        }
    }
}
