import GalleyJSON
import GalleyJupyterProtocol
package import GalleyNotebook

extension UnvalidatedNotebook {
    /// How long the cells took when they were run last, as far as the notebook tells; nil where it does not.
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
