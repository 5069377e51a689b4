/// The scheduler of a batch, a plain value. It decides which notebooks start next, and which ready ones run their
/// cells.
struct BatchScheduler {
    /// The progress of a notebook.
    enum Phase: Hashable {
        /// The notebook has not been started.
        case queued
        /// The notebook is read, and its kernel starts.
        case starting
        /// The kernel waits until other notebooks have run.
        case ready
        /// The cells run.
        case running
        /// The result is saved, and the kernel ends.
        case ending
        /// The kernel takes long to end.
        case lingering
        case over
    }

    /// The memory that is available for kernels.
    struct MemoryBudget {
        /// The free memory in bytes; nil if unknown.
        var available: Int?
        /// The memory that one kernel is expected to need.
        var perKernel: Int
        /// The memory that the running kernels may need in addition.
        var growth = 0
    }

    private(set) var phases: [Phase]
    /// The notebooks in the order in which they start, and the position of each in that order.
    private let order: [Int]
    private let places: [Int]
    /// The number of notebooks that have been started.
    private var startCount = 0
    /// The notebooks that have been started and are not over. They are few, even in a large batch.
    private var active: Set<Int> = []
    private let concurrency: Int
    /// Whether no more notebooks are started.
    private(set) var isClosed = false

    init(order: [Int], concurrency: Int) {
        self.order = order
        self.concurrency = max(1, min(concurrency, order.count))
        phases = Array(repeating: .queued, count: order.count)
        var places = phases.indices.map(\.self)
        for (place, job) in order.enumerated() { places[job] = place }
        self.places = places
    }

    /// The number of kernels that may start ahead of time, so that no notebook waits for a start.
    ///
    /// With a concurrency of 1 there are none: each kernel starts after the previous notebook has ended, and finds its
    /// results.
    private var ahead: Int { concurrency == 1 ? 0 : concurrency }

    private func count(_ wanted: Set<Phase>) -> Int { active.count { wanted.contains(phases[$0]) } }

    /// Returns the started notebooks that are in one of these phases.
    func jobs(in wanted: Set<Phase>) -> [Int] { active.filter { wanted.contains(phases[$0]) } }

    /// The notebook that would start next if there were memory for it; nil if none may start.
    ///
    /// Starting and ending a kernel each keep a processor busy. So at most `concurrency` kernels do so at the same
    /// time.
    var candidate: Int? {
        guard !isClosed, count([.starting, .ready, .running]) < concurrency + ahead,
            count([.starting, .ending]) < concurrency, concurrency > 1 || count([.lingering]) == 0
        else { return nil }
        return startCount < order.count ? order[startCount] : nil
    }

    /// Starts the next notebook; returns nil if none may start, or there is too little memory.
    mutating func start(_ memory: MemoryBudget) -> Int? {
        guard let next = candidate else { return nil }
        let isAlone = count([.starting, .ready, .running, .ending, .lingering]) == 0
        if !isAlone, let available = memory.available, available - memory.growth < memory.perKernel { return nil }
        startCount += 1
        setPhase(.starting, of: next)
        return next
    }

    /// Moves the first ready notebook to the running phase; returns nil if none is ready, or no slot is free.
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

    /// Starts no more notebooks.
    mutating func close() { isClosed = true }

    /// Whether no notebook is active, and none will start.
    var isOver: Bool { active.isEmpty && (isClosed || startCount == order.count) }
}
