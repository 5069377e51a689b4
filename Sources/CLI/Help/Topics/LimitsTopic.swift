extension HelpTopic {
    static let limits = HelpTopic(
        "limits", article: "Limits",
        #"""
        # Limits and interruption

        Limit the time, the output and the memory of a run, and see how a run ends when it is interrupted.

        ## Limit the time

        ```
        galley execute --inplace --timeout 10m --total-timeout 2h report.ipynb
        ```

        | Option | Limit |
        | --- | --- |
        | `--timeout` | The time of one cell. |
        | `--total-timeout` | The time of the run, from reading the notebook to its last cell. |
        | `--idle-timeout` | The time in which a running cell produces no output. |
        | `--startup-timeout` | The time until the kernel is ready. |

        The default of `--startup-timeout` is 60 s, or 300 s with `--server`.

        Write a time as `600` (seconds), `90s`, `10m`, `1h30m` or `none`. Without `--timeout`,
        `--total-timeout` and `--idle-timeout`, a run has no limit. For all four, `0` and `-1` mean
        `none`.

        A limit in the notebook replaces the option: a cell's own limit comes first, then the limit of the
        notebook, then `--timeout`. Set it in the metadata as `execution.timeout`, or as a cell tag such
        as `timeout=10m`.

        ## Choose the action at a limit

        At a limit, Galley interrupts the cell. Then the run ends, or continues with the next cell:

        ```
        galley execute --inplace --timeout 10m --on-timeout interrupt report.ipynb
        ```

        The cell shows the error `TimeLimitReached`, and the exit status is 124. If the kernel ignores the
        interrupt for 10 s, Galley kills it. `--grace` changes this time; with `--grace 0`, Galley does
        not wait.

        ## Limit the output

        `--max-output 10MB` keeps at most 10 MB of output of each cell. The rest is counted, and a line at
        the end of the cell's output says how much was cut. Sizes are `500kB`, `10MB`, `2GB` or `none`.
        `--collapse-progress` keeps of a progress bar only the state that a terminal would show at the
        end.

        ## Limit the memory

        Galley starts no kernel of a batch for which there is too little memory: see `--memory-per-kernel`
        in [Many notebooks](Batches.md). It sets no limit on a kernel's memory; use `systemd-run`,
        `ulimit` or a container. If memory runs out, the report says that the kernel died of it.

        ## Interrupt a run

        SIGINT (Ctrl-C), SIGTERM and SIGHUP end a run cleanly: Galley interrupts the cell, keeps its
        output, saves the notebook and ends the kernel, all within the time of `--grace`. The exit status
        is 128 plus the number of the signal. A second signal kills the kernel and saves at once. Galley
        says which cell it interrupts and when it kills the kernel. In a batch, an interrupted notebook is
        `interrupted`, not `FAILED`.

        A shell starts background jobs with SIGINT ignored; Galley handles SIGINT there too. Under
        `nohup`, SIGHUP stays ignored.

        ## Choose the cells, and the errors that end a run

        ```
        galley execute --inplace --start-at 3 --stop-after plots report.ipynb
        galley execute --inplace --allow-error ValueError report.ipynb
        ```

        - `--start-at` and `--stop-after` take the number of a code cell, counted from 1, a tag, or an ID.
        - A cell with the tag `skip-execution` does not run, and stays as it is.
        - A cell with the tag `raises-exception` may raise an error. `--allow-errors` allows every error,
          and `--allow-error NAME` allows errors of one name.
        - `sys.exit()` ends the notebook, with success or with the status that it is given.
        - `input()` receives the lines of `--answer TEXT`. Without one, the kernel raises its own error, and
          Galley names the option.
        """#)
}
