import GalleyExecution
import Galley
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyParameters

/// The options of the command line that resolve a failure.
struct FailureAdvice: Sendable {
    private let hasAnswers: Bool
    private let namesKernel: Bool
    private let allowsFallback: Bool

    init(_ arguments: ExecuteArguments) {
        hasAnswers = !arguments.answers.isEmpty
        namesKernel = arguments.options.kernel != nil
        allowsFallback = arguments.options.allowsKernelFallback
    }

    /// Returns the options that resolve an error, as the end of its sentence; nil if there are none.
    func ending(of error: any Error) -> String? {
        if case .wrongType? = error as? ParameterError { return ": --no-type-check" }
        switch error as? KernelError {
        case .notFound(_, let available, _):
            // The sentence lists the kernels from which the user can choose another one.
            if namesKernel { return nil }
            let other = available.contains("python3") ? "python3" : available.min()
            guard let other else { return nil }
            return "; or use --kernel \(other.terminalSafeLine())" + (allowsFallback ? "" : " or --kernel-fallback")
        case .nameless: return ": --kernel python3"
        case .noOwner: return ": --as-user NAME"
        case .outOfReach, .ownedByAnother: return ": --as-caller"
        case .changeable: return ": --as-user NAME, --as-caller"
        default: return nil
        }
    }

    /// Returns a sentence about the options that keep a cell from failing; nil if there are none.
    func sentence(about report: Report) -> String? {
        if case .lostOutput = report.outcome { return "to go on with a warning instead, use --allow-lost-output" }
        return switch report.failingCell?.error?.name {
        case "StdinNotImplementedError": "the cell asks for input; give the answer with --answer TEXT"
        case "EOFError" where hasAnswers:
            "if the cell asks for input, no answer was left; repeat --answer for each question"
        default: nil
        }
    }
}
