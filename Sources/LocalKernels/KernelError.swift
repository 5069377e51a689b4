import GalleySpelling

public import GalleyJupyterProtocol

/// The reasons why a kernel cannot be started.
@nonexhaustive
public enum KernelError: KernelFault, Hashable {
    /// No kernel has this name.
    case notFound(name: String, available: [String], searched: [String])
    /// The notebook describes a kernel but does not name it.
    case nameless
    /// The kernel spec is not valid.
    case invalidSpec(path: String, reason: String)
    /// There is no Python environment at this path.
    case noEnvironment(path: String)
    /// The environment has Python but no kernel.
    case noKernelInEnvironment(path: String, interpreter: String)
    /// The kernel's program does not exist or is not executable.
    case noProgram(String, kernel: String)
    /// The working folder does not exist or cannot be entered.
    case noWorkingFolder(String, reason: String)
    /// No user has this name.
    case noAccount(String)
    /// The kernel is to run as the owner of the notebook, which has no owner.
    case noOwner
    /// The kernel is to run as a user other than the one this process runs as.
    case notAllowedToBecome(String, reason: String)
    /// This process runs as root, and the notebook belongs to another user.
    case ownedByAnother(user: String)
    /// This process runs as root, and another user can change where the path of root's notebook leads.
    case changeable
    /// The user that the kernel runs as may not read or run a file that the kernel needs.
    case outOfReach(String, account: String)
    /// The system could not start the kernel.
    case notStarted(kernel: String, reason: String)
    /// The kernel ended before it was ready.
    case diedAtStart(kernel: String, PostMortem)
    /// The kernel runs but does not respond.
    case silent(kernel: String, Duration, lastLines: [String])
    /// The connection failed before the kernel was ready.
    case failed(kernel: String, KernelFailure)
}

extension KernelError {
    /// Whether the next attempt may succeed: a kernel that did not start may start then, a missing one will not.
    public var isTransient: Bool {
        switch self {
        case .notStarted, .diedAtStart, .silent, .failed: true
        default: false
        }
    }
}

extension KernelError: CustomStringConvertible {
    /// What failed, why, and how to fix it.
    public var description: String {
        switch self {
        case .notFound(let name, let available, let searched):
            let name = name.shortened
            let available = available.map(\.shortened)
            let near = Spelling.nearest(to: name, in: available)
            let meant = near.isEmpty ? "" : " Did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
            let installed = available.isEmpty ? "none" : available.sorted().joined(separator: ", ")
            return "Kernel '\(name)' not found.\(meant) Installed: \(installed). "
                + "Looked in: \(searched.joined(separator: ", ")) and in Conda's environments. "
                + Self.advice(for: name)
        case .nameless:
            return "The notebook's metadata describes a kernel but does not name it. Set metadata.kernelspec.name, or "
                + "choose a kernel"
        case .invalidSpec(let path, let reason):
            return "\(path) is not a valid kernel spec: \(reason). Fix it or remove it"
        case .noEnvironment(let path):
            return "\(path) is neither a Python environment nor a Python: it has no bin/python"
        case .noKernelInEnvironment(let path, let interpreter):
            return "\(path) has no kernel. Install the Python package ipykernel for \(interpreter)"
        case .noProgram(let program, let kernel):
            return
                "Kernel '\(kernel.shortened)' is registered, but its program '\(program.shortened)' does not exist. Install it again"
        case .noWorkingFolder(let path, let reason): return "The working folder \(path) cannot be entered: \(reason)"
        case .noAccount(let name): return "There is no user '\(name.shortened)' on this machine"
        case .noOwner:
            return "The notebook is not in a file, so it has no owner to run the kernel as. Choose a user"
        case .notAllowedToBecome(let name, let reason):
            return "The kernel cannot run as \(name): \(reason). Only root can run it as another user"
        case .ownedByAnother(let user):
            return "The notebook belongs to \(user), and this process runs as root. Run the notebook as \(user), or "
                + "choose root's rights"
        case .changeable:
            return "The notebook belongs to root, but another user can change where its path leads. Choose the user to "
                + "run it as, or choose root's rights"
        case .outOfReach(let path, let account):
            return "The kernel cannot run as \(account), who has no access to \(path). Grant access, or choose another "
                + "kernel or another user"
        case .notStarted(let kernel, let reason): return "Kernel '\(kernel.shortened)' could not be started: \(reason)"
        case .diedAtStart(let kernel, let end):
            return "Kernel '\(kernel.shortened)' ended before it was ready: \(end)\(Self.quoted(end.lastLines))"
        case .silent(let kernel, let limit, let lines):
            return "Kernel '\(kernel.shortened)' did not respond within \(limit)\(Self.quoted(lines))"
        case .failed(let kernel, let failure):
            return "The connection to kernel '\(kernel.shortened)' failed: \(failure.lossReason)"
        }
    }

    private static func quoted(_ lines: [String]) -> String {
        lines.isEmpty ? ". It printed nothing" : ". It printed:\n" + lines.map { "    " + $0 }.joined(separator: "\n")
    }

    private static func advice(for name: String) -> String {
        switch name {
        case "ir": "Install the R package IRkernel and register it with IRkernel::installspec()"
        case _ where name.hasPrefix("python"): "Install the Python package ipykernel"
        case "bash": "Install the Python package bash_kernel and register it with its module bash_kernel.install"
        case _ where name.hasPrefix("conda"):
            "A Conda environment needs its own kernel. Install ipykernel in the environment"
        default: "Choose an installed kernel, or install this one"
        }
    }
}

extension String {
    /// An untrusted name for use in messages: limited in length, without characters that control a terminal.
    fileprivate var shortened: String {
        let kept = unicodeScalars.prefix(2000).filter { scalar in
            let properties = scalar.properties
            return !properties.isBidiControl
                && ![.control, .lineSeparator, .paragraphSeparator].contains(properties.generalCategory)
        }
        let text = String(String.UnicodeScalarView(kept))
        return text.count > 200 ? text.prefix(199) + "…" : text
    }
}
