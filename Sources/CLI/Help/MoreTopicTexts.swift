extension HelpTopic {
    static let git = HelpTopic(
        "git", article: "Git",
        """
        # Git

        Keep outputs out of a repository, or keep their changes small.

        ## Overview

        After a run, `git diff` shows changes of outputs, execution counts and times. `--no-timing` leaves the times out. Every
        other line stays as it is.

            galley clean --inplace report.ipynb
            galley clean --all --inplace report.ipynb

        The first line removes outputs and execution counts, the second also removes times, the state of widgets, and the record.

        As a filter, `galley clean` keeps outputs out of a repository, and leaves them in the working copy. Git has to find `galley` in
        its `PATH`.

            git config filter.galley.clean "galley clean -"
            git config filter.galley.required true
            echo '*.ipynb filter=galley' >> .gitattributes
        """)

    static let limits = HelpTopic(
        "limits", article: "Limits",
        """
        # Limits

        Limit the time and the output of a run.

        ## Overview

        A time is written `600` (seconds), `90s`, `10m`, `1h30m` or `none`. There is no limit unless you set one.

        - `--timeout` limits each cell.
        - `--total-timeout` limits the whole run with the start of its kernel.
        - `--idle-timeout` limits the time in which a running cell has no output.
        - `--startup-timeout` limits the start of the kernel.
        - `--max-output` limits the output of each cell.

        A cell can have its own limit: `execution.timeout` in its metadata, or a tag such as `timeout=10m`. It overrides the limit in the
        notebook's metadata, which overrides the option.

        At a limit, Galley interrupts the cell and ends the run. With `--on-timeout interrupt`, it continues with the next cell. If
        the kernel ignores the interrupt for 10 s (`--grace`), Galley kills it.
        """)

    static let kernels = HelpTopic(
        "kernels", article: "Kernels",
        """
        # Kernels

        Choose the kernel of a notebook.

        ## Overview

        Galley finds kernels where Jupyter looks, and in Conda environments by the names that notebooks have for them:
        `conda_NAME`, `conda-env-NAME-py`, `conda-base-py`. `galley kernels` lists them.

            galley execute --kernel ir report.ipynb           a kernel by its name
            galley execute --kernel ~/envs/lab report.ipynb   a Python environment
            galley execute --existing newest report.ipynb     a running kernel

        If the kernel is not installed, `--kernel-fallback` uses the only kernel of the notebook's language.

        ## After a failed run

        With `--keep-kernel-on-failure`, the kernel keeps running after a run that fails. Galley prints how to use the kernel, and
        how to end it.
        """)

    static let files = HelpTopic(
        "files", article: "Files",
        """
        # Files

        Know what Galley writes, and when.

        ## Overview

        - The result of `report.ipynb` is `report.executed.ipynb`, unless you use `--inplace`, `--output`, `--output-dir` or
          `--stdout`.
        - A notebook in place is saved during the run and after every end: success, error, time limit, signal, death of the kernel.
        - New contents replace the file in one step, so a reader never sees half of them. A file with several names is written in
          place, after Galley has made a copy.
        - If another program changes the file during the run, the result goes to `NAME.galley-conflict.ipynb`.
        - If the result cannot be written, Galley writes it into a private folder, and prints the path.
        - Records of background runs are kept for one week, at most 100, in `/var/tmp/galley-runs-UID`.
        """)
}
