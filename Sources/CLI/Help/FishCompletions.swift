import GalleyFlags

/// The completions of fish.
enum FishCompletions {
    static var script: String {
        let head = """
            # Completions of galley for fish. Load them in ~/.config/fish/config.fish: galley completions fish | source

            function __galley_needs_command
                test (count (commandline -opc)) -eq 1
            end

            function __galley_command
                set -l words (commandline -opc)
                test (count $words) -ge 2; and test $words[2] = $argv[1]
            end

            function __galley_list
                set -l words (commandline -opc)
                $words[1] completions --list $argv[1] 2>/dev/null
            end

            function __galley_notebooks
                __fish_complete_path (commandline -ct) | string match -r '^.*(?:\\.ipynb|/)(?:\\t.*)?$'
            end

            complete -c galley -f
            """
        let commands = CommandList.all.map { command in
            "complete -c galley -n __galley_needs_command -a \(command.name) -d \(quoted(command.summary))"
        }
        let options = CommandList.options.map { "complete -c galley -n __galley_needs_command" + names(of: $0) }
        return ([head] + commands + options + CommandList.all.flatMap(lines)).joined(separator: "\n")
    }

    private static func lines(of command: CommandDescription) -> [String] {
        let lead = "complete -c galley -n '__galley_command \(command.name)'"
        let operands = offer(Candidates(of: command.operand))
        return command.flags.filter { !$0.completedNames.isEmpty }.map { flag in
            lead + names(of: flag) + (Candidates(of: flag).map { " -r" + offer($0) } ?? "")
        } + (operands.isEmpty ? [] : [lead + operands])
    }

    /// The names of a flag, and its summary, as arguments of `complete`.
    private static func names(of flag: FlagDescription) -> String {
        flag.completedNames.map { name in
            name.hasPrefix("--") ? " -l \(name.dropFirst(2))" : " -s \(name.dropFirst())"
        }.joined() + " -d \(quoted(flag.summary))"
    }

    /// The values of a flag or operand, as arguments of `complete`.
    private static func offer(_ candidates: Candidates) -> String {
        switch candidates {
        case .files: " -F"
        case .folders: " -f -a '(__fish_complete_directories (commandline -ct))'"
        case .users: " -f -a '(__fish_complete_users)'"
        case .kernels: " -f -a '(__galley_list kernels)'"
        case .runs: " -f -a '(__galley_list runs)'"
        case .notebooks: " -f -a '(__galley_notebooks)'"
        case .words([]): ""
        case .words(let words): " -f -a \(quoted(words.joined(separator: " ")))"
        case .unknown: " -f"
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
}
