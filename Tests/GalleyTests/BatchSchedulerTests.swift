import Testing

@testable import Galley

private typealias Memory = BatchScheduler.MemoryBudget

/// Unlimited memory.
private let plenty = Memory(available: nil, perKernel: 0)

extension BatchScheduler {
    /// Starts as many notebooks as it may.
    fileprivate mutating func startAll(_ memory: Memory = plenty) -> [Int] {
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

@Suite struct `The batch scheduler` {
    @Test func `The batch scheduler starts as many kernels at once as cells run at once`() {
        var admission = BatchScheduler(order: Array(0..<9), concurrency: 3)
        #expect(admission.startAll() == [0, 1, 2])
    }

    @Test func `The batch scheduler starts the next kernels while others run, at most as many again`() {
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

    @Test func `The batch scheduler limits kernels that start and end, except those that are slow to end`() {
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

    @Test func `The batch scheduler runs one notebook after the other on request, including the end of each kernel`() {
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

    @Test func `The batch scheduler follows the order of starts and not that of the notebooks`() {
        var admission = BatchScheduler(order: [2, 0, 1], concurrency: 2)
        #expect(admission.startAll() == [2, 0])
        admission.ready(0, 2)
        #expect(admission.runAll() == [2, 0])
    }

    @Test func `The batch scheduler starts nothing that memory is too short for, unless nothing else runs`() {
        var admission = BatchScheduler(order: [0, 1, 2], concurrency: 3)
        let short = Memory(available: 50, perKernel: 100)
        #expect(admission.startAll(short) == [0])
        // A running kernel may need the remaining memory.
        #expect(admission.startAll(Memory(available: 150, perKernel: 100, growth: 60)) == [])
        #expect(admission.start(Memory(available: 150, perKernel: 100, growth: 50)) == 1)
        admission.setPhase(.over, of: 0)
        admission.setPhase(.over, of: 1)
        #expect(admission.startAll(short) == [2])
    }

    /// A scheduler that visits all notebooks at each step would need minutes.
    @Test func `The batch scheduler scales linearly to a hundred thousand notebooks`() {
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

    @Test func `The batch scheduler starts nothing once it is closed, and ends with the running notebooks`() {
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

    @Test func `The batch scheduler starts notebooks of unknown duration first, then the slowest`() {
        var batch = Batch(["a", "b", "c", "d"].map { Batch.Job($0) })
        (batch.jobs[0].earlierDuration, batch.jobs[1].earlierDuration) = (.seconds(1), .seconds(3))
        batch.jobs[3].earlierDuration = .seconds(3)
        #expect(batch.startOrder == [0, 1, 2, 3])
        batch.order = .slowestFirst
        #expect(batch.startOrder == [2, 1, 3, 0])
    }
}
