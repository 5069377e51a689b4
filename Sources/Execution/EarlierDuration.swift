import GalleyJSON
import GalleyJupyterProtocol
package import GalleyNotebook

extension UnvalidatedNotebook {
    /// The total time of the cells in the previous run; nil if no cell's metadata contains it.
    package var earlierDuration: Duration? {
        var sum: Duration?
        forEachCell { cell in
            if let duration = cell.metadata.earlierDuration { sum = (sum ?? .zero) + duration }
        }
        return sum
    }
}

extension Value {
    /// The time that a cell with this metadata took in the previous run; nil if the metadata does not contain it.
    var earlierDuration: Duration? {
        guard let timing = self["execution"] else { return nil }
        func time(_ key: String) -> Timestamp? { timing[key]?.string.flatMap { Timestamp($0) } }
        guard let begin = time("iopub.status.busy") ?? time("iopub.execute_input"),
            let end = time("shell.execute_reply") ?? time("iopub.status.idle")
        else { return nil }
        return .microseconds(max(0, end.microseconds - begin.microseconds))
    }
}
