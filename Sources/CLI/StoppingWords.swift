import GalleyExecution
import Galley
import Glibc
import GalleyJupyterProtocol

/// The sentences about a signal that ends the run.
struct StoppingWords: Sendable {
    /// How long a cell may go on after it was interrupted.
    private let grace: Duration
    /// Whether the kernel belongs to the run, so that it can be killed.
    private let ownsKernel: Bool

    init(_ arguments: ExecuteArguments) {
        grace = arguments.options.settings.graceAfterStop
        ownsKernel = Rooms.kernels(for: arguments).endsKernels
    }

    /// Returns how the run ends: the first signal interrupts the cells, the second kills their kernels.
    ///
    /// - Parameters:
    ///   - interrupted: The running cells, as the object of a sentence.
    ///   - isOne: Whether only one cell runs.
    func sentence(_ signal: Int32, isFirst: Bool, _ interrupted: String, isOne: Bool) -> String {
        let (cell, kernel) = isOne ? ("the cell does", "the kernel") : ("a cell does", "its kernel")
        let name = signal == SIGINT ? "" : "\(PostMortem.signalNames[signal] ?? "signal \(signal)"): "
        guard isFirst else {
            let kernels = isOne ? "the kernel" : "the kernels"
            return "\(name)\(ownsKernel ? "killing" : "disconnecting from") \(kernels), and saving the outputs so far"
        }
        let force = ownsKernel ? "kills" : "disconnects from"
        let again = signal == SIGINT ? "press Ctrl-C again" : "send a second signal"
        return "\(name)interrupting \(interrupted). If \(cell) not end within \(grace.inWords), Galley \(force) "
            + "\(kernel); to do that at once, \(again)"
    }
}
