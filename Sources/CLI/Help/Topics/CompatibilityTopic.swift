extension HelpTopic {
    static let compatibility = HelpTopic(
        "compatibility", article: "Compatibility",
        #"""
        # Options of other tools

        Run the command lines of nbconvert, `jupyter execute` and nbval, convert notebooks, and see the
        differences.

        ## Run nbconvert's command line

        Replace the word `jupyter` with `galley`:

        ```
        galley nbconvert --to notebook --inplace --ExecutePreprocessor.timeout=600 --execute report.ipynb
        ```

        With `--execute`, it runs the notebook first; `--to html|markdown|script|python|notebook` names the
        form of the result, `report.html` or `report.nbconvert.ipynb`. `--output` is relative to the
        notebook. Endings may be missing from names. Notebooks run one after the other unless you give
        `-j N`.

        | nbconvert, `jupyter execute` | Galley |
        | --- | --- |
        | `--ExecutePreprocessor.timeout`, `--timeout` | `--timeout` |
        | `--ExecutePreprocessor.startup_timeout`, `--startup_timeout` | `--startup-timeout` |
        | `--ExecutePreprocessor.kernel_name`, `--kernel_name` | `--kernel` |
        | `--ExecutePreprocessor.allow_errors`, `--allow-errors` | `--allow-errors` |
        | `--ExecutePreprocessor.allow_error_names` | `--allow-error` |
        | `--ExecutePreprocessor.interrupt_on_timeout` | `--on-timeout interrupt`, if errors are allowed |
        | `--ExecutePreprocessor.record_timing=False` | `--no-timing` |
        | `--stdin`, `--stdout` | `-`, `--stdout` |

        Galley also accepts these traits: `extra_arguments`, `skip_cells_with_tag`, `store_widget_state`,
        `force_raise_errors`, `coalesce_streams`, `shutdown_kernel`, `ipython_hist_file=:memory:` and
        `enabled`. Each is also accepted with `NbClientApp` or `NotebookClient` before the dot. `-y`,
        `--debug` and `--coalesce-streams` are accepted and do nothing; `--log-level ERROR` means
        `--quiet`, and `--nbformat` accepts 4. `galley help options` lists every name.

        `iopub_timeout` and other settings without a meaning here are noted, and change nothing. Options
        that mean something Galley does not do, such as templates and `--to pdf`, are refused with the two
        commands that do it.

        ## Convert a notebook

        `galley export --to html report.ipynb`, or `galley nbconvert` without `--execute`, runs no cell.
        Scripts and Markdown are those of nbconvert, byte for byte. A page has Galley's own look; it runs no
        script of the notebook and loads nothing. `--no-input`, `--no-prompt`, `--clear-output`,
        `--embed-images`, and the traits of `TagRemovePreprocessor` and `RegexRemovePreprocessor` work as
        in nbconvert: with `--execute`, a removed cell does not run. Outputs are removed after the run,
        where nbconvert removes them before it. `--config FILE` reads JSON, or lines such as
        `c.TemplateExporter.exclude_input = True`, if Galley has all of their settings.

        ## Know the differences from nbconvert and jupyter execute

        - After an error or a time limit, Galley saves all outputs. The others leave the file untouched.
        - Exit statuses tell an error, a limit, a dead kernel and a missing kernel apart. The others exit
          with 1 after each of them.
        - One failure does not stop the other notebooks.
        - Consecutive text of one stream is one output, as in JupyterLab. The others save one output for
          each piece.
        - Galley removes the outputs of empty cells. The others keep them.
        - Without `--inplace` or `--output`, `galley execute` writes `NAME.executed.ipynb`;
          `jupyter execute` discards the result. `galley execute --output` is relative to the current
          folder.
        - Galley changes no line of the file besides results. The others rewrite the file in nbformat's
          form.

        ## Come from papermill

        `galley papermill` takes papermill's command line and writes its metadata; `galley help parameters`
        says how. `galley execute` takes the same parameters and differs otherwise:

        - Name the result with `--output FILE`. A second notebook is the result only if it does not exist
          or if parameters are given.
        - The kernel works in the notebook's folder, not in the folder of the caller.
        - Galley adds only the cell of parameters, and does not raise a notebook of version 4 to 4.5.
        - `sys.exit(n)` in a cell becomes the exit status.
        - Of papermill's remote places, Galley knows `s3://`, `gs://` and `https://`.

        ## Come from nbval

        ```
        galley check --lax --sanitize-with sanitize.cfg notebooks/
        ```

        `galley check` compares text exactly and PNG images by their pixels, shows each difference by
        line, and exits with 1 if there is one. If a notebook has no stored outputs, it warns and exits
        with 0. It reads nbval's tags and comments: `nbval-ignore-output`, `nbval-check-output`,
        `nbval-raises-exception` and `nbval-skip`. With `--lax` it compares only cells with
        `nbval-check-output`. `--sanitize-with FILE` first changes texts by nbval's file of expressions.
        The names `--nbval`, `--nbval-lax`, `--nbval-sanitize-with`, `--nbval-cell-timeout`,
        `--nbval-kernel-name` and `--nbval-kernel-startup-timeout` are accepted.
        """#)
}
