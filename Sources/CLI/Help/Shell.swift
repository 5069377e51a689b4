import GalleyFlags

/// A shell that completes command lines.
enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish

    /// The script that teaches it the command lines of `galley`.
    var script: String {
        switch self {
        case .bash: BashCompletions.script
        case .zsh: ZshCompletions.script
        case .fish: FishCompletions.script
        }
    }
}

/// The values that a shell offers for a flag or an operand.
enum Candidates: Hashable, Sendable {
    case files, folders, users, kernels, runs, notebooks
    case words([String])
    /// It takes a value that no shell can know.
    case unknown

    /// The values of a flag; nil if it takes none.
    init?(of flag: FlagDescription) {
        // The word after a flag with an optional value is an operand.
        guard let value = flag.value, !flag.isValueOptional else { return nil }
        switch value {
        case "FILE", "FILE|ID": self = .files
        case "DIR": self = .folders
        case "USER": self = .users
        case "KERNEL": self = .kernels
        case "BOOL": self = .words(["True", "False"])
        default: self = flag.choices.isEmpty ? .unknown : .words(flag.choices)
        }
    }

    init(of operand: CommandDescription.Operand) {
        self =
            switch operand {
            case .none: .words([])
            case .notebook: .notebooks
            case .run: .runs
            case .subject: .words(HelpTopic.subjects)
            case .words(let words): .words(words)
            }
    }
}

extension FlagDescription {
    /// The names that shells offer: none of the settings of other programs, such as `--NotebookClient.timeout`.
    var completedNames: [String] { ownNames.filter { !$0.contains(".") } }
}

extension String {
    /// The text as one word for a shell, in single quotes in which nothing else has a meaning.
    var singleQuoted: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
