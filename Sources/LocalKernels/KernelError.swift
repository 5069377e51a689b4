import GalleySpelling

public import GalleyJupyterProtocol

/// Says why there is no kernel.
@nonexhaustive
public enum KernelError: KernelFault, Hashable {
    /// None has this name.
    case notFound(name: String, available: [String], searched: [String])
    /// The notebook describes a kernel and does not name it.
    case nameless
    /// The file that describes it is no good.
    case invalidSpec(path: String, reason: String)
    /// There is no Python environment at this path.
    case noEnvironment(path: String)
    /// The environment has a Python but no kernel.
    case noKernelInEnvironment(path: String, interpreter: String)
    /// The program that the kernel is does not exist, or is no program.
    case noProgram(String, kernel: String)
    /// The folder that it is to work in does not exist, or cannot be entered.
    case noWorkingFolder(String, reason: String)
    /// There is no user of this name.
    case noAccount(String)
    /// It is to be run as the owner of a notebook that has none.
    case noOwner
    /// It is to be run as a user that this process does not run as.
    case notAllowedToBecome(String, reason: String)
    /// This process is root's, and the notebook belongs to another user.
    case ownedByAnother(user: String)
    /// This process is root's, and another user can change where the path of root's notebook leads.
    case changeable
    /// The user that it runs as is not allowed to read or run something that it takes.
    case outOfReach(String, account: String)
    /// The system refused to start it.
    case notStarted(kernel: String, reason: String)
    /// It ended before it was ready.
    case diedAtStart(kernel: String, PostMortem)
    /// It is alive and does not answer.
    case silent(kernel: String, Duration, lastLines: [String])
    /// The conversation broke off before it began.
    case failed(kernel: String, KernelFailure)
}

extension KernelError {
    /// Whether the next attempt may succeed: what did not start may start then, what is not there will not be.
    public var isTransient: Bool {
        switch self {
        case .notStarted, .diedAtStart, .silent, .failed: true
        default: false
        }
    }
}

extension KernelError: CustomStringConvertible {
    /// What failed, why, and what to type next.
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
            return "The notebook's metadata describe a kernel without naming it. Choose one, such as python3, or name "
                + "it in the notebook, as metadata.kernelspec.name"
        case .invalidSpec(let path, let reason): return "\(path) describes no kernel: \(reason). Mend it or remove it"
        case .noEnvironment(let path):
            return "\(path) is neither a Python environment nor a Python: it has no bin/python"
        case .noKernelInEnvironment(let path, let interpreter):
            return "\(path) has no kernel. Install one: \(interpreter) -m pip install ipykernel"
        case .noProgram(let program, let kernel):
            return
                "Kernel '\(kernel.shortened)' is registered, but its program '\(program.shortened)' does not exist. Install it again"
        case .noWorkingFolder(let path, let reason): return "The working folder \(path) cannot be entered: \(reason)"
        case .noAccount(let name): return "There is no user '\(name.shortened)' on this machine"
        case .noOwner:
            return "The notebook is in no file, so it has no owner whom the kernel could run as; name somebody"
        case .notAllowedToBecome(let name, let reason):
            return "The kernel cannot be run as \(name): \(reason). It takes root to run it as another user"
        case .ownedByAnother(let user):
            return "The notebook belongs to \(user), and this process is root's: it does not run the notebook with "
                + "root's rights. Run it as \(user), or choose root's rights"
        case .changeable:
            return "The notebook belongs to root, but another user can change where its path leads, so it does not run "
                + "with root's rights. Choose the user that it runs as, or choose root's rights"
        case .outOfReach(let path, let account):
            return "The kernel cannot be run as \(account), who may not get at \(path). Give the permission, or choose "
                + "another kernel, or another user"
        case .notStarted(let kernel, let reason): return "Kernel '\(kernel.shortened)' could not be started: \(reason)"
        case .diedAtStart(let kernel, let end):
            return "Kernel '\(kernel.shortened)' ended before it was ready: \(end)\(Self.quoted(end.lastLines))"
        case .silent(let kernel, let limit, let lines):
            return "Kernel '\(kernel.shortened)' did not answer within \(limit)\(Self.quoted(lines))"
        case .failed(let kernel, let failure): return "Kernel '\(kernel.shortened)' could not be spoken to: \(failure)"
        }
    }

    private static func quoted(_ lines: [String]) -> String {
        lines.isEmpty ? ". It said nothing" : ". It said:\n" + lines.map { "    " + $0 }.joined(separator: "\n")
    }

    private static func advice(for name: String) -> String {
        switch name {
        case "ir": "Install it: R -e 'install.packages(\"IRkernel\"); IRkernel::installspec()'"
        case _ where name.hasPrefix("python"): "Install it: python3 -m pip install ipykernel"
        case "bash": "Install it: python3 -m pip install bash_kernel && python3 -m bash_kernel.install"
        case _ where name.hasPrefix("conda"):
            "A Conda environment needs a kernel of its own: conda install -n ENVIRONMENT ipykernel"
        default: "List what there is: galley kernels"
        }
    }
}

extension String {
    /// A name that comes from anywhere, as messages have it: of limited length, and without what gives orders to a terminal.
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
