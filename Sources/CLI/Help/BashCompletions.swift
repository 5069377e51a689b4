import GalleyFlags

/// The completions of bash.
enum BashCompletions {
    static var script: String {
        """
        # Completions of galley for bash. Load them in ~/.bashrc: source <(galley completions bash)

        _galley_candidates() {
            case $kind in
            files) compgen -f -- "$current" ;;
            folders) compgen -d -- "$current" ;;
            notebooks)
                compgen -f -X '!*.ipynb' -- "$current"
                compgen -d -- "$current" ;;
            users) compgen -u -- "$current" ;;
            kernels | runs) compgen -W "$("$program" completions --list "$kind" 2>/dev/null)" -- "$current" ;;
            words) compgen -W "$words" -- "$current" ;;
            esac
        }

        _galley() {
            local program=$1 command=${COMP_WORDS[1]} current=${COMP_WORDS[COMP_CWORD]}
            local flag=${COMP_WORDS[COMP_CWORD - 1]} kind=words words= flags=
            # A flag and its value are three words if an equals sign joins them.
            if [[ $flag == = ]]; then flag=${COMP_WORDS[COMP_CWORD - 2]}; fi
            if [[ $current == = ]]; then current=; fi
            if ((COMP_CWORD == 1)); then
                words=\(words(CommandList.all.map(\.name) + CommandList.options.flatMap(\.completedNames)))
            else
                case $command in
        \(CommandList.all.map(command).joined(separator: "\n"))
                *) return ;;
                esac
                if [[ $current == -* && $kind != value ]]; then kind=words words=$flags; fi
            fi
            if [[ $kind == files || $kind == folders || $kind == notebooks ]]; then compopt -o filenames 2>/dev/null; fi
            mapfile -t COMPREPLY < <(_galley_candidates)
        }

        complete -F _galley galley
        """
    }

    private static func words(_ words: [String]) -> String { words.joined(separator: " ").singleQuoted }

    private static func command(_ command: CommandDescription) -> String {
        var lines = ["        \(command.name))", "            flags=\(words(command.flags.flatMap(\.completedNames)))"]
        lines.append("            case $flag in")
        var kinds: [Candidates] = []
        for flag in command.flags {
            if let kind = Candidates(of: flag), !kinds.contains(kind) { kinds.append(kind) }
        }
        for kind in kinds {
            let names = command.flags.filter { Candidates(of: $0) == kind }.flatMap(\.names)
            lines.append("            \(names.joined(separator: " | "))) \(assignment(kind)) ;;")
        }
        lines.append("            *) \(assignment(Candidates(of: command.operand))) ;;")
        return (lines + ["            esac ;;"]).joined(separator: "\n")
    }

    private static func assignment(_ candidates: Candidates) -> String {
        switch candidates {
        case .words(let list): "kind=words words=\(words(list))"
        case .unknown: "kind=value"
        default: "kind=\(candidates)"
        }
    }
}
