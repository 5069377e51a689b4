extension HelpTopic {
    static let selection = HelpTopic(
        "selection", article: "Selection",
        #"""
        # Selection

        Choose which notebooks and which of their cells run, and run again what failed.

        ## Choose the notebooks

        - A folder stands for all notebooks in it and its subfolders. Galley leaves out hidden files and
          folders such as `.ipynb_checkpoints`, and results beside their notebooks
          (`NAME.executed.ipynb`).
        - A quoted pattern, such as `'reports/**/*.ipynb'`, stands for the notebooks that match it.
        - `@list.txt` reads a list with one notebook on each line; `@-` reads it from standard input.
        - `--exclude PATTERN` leaves out notebooks by name or by path, and can be repeated.
        - Each file runs once, also if two arguments name it. Galley exits with 2 if it finds no notebook.
        - `--list` prints which notebooks would run, which would not, and why. It starts and writes
          nothing. `--list --json -` prints the same for programs.

        With `--output-dir DIR` each result keeps its path below the folder that was searched. The file
        `DIR/.galley-results` lists the results, and changes only if there is a new one. A search of a
        folder around DIR leaves them out, and one line names them. To run them, name them or DIR.

        ## Run again what failed

        `--last-failed` runs only the notebooks that failed, were interrupted or were not reached in the
        last run of the same command in the same folder. Without notebooks on the command line, these are
        all of that run. Galley keeps one record for each of the last 100 folders and commands, also of
        runs that were not in the background. If it finds nothing to run, it says so and exits with 0.

        A run with `--last-failed` updates the record: the other notebooks keep their results.
        `--last-failed=REPORT` reads a report of `--json` instead, such as one of a CI server. Notebooks
        that the report does not include are left out, and a line names them. A report that includes none
        is refused (2).

        As root, name the report to run notebooks of other users again, because Galley keeps no record for
        them.

        ## Choose the cells

        - `--only TAG` runs only cells with this tag, and can be given again.
        - `--cells 3,5-7` runs only these code cells. The first code cell of a notebook is 1.
        - `--start-at CELL` and `--stop-after CELL` name a range by number, tag or cell ID.

        Cells that a tag or a number does not select keep their outputs, and reports call them
        `not-selected`. If one of the notebooks has no such cell, nothing runs (2).
        """#)
}
