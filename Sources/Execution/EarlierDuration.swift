import GalleyJSON
import GalleyJupyterProtocol
package import GalleyNotebook

extension UnvalidatedNotebook {
    /// The total time of the cells in the previous run; nil if no cell's metadata contains it.
    package var earlierDuration: Duration? {
        var sum: Duration?
        forEachCell { cell in
            guard let timing = cell.metadata["execution"] else { return }
            func time(_ key: String) -> Timestamp? { timing[key]?.string.flatMap { Timestamp($0) } }
            guard let begin = time("iopub.status.busy") ?? time("iopub.execute_input"),
                let end = time("shell.execute_reply") ?? time("iopub.status.idle")
            else { return }
            sum = (sum ?? .zero) + .microseconds(max(0, end.microseconds - begin.microseconds))
        }
        return sum
    }
}
