/// The IDs of the most recent messages, in a bounded amount of memory.
struct RecentIDs: Sendable {
    /// Hash values, because IDs can be long.
    private var known: Set<Int> = []
    private var order: [Int] = []
    private var oldest = 0
    private let capacity: Int

    init(capacity: Int = 16_384) { self.capacity = capacity }

    /// Adds an ID; returns false if it is already there.
    mutating func insert(_ id: String) -> Bool {
        let hash = id.hashValue
        guard known.insert(hash).inserted else { return false }
        if order.count < capacity {
            order.append(hash)
        } else {
            known.remove(order[oldest])
            order[oldest] = hash
            oldest = (oldest + 1) % capacity
        }
        return true
    }
}
