/// Takes a result and keeps nothing of it.
package struct DiscardingStore: NotebookStore {
    /// What messages call it.
    package let name = "nowhere"
    /// What is gone cannot be replaced.
    package let canBeWrittenAgain = false
    /// It waits for nothing.
    package let isLocal = true

    /// Makes one.
    package init() {}

    /// Does nothing.
    package func lock() async {}

    /// Returns no bytes.
    package func read() async -> [UInt8] { [] }

    /// Does nothing: it takes everything.
    package func checkWritable() async {}

    /// Does nothing with the bytes.
    package func write(_ bytes: some ByteRuns) async -> WriteOutcome { .discarded }
}
