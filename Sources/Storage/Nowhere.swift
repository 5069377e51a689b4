/// Takes a notebook that nobody wants to keep.
public struct Nowhere: NotebookStore {
    /// What messages call it.
    public let name = "nowhere"
    /// There is no need to.
    public let canBeWrittenAgain = false

    /// Makes one.
    public init() {}

    /// Nobody else can want it.
    public func lock() async {}

    /// There is nothing to be read.
    public func read() async -> [UInt8] { [] }

    /// It could.
    public func checkWritable() async {}

    /// Does nothing with the bytes.
    public func write(_ bytes: some ByteRuns) async -> Destination { .original }
}
