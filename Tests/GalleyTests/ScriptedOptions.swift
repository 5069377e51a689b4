import Galley
import GalleyTesting
import Synchronization

/// Makes options for a run in a scripted kernel: `prints …` prints, `raises` raises, `dies` dies, a comment does nothing,
/// and anything else runs until it is interrupted.
func scripted(_ kernels: KernelLog = KernelLog(), grace: Duration? = nil) -> Options {
    var options = Options()
    options.result = .inPlace
    if let grace { options.grace = grace }
    options.kernels = ScriptedKernels(features: [.environment]) { _ in scriptedKernel(kernels) }
    return options
}

/// Makes a kernel as that of ``scripted(_:)``.
func scriptedKernel(_ kernels: KernelLog, keptAs kept: KeptKernel? = nil) -> ScriptedKernel {
    let kernel = ScriptedKernel(keptAs: kept) { code in
        switch code.split(separator: " ", maxSplits: 1).first {
        case "prints": .running(printing: String(code.dropFirst("prints ".count)))
        // The cell of parameters begins with one.
        case "#": .running()
        case "raises": .failing("ValueError", "bad")
        case "dies": [.die(PostMortem(cause: .exited(3)))]
        default: []
        }
    }
    kernels.add(kernel)
    return kernel
}

/// The kernels that were started.
final class KernelLog: Sendable {
    private let kernels = Mutex<[ScriptedKernel]>([])

    func add(_ kernel: ScriptedKernel) { kernels.withLock { $0.append(kernel) } }
    var all: [ScriptedKernel] { kernels.withLock(\.self) }
    var isAllOver: Bool { all.allSatisfy(\.isOver) }
}
