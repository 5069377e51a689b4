/// Takes a notebook that nobody wants to keep.
package struct Nowhere: NotebookStore {
    /// What messages call it.
    package let name = "nowhere"
    /// There is no need to.
    package let canBeWrittenAgain = false

    /// Makes one.
    package init() {}

    /// Nobody else can want it.
    package func lock() async {}

    /// There is nothing to be read.
    package func read() async -> [UInt8] { [] }

    /// It could.
    package func checkWritable() async {}

    /// Does nothing with the bytes.
    package func write(_ bytes: some ByteRuns) async -> Destination { .original }
}
