import GalleyFlags

/// The words and options of other programs that Galley does not take, with its own for the same purpose.
enum OtherPrograms {
    /// Returns what to use in place of the first word of a command line, which is not a command; nil if it is unknown.
    @Sendable static func refusal(ofFirst word: String) -> String? {
        let shown = UsageError.visible(word)
        if word.hasSuffix(".ipynb") {
            return "'\(shown)' is a notebook, not a command. To run it: galley execute \(shellWord(shown))"
        }
        if let advice = commands[word] { return "'\(word)' is not a command. \(advice)" }
        guard word.hasPrefix("-") else { return nil }
        let name = String(word.prefix { $0 != "=" })
        let owners = CommandList.all.filter { command in command.flags.contains { $0.names.contains(name) } }
        if let owner = owners.first {
            return "'\(UsageError.visible(name))' is an option of a command. Write the command first: "
                + "galley \(owner.name) \(UsageError.visible(name)) ..."
        }
        return refusal(ofOption: name)
    }

    /// Returns what to do in place of an option of another program; nil if the option is unknown.
    static func refusal(ofOption name: String) -> String? {
        options[name].map { $0.hasPrefix("use ") ? "'\(name)' is not an option; \($0)" : "\(name): \($0)" }
    }

    private static func shellWord(_ text: String) -> String {
        let isPlain = text.allSatisfy { $0.isLetter || $0.isNumber || "/._-+@%:,=".contains($0) }
        return isPlain ? text : text.singleQuoted
    }

    /// The commands of other programs, and other words for Galley's commands.
    private static let commands: [String: String] = {
        var advice = [
            "run": "To run a notebook, use 'galley execute'; to list runs, 'galley runs'",
            "convert": "To convert a notebook, use 'galley export --to FORMAT'. "
                + "To run one with nbconvert's options, use 'galley nbconvert --to notebook --execute'",
            "jupyter": "Leave the word out: 'galley nbconvert' and 'galley execute' take the options of "
                + "'jupyter nbconvert' and 'jupyter execute'",
            "man": "To read a manual page, use 'galley help --man COMMAND | man -l -'",
            "completion": "Use 'galley completions'",
        ]
        for word in ["exec", "start", "nbclient"] { advice[word] = "To run a notebook, use 'galley execute'" }
        for word in ["list", "ls", "ps", "status", "jobs"] { advice[word] = "To list runs, use 'galley runs'" }
        for word in ["kill", "cancel", "end"] { advice[word] = "To end a run, use 'galley stop ID'" }
        for word in ["kernelspec", "kernelspecs"] { advice[word] = "To list kernels, use 'galley kernels'" }
        for word in ["strip", "nbstripout", "clear"] { advice[word] = "To remove outputs, use 'galley clean'" }
        for word in ["test", "nbval", "pytest", "diff", "compare"] {
            advice[word] = "To compare outputs with the stored ones, use 'galley check'"
        }
        for word in ["lab", "notebook", "server", "console"] {
            advice[word] = "Galley runs notebooks without a browser, and has no server. See 'galley --help'"
        }
        return advice
    }()

    /// The options of other programs, with what to do in place of each.
    static let options: [String: String] = {
        var advice = nbconvert
        for name in ["--inject-input-path", "--inject-output-path", "--inject-paths"] {
            advice[name] = "only 'galley papermill' has it; use -p to set a parameter"
        }
        for name in ["--log-output", "--verbose", "-v", "--nbval-verbose", "-s"] {
            advice[name] = "use --stream to show what cells print"
        }
        for name in ["--no-log-output", "--no-progress-bar", "--silent"] {
            advice[name] = "use --quiet to print only problems"
        }
        advice["--progress-bar"] = "Galley shows its progress unless you use --quiet; leave it out"
        for name in ["--request-save-on-cell-execute", "--autosave-cell-every"] {
            advice[name] = "Galley saves a notebook in place every few seconds; leave it out"
        }
        advice["--report-mode"] = "only 'galley papermill' has it; it hides the source of cells"
        advice["--engine"] = "Galley has one engine; leave it out"
        for name in ["--language", "-l"] { advice[name] = "use --kernel or --kernel-fallback to choose the kernel" }
        for name in ["--stdout-file", "--stderr-file"] {
            advice[name] = "only 'galley papermill' has it; use --log to write the progress to a file"
        }
        for name in ["-i", "--in-place"] { advice[name] = "use --inplace to write the result into the notebook" }
        for name in ["-n", "--numprocesses", "--workers", "--parallel"] {
            advice[name] = "use --jobs to run several notebooks at a time"
        }
        for name in ["-x", "--exitfirst"] { advice[name] = "use --fail-fast to stop after a failure" }
        advice["--maxfail"] = "use --max-failures to stop after several failures"
        for name in ["--junitxml", "--junit-xml"] { advice[name] = "use --junit to write a report for CI servers" }
        for name in ["--background", "--daemon", "-d"] { advice[name] = "use --detach to run in the background" }
        advice["--no-output"] = "use 'galley check' to run notebooks without writing them"
        return advice
    }()

    /// The commands that run a notebook with Galley and convert it with nbconvert's options.
    static func convertingWithNbconvert(_ options: String) -> String {
        "Run the notebook with Galley and convert the result: 'galley execute --inplace NOTEBOOK', then "
            + "'jupyter nbconvert \(options) NOTEBOOK'"
    }

    private static let nbconvert: [String: String] = {
        var advice = [
            "--clear-output": "this command runs notebooks; to remove outputs, use 'galley clean'",
            "--config": "only 'galley nbconvert' reads a configuration file; put the settings on the command line",
            "--post": "Galley has no servers; --then runs a command afterwards",
        ]
        for name in ["--theme", "--no-input", "--no-prompt", "--embed-images", "--sanitize-html", "--show-input"] {
            advice[name] = "this command writes notebooks; to convert one, use 'galley export' or 'galley nbconvert'"
        }
        for name in ["--template", "--template-file"] {
            advice[name] = "Galley has no templates. " + convertingWithNbconvert("--to html \(name) NAME")
        }
        for name in [
            "--writer", "--allow-chromium-download", "--disable-chromium-sandbox", "--reveal-prefix",
            "--nbconvert-format",
        ] {
            advice[name] = "Galley does not have it. " + convertingWithNbconvert("\(name) ...")
        }
        for name in ["--show-config", "--show-config-json", "--generate-config", "--help-all"] {
            advice[name] = "Galley has no configuration; see 'galley execute --help'"
        }
        return advice
    }()
}
