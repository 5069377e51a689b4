/// Decides which notebooks of a batch are started next, and which of those whose kernels are ready run their cells: pure
/// data that news change.
struct BatchScheduler {
    /// How far a notebook is.
    enum Phase: Hashable {
        /// Nothing has been done for it.
        case queued
        /// It is read, and its kernel is started.
        case starting
        /// Its kernel waits until others have run.
        case ready
        /// Its cells are run.
        case running
        /// It is saved, and its kernel ends.
        case ending
        /// Its kernel takes long to end.
        case lingering
        case over
    }

    /// What memory there is for kernels.
    struct MemoryBudget {
        /// What is left, in bytes; nil where nobody knows.
        var available: Int?
        /// What a kernel is expected to need.
        var perKernel: Int
        /// What those that live may still come to need.
        var growth = 0
    }

    private(set) var phases: [Phase]
    /// The notebooks in the order in which they are started, and the place of each in it.
    private let order: [Int]
    private let places: [Int]
    /// How many of them have been started.
    private var startCount = 0
    /// Those that have been started and are not over: few, however many notebooks there are.
    private var active: Set<Int> = []
    private let concurrency: Int
    /// Whether nothing else is begun.
    private(set) var isClosed = false

    init(order: [Int], concurrency: Int) {
        self.order = order
        self.concurrency = max(1, min(concurrency, order.count))
        phases = Array(repeating: .queued, count: order.count)
        var places = phases.indices.map(\.self)
        for (place, job) in order.enumerated() { places[job] = place }
        self.places = places
    }

    /// How many notebooks may have kernels that do not run cells yet, so that nobody has to wait for a start.
    ///
    /// One after the other means just that: each finds what the one before it has left, when its kernel starts too.
    private var ahead: Int { concurrency == 1 ? 0 : concurrency }

    private func count(_ wanted: Set<Phase>) -> Int { active.count { wanted.contains(phases[$0]) } }

    /// The notebooks that have been started and are in one of these phases.
    func jobs(in wanted: Set<Phase>) -> [Int] { active.filter { wanted.contains(phases[$0]) } }

    /// The notebook that would be started next, if there were memory for it.
    ///
    /// A start and an end take a processor's whole attention: there are no more of them at once than notebooks that run.
    var candidate: Int? {
        guard !isClosed, count([.starting, .ready, .running]) < concurrency + ahead,
            count([.starting, .ending]) < concurrency, concurrency > 1 || count([.lingering]) == 0
        else { return nil }
        return startCount < order.count ? order[startCount] : nil
    }

    /// Starts the next notebook; nil where none is to be started, or where memory is too short for it.
    mutating func start(_ memory: MemoryBudget) -> Int? {
        guard let next = candidate else { return nil }
        let isAlone = count([.starting, .ready, .running, .ending, .lingering]) == 0
        if !isAlone, let available = memory.available, available - memory.growth < memory.perKernel { return nil }
        startCount += 1
        setPhase(.starting, of: next)
        return next
    }

    /// Lets a notebook whose kernel is ready run its cells; nil where none is, or where enough others do.
    mutating func run() -> Int? {
        guard !isClosed, count([.running]) < concurrency,
            let next = jobs(in: [.ready]).min(by: { places[$0] < places[$1] })
        else { return nil }
        setPhase(.running, of: next)
        return next
    }

    mutating func setPhase(_ phase: Phase, of job: Int) {
        phases[job] = phase
        if phase == .over { active.remove(job) } else { active.insert(job) }
    }

    /// Begins nothing else.
    mutating func close() { isClosed = true }

    /// Whether nothing goes on, and nothing is going to.
    var isOver: Bool { active.isEmpty && (isClosed || startCount == order.count) }
}
