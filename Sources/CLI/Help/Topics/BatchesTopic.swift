extension HelpTopic {
    static let batch = HelpTopic(
        "batch", article: "Batches",
        #"""
        # Many notebooks

        Run the notebooks of a folder, several at a time, and report how each of them ended.

        ## Run many notebooks

        ```
        $ galley execute notebooks/ -j 4 --output-dir out --junit junit.xml --html report.html
        3 notebooks, 3 at a time
        notebooks/clean.ipynb: 1 cell, kernel python3
        notebooks/model.ipynb: 3 cells, kernel python3
        notebooks/plots.ipynb: 1 cell, kernel python3
        [1/3] ok      312 ms  notebooks/clean.ipynb
        [2/3] FAILED  345 ms  notebooks/model.ipynb: cell 2 of 3, line 2, raised KeyError: 'price'
        [3/3] ok       1.2 s  notebooks/plots.ipynb

        --- notebooks/model.ipynb: cell 2 of 3, line 2, raised KeyError: 'price'

             1  columns = list(row)
          -> 2  total = row["price"] * 2

        ---------------------------------------------------------------------------
        KeyError                                  Traceback (most recent call last)
        Cell In[2], line 2
              1 columns = list(row)
        ----> 2 total = row["price"] * 2

        KeyError: 'price'

        galley: 1 of 3 notebooks failed, in 1.6 s:
          notebooks/model.ipynb: cell 2 of 3, line 2, raised KeyError: 'price'
        Slowest:
            1.2 s  notebooks/plots.ipynb
           345 ms  notebooks/model.ipynb
           312 ms  notebooks/clean.ipynb
        $ echo $?
        1
        ```

        Each notebook runs in its own kernel, in its own folder, with its own folder for temporary files.
        A failure does not affect the other notebooks. Results are listed in the order of the arguments.

        [Selection](Selection.md) says which notebooks and cells run.

        A terminal shows the running cells and a bar. A log gets a line when a notebook begins, and a line
        for a cell that has run for 10 s, then each time that has doubled. With `--stream`, each line of
        output begins with the notebook's name, below the title of its cell. If `--kernel` names a kernel
        that is not installed, nothing starts.

        ## Choose how many run at once

        `-j N` runs N notebooks at a time; the default is the number of processors. While they run, Galley
        starts the next kernels. With `-j 1` it ends each kernel before it starts the next.

        Galley starts no kernel for which there is too little memory. It expects each kernel to need as
        much as the earlier ones of the run, or the size that `--memory-per-kernel` gives.

        ## Stop early, or try again

        - `--fail-fast` begins no other notebook after the first failure, and `--max-failures N` after N.
          Notebooks that are running then run to their end.
        - `--retries N` runs a notebook again, up to N times, if its kernel did not start or died.

        ## Share the work among machines

        `--shard 2/5` runs the second of five parts. The parts take about the same time, by the durations
        that earlier runs left in the files. All machines must see the same files, without results that
        another part has written meanwhile. `--order slowest-first` begins with the longest notebooks.

        ## Write reports

        - `--junit FILE`: a suite for each notebook and a test for each cell, for CI servers.
        - `--json FILE`: one document for programs, with each notebook and cell.
        - `--html FILE`: one page for people, with links to the failed cells, a time line and each notebook.
          No script of a notebook runs on it, and it loads nothing from elsewhere.
        - `--events FILE`: JSON lines during the run; each line names its notebook.

        `--junit`, `--json` and `--html` accept `-` for standard output. A report is as private as the
        most private of the notebooks. On GitHub, errors are marked at the notebook's line, and the page of
        the run gets a table of the notebooks; there and on GitLab, tracebacks fold.

        The exit status is that of the worst result; see [Exit statuses](ExitStatuses.md).
        """#)
}
