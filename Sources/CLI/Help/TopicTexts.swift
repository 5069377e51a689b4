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

            In the value of `--output`, `{notebook_name}` stands for the name of the notebook without `.ipynb`.

            A time is written `600` (seconds), `90s`, `10m`, `1h30m` or `none`. A size is written `10MB`, `500kB` or `none`.

            `--lax` and the options whose names contain `nbval` belong to `galley check`.


            """ + tables.joined(separator: "\n\n")
    }

    private static func row(_ flag: FlagDescription) -> String {
        let names = flag.names.map { "`\($0)`" }.joined(separator: ", ")
        let value = flag.value.map { " \($0.split(separator: "|").joined(separator: "\\|"))" } ?? ""
        return "| \(names)\(value) | \(flag.summary)\(flag.example.map { ". Example: `\($0)`" } ?? "") |"
    }

    /// The exit statuses, made from the program's own table.
    static let exitStatuses = HelpTopic("exit-statuses", article: "ExitStatuses", exitStatusText)

    private static var exitStatusText: String {
        """
        # Exit statuses

        The exit statuses of `galley execute`, `galley check`, `galley nbconvert` and `galley wait`.

        ## Overview

        | Status | Meaning |
        | --- | --- |
        \(ExitStatus.meanings.map { "| \($0) | \($1) |" }.joined(separator: "\n"))

        ## Several notebooks

        The exit status is that of the worst end. From better to worse: wrong usage (\(ExitStatus.usage)), a file that cannot be
        read (\(ExitStatus.storage)), no kernel (\(ExitStatus.noKernel)), an error of a cell (\(ExitStatus.cellError), or the \
        status of `sys.exit`), a time limit (\(ExitStatus.limit)),
        a dead kernel (\(ExitStatus.kernelDied)), a result that could not be saved (\(ExitStatus.storage)), a signal \
        (\(ExitStatus.signal(0))+n).

        ## Checks

        `galley check` exits with \(ExitStatus.cellError) if an output differs from the stored one.
        """
    }

    static let batch = HelpTopic(
        "batch", article: "Batches",
        """
        # Batches

        Run many notebooks, several at a time.

        ## Overview

            galley execute notebooks/ -j 4 --output-dir out --junit junit.xml

        A folder stands for all notebooks in it, except hidden ones and `.ipynb_checkpoints`. `@list.txt` stands for the lines of a
        file, and `@-` for those of standard input. Galley understands patterns, with `**`. Leave notebooks out with `--exclude`.

        `-j N` notebooks run at a time, each in its own kernel. Without `-j`, as many run as there are processors. A kernel starts
        only if enough memory is free: as much as earlier kernels used, or `--memory-per-kernel`.

        - `--fail-fast` and `--max-failures N` start no further notebook after failures. Running notebooks continue to their end.
        - `--retries N` runs a notebook again if its kernel did not start or died.
        - `--shard 2/5` runs the second of five parts of about equal duration, by the times of earlier runs in the files.
        - `--order slowest-first` starts with the notebooks that took longest in earlier runs.
        - `--output-dir DIR` writes each result into the folder, where its notebook is within the named folders.

        ## Reports

        `--junit FILE` is for CI servers, `--json FILE` for programs, `--html FILE` for people. `-` is standard output.

        The exit status is that of the worst end; see <doc:ExitStatuses>.
        """)

    static let background = HelpTopic(
        "background", article: "BackgroundRuns",
        """
        # Background runs

        Run a notebook in the background, and ask later how it went.

        ## Overview

            galley execute --inplace --detach report.ipynb

        `--detach` returns when the kernel runs, and prints the run's ID. If the run cannot start, Galley exits with the status for
        that. Afterwards the run ignores the end of the terminal.

            galley runs                 list the runs of this machine
            galley runs --running       list only the runs that have not ended
            galley wait report-k3fu     wait for the end, and exit as the run does
            galley stop report-k3fu     end the run; its output is saved

        `--log FILE` writes the progress, and `--log-format json` writes it as JSON lines. `--status FILE` keeps one JSON document
        up to date. Both work without `--detach`, too.

        ## Commands at the end

        `--then COMMAND` runs a shell command after the run, `--on-success` and `--on-failure` only after such an end. They find these
        variables:

        | Variable | Meaning |
        | --- | --- |
        | `GALLEY_STATUS` | The end in a word: `succeeded`, `raised`, `exited`, `timed-out`, `kernel-died`, `stopped`, `failed`, `killed` |
        | `GALLEY_EXIT` | The exit status |
        | `GALLEY_NOTEBOOK` | The notebook, or the folder of several notebooks |
        | `GALLEY_RESULT` | The file of the result, or the folder of several results |
        | `GALLEY_RUN` | The ID of the run |
        | `GALLEY_LOG` | The log |

        ## Users

        When root starts a run, it runs as the owner of the notebook. `--as-user NAME` chooses another user. `--as-caller` keeps the
        rights of root. For details, see <doc:Security>.
        """)
}
