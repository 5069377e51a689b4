import GalleyFlags

/// The completions of zsh.
enum ZshCompletions {
    static var script: String {
        """
        #compdef galley
        # Completions of galley for zsh. Load them in ~/.zshrc, after compinit: source <(galley completions zsh)

        _galley_list() {
            # The last argument is the list, the others are for compadd.
            local -a found
            found=(${(f)"$(${~galley_program} completions --list ${@[-1]} 2>/dev/null)"})
            compadd "${@[1,-2]}" -a found
        }

        _galley() {
            local galley_program=$words[1]
            if ((CURRENT == 2)); then
                local -a commands options
                commands=(
        \(CommandList.all.map { "            " + described($0.name, $0.summary) }.joined(separator: "\n"))
                )
                options=(
        \(CommandList.options.flatMap { option in
            option.completedNames.map { "            " + described($0, option.summary) }
        }.joined(separator: "\n"))
                )
                if [[ $PREFIX == -* ]]; then
                    _describe -t options option options
                else
                    _describe -t commands command commands
                fi
                return
            fi
            local command=$words[2]
            shift words
            ((CURRENT--))
            case $command in
        \(CommandList.all.map(command).joined(separator: "\n"))
            esac
        }

        if [[ $funcstack[1] == _galley ]]; then _galley "$@"; else compdef _galley galley; fi
        """
    }

    private static func described(_ name: String, _ summary: String) -> String {
        (name + ":" + summary.escaping(":")).singleQuoted
    }

    private static func command(_ command: CommandDescription) -> String {
        var specifications = command.flags.flatMap { flag in flag.completedNames.map { specification(of: $0, flag) } }
        let operand = Candidates(of: command.operand)
        if operand != .words([]) { specifications.append("*:\(name(of: command.operand)):\(action(operand))") }
        let lines = specifications.map { "            " + $0.singleQuoted }
        return "    \(command.name))\n        _arguments -s : \\\n" + lines.joined(separator: " \\\n") + " ;;"
    }

    private static func specification(of name: String, _ flag: FlagDescription) -> String {
        let text = "[\(flag.summary.escaping("[]"))]"
        guard let value = flag.value, let candidates = Candidates(of: flag) else { return "*" + name + text }
        let sign = name.hasPrefix("--") ? "=" : ""
        return "*" + name + sign + text + ":" + value.escaping(":") + ":" + action(candidates)
    }

    private static func name(of operand: CommandDescription.Operand) -> String {
        switch operand {
        case .none: ""
        case .notebook: "notebook"
        case .run: "run"
        case .subject: "command or topic"
        case .words: "word"
        }
    }

    private static func action(_ candidates: Candidates) -> String {
        switch candidates {
        case .files: "_files"
        case .folders: "_files -/"
        case .users: "_users"
        case .kernels: "_galley_list kernels"
        case .runs: "_galley_list runs"
        case .notebooks: #"_files -g "*.ipynb""#
        case .words(let words): "(\(words.joined(separator: " ")))"
        case .unknown: ""
        }
    }
}

extension String {
    /// The text with a backslash before each of these characters, and before backslashes.
    fileprivate func escaping(_ characters: String) -> String {
        map { $0 == "\\" || characters.contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
