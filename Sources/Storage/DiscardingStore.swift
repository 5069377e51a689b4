/// A store that discards the result.
package struct DiscardingStore: NotebookStore {
    /// The name of the store in messages.
    package let name = "nowhere"
    /// Always false: the store discards the bytes.
    package let canBeWrittenAgain = false
    /// Always true: no method waits.
    package let isLocal = true

    /// Creates the store.
    package init() {}

    /// Does nothing.
    package func lock() async {}

    /// Returns no bytes.
    package func read() async -> [UInt8] { [] }

    /// Does nothing.
    package func checkWritable() async {}

    /// Discards the bytes.
    package func write(_ bytes: some ByteRuns) async -> WriteOutcome { .discarded }
}
