import GalleyFlags

extension HelpTopic {
    /// All options, made from the flags themselves.
    static let options = HelpTopic("options", article: "OptionReference", optionText)

    private static var optionText: String {
        let flags = ExecuteFlags.execute.description.flags + CheckSettings.flags.map(\.description)
        let tables = FlagCategory.all(of: flags).map { category in
            (["## \(category.title)", "", "| Option | Effect |", "| --- | --- |"]
                + flags.filter { $0.category == category }.map(row)).joined(separator: "\n")
        }
        return """
            # Options

            The options of `galley execute`, `galley check` and `galley nbconvert`.

            ## Overview

            A value follows its option or an equals sign: `--timeout 10m`, `--timeout=10m`. Single letters can be joined, and a
            number can follow its letter: `-qj4`. Arguments after `--` are notebooks. Options cannot be shortened.

            In the value of `--output`, `{name}` stands for the name of the notebook without `.ipynb`, and `{region}` for the
            value of that parameter.

            A time is written `600` (seconds), `90s`, `10m`, `1h30m` or `none`. A size is written `10MB`, `500kB` or `none`.

            `--lax`, `--update` and the options whose names contain `nbval` belong to `galley check`.


            """ + tables.joined(separator: "\n\n")
    }

    private static func row(_ flag: FlagDescription) -> String {
        let names = flag.names.map { "`\($0)`" }.joined(separator: ", ")
        let value = flag.shownValue.split(separator: "|").joined(separator: "\\|")
        return "| \(names)\(value) | \(flag.summary)\(flag.example.map { ". Example: `\($0)`" } ?? "") |"
    }

    /// The exit statuses, made from the program's own table.
    static let exitStatuses = HelpTopic("exit-statuses", article: "ExitStatuses", exitStatusText)

    private static var exitStatusText: String {
        """
        # Exit statuses

        Read from the exit status of `galley execute` how a run ended.

        ## Tell the results apart

        ```
        galley execute --inplace report.ipynb
        echo $?
        ```

        | Status | Meaning |
        | --- | --- |
        \(ExitStatus.meanings.map { "| \($0) | \($1) |" }.joined(separator: "\n"))

        - With `--on-timeout interrupt`, the run continues after a limit. The status is 124 all the same,
          unless a later cell ends the run with a worse one.
        - `sys.exit(0)` ends the notebook with success. A number that the table does not list gives 1.
        - Status 4 also means that Galley refused the run because of its user: see [Files](Files.md).

        ## Several notebooks

        The exit status is that of the worst result. From better to worse:

        1. Wrong use (2).
        2. A file that cannot be read (3).
        3. No kernel (4).
        4. A cell's error (1, or the status of `sys.exit`), or lost outputs (123).
        5. A time limit (124).
        6. A dead kernel (5).
        7. A result that could not be saved (3).
        8. A signal (128+n).

        ## Other commands

        | Command | Status |
        | --- | --- |
        | `galley check` | 1 if outputs differ or a cell raises an unexpected error, else as above. |
        | `galley wait ID` | The status of the run; 0 for a kept kernel. |
        | `galley runs --running` | 0 if a run has not ended, 1 if none is left, 3 if Galley cannot tell. |

        `galley stop ID` exits with 0 when the run has ended. Both `stop` and `wait` exit with 2 if no run
        has the ID, and with 3 if you may not do that.
        """
    }
}
