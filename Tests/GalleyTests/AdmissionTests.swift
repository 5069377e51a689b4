import Testing

@testable import Galley

private typealias MemoryBudget = BatchScheduler.MemoryBudget

/// As much memory as one likes.
private let plenty = MemoryBudget(available: nil, perKernel: 0)

extension BatchScheduler {
    /// Starts as many as it may.
    fileprivate mutating func startAll(_ memory: MemoryBudget = plenty) -> [Int] {
        var started: [Int] = []
        while let job = start(memory) { started.append(job) }
        return started
    }

    fileprivate mutating func ready(_ jobs: Int...) { for job in jobs { setPhase(.ready, of: job) } }

    fileprivate mutating func runAll() -> [Int] {
        var running: [Int] = []
        while let job = run() { running.append(job) }
        return running
    }
}

@Suite struct `The order of a batch` {
    @Test func `starts as many at once as run at once`() {
        var admission = BatchScheduler(order: Array(0..<9), concurrency: 3)
        #expect(admission.startAll() == [0, 1, 2])
    }

    @Test func `starts the next kernels while others run, and as many again at most`() {
        var admission = BatchScheduler(order: Array(0..<9), concurrency: 2)
        _ = admission.startAll()
        admission.ready(0, 1)
        #expect(admission.runAll() == [0, 1])
        #expect(admission.startAll() == [2, 3])
        admission.ready(2, 3)
        #expect(admission.runAll() == [])
        #expect(admission.startAll() == [])
        admission.setPhase(.ending, of: 0)
        #expect(admission.runAll() == [2])
        #expect(admission.startAll() == [4])
    }

    @Test func `starts no more kernels than end meanwhile, but for those that are deaf to their end`() {
        var admission = BatchScheduler(order: Array(0..<9), concurrency: 2)
        _ = admission.startAll()
        admission.setPhase(.ending, of: 0)
        admission.setPhase(.ending, of: 1)
        #expect(admission.startAll() == [])
        admission.setPhase(.over, of: 0)
        #expect(admission.startAll() == [2])
        admission.setPhase(.lingering, of: 1)
        #expect(admission.startAll() == [3])
    }

    @Test func `does one after the other where that is wanted, the end of a kernel included`() {
        var admission = BatchScheduler(order: [0, 1], concurrency: 1)
        #expect(admission.startAll() == [0])
        admission.ready(0)
        #expect(admission.runAll() == [0])
        #expect(admission.startAll() == [])
        for phase in [BatchScheduler.Phase.ending, .lingering] {
            admission.setPhase(phase, of: 0)
            #expect(admission.startAll() == [])
        }
        admission.setPhase(.over, of: 0)
        #expect(admission.startAll() == [1])
    }

    @Test func `follows the order of starts and not that of the notebooks`() {
        var admission = BatchScheduler(order: [2, 0, 1], concurrency: 2)
        #expect(admission.startAll() == [2, 0])
        admission.ready(0, 2)
        #expect(admission.runAll() == [2, 0])
    }

    @Test func `starts nothing for which there is no memory, unless nothing else runs`() {
        var admission = BatchScheduler(order: [0, 1, 2], concurrency: 3)
        let short = MemoryBudget(available: 50, perKernel: 100)
        #expect(admission.startAll(short) == [0])
        // One that lives may come to need what is left.
        #expect(admission.startAll(MemoryBudget(available: 150, perKernel: 100, growth: 60)) == [])
        #expect(admission.start(MemoryBudget(available: 150, perKernel: 100, growth: 50)) == 1)
        admission.setPhase(.over, of: 0)
        admission.setPhase(.over, of: 1)
        #expect(admission.startAll(short) == [2])
    }

    /// Were all looked at whenever one goes on, this would take minutes.
    @Test func `goes through a hundred thousand as it goes through ten`() {
        let order = Array((0..<100_000).reversed())
        var admission = BatchScheduler(order: order, concurrency: 4)
        var done: [Int] = []
        while !admission.isOver {
            for job in admission.startAll() { admission.ready(job) }
            for job in admission.runAll() {
                done.append(job)
                admission.setPhase(.over, of: job)
            }
        }
        #expect(done == order)
    }

    @Test func `begins nothing else once it is closed, and is over when the rest is`() {
        var admission = BatchScheduler(order: [0, 1, 2], concurrency: 1)
        _ = admission.startAll()
        admission.close()
        admission.ready(0)
        #expect(admission.run() == nil)
        #expect(!admission.isOver)
        admission.setPhase(.over, of: 0)
        #expect(admission.startAll() == [])
        #expect(admission.isOver)
    }

    @Test func `starts the slowest first, and before them those of which nothing is known`() {
        var batch = Batch(["a", "b", "c", "d"].map { Batch.Job($0) })
        (batch.jobs[0].earlierDuration, batch.jobs[1].earlierDuration) = (.seconds(1), .seconds(3))
        batch.jobs[3].earlierDuration = .seconds(3)
        #expect(batch.startOrder == [0, 1, 2, 3])
        batch.order = .slowestFirst
        #expect(batch.startOrder == [2, 1, 3, 0])
    }
}
