extension HelpTopic {
    static let parameters = HelpTopic(
        "parameters", article: "NotebookParameters",
        #"""
        # Parameters

        Give a notebook its values for a run: a date, a path, a threshold.

        ## Set values

        Give the cell that assigns the default values the tag `parameters`. Then set other values:

            galley execute report.ipynb --output result.ipynb -p days 7 -p region=eu
            galley execute report.ipynb --output result.ipynb --params-file nightly.yaml

        - `-p NAME VALUE` or `-p NAME=VALUE` sets an integer, a number, `True`, `False`, `None`, or else
          a text. `-r NAME VALUE` always sets a text.
        - `--params-file FILE` reads names and values from YAML or JSON (`-` is standard input); `-y TEXT`
          and `-b BASE64` take them from the command line. If a name has several values, `-r` replaces
          `-p`, which replaces `-y`, then `--params-file`, then `-b`.
        - YAML has the types of YAML 1.1, as papermill reads it: `yes` is true and `010` is eight. But
          dates and times are texts, and `1e3` is a number.

        A cell with the tag `injected-parameters` assigns the values, after the first cell with the tag
        `parameters`, or before all cells. The notebook's own cells do not change. If such a cell exists,
        only its source changes, so that running a result again gives the same file. The cell always runs,
        also if `--only` or `--cells` selects other cells, and `--cells` counts it.

        Galley knows the assignments of Python, R, Julia, Scala, bash, JavaScript, TypeScript, Octave,
        MATLAB, C#, F#, PowerShell, Kotlin, Rust, C++ and Scheme. If the language cannot hold a name or a
        value, the run ends before its kernel starts (2).

        ## Check names and types

        A parameter that the cell of defaults does not assign causes a warning; with `--strict-params`, it
        is an error (2). A value must have the annotated type, such as in Python's `days: int = 1`;
        `--no-type-check` turns that off. `--prepare-only` saves the notebook with its parameters and does
        not run it.

        `galley inspect NOTEBOOK` lists what a notebook declares: names, types, default values and comments.
        `--help-notebook` does so in papermill's form.

        ## Run with many values

            galley execute report.ipynb --matrix region=eu,us --matrix year=2024..2026
            galley execute report.ipynb --each runs.csv --output 'out/{name}-{region}-{year}.ipynb'

        `--matrix` runs the notebook once for each combination: six times in the first line. Ranges can
        also be days, `2024-01-01..2024-01-31`. A value in double quotes is text and can contain commas:
        `--matrix 'city="Bern, CH",Rom'`. `--each` runs it once for each row of a file: CSV with names in
        the first line, JSON, JSON lines or YAML. In CSV, an empty value is none. With both options, each
        row runs with each combination. At most 10,000 runs are possible.

        Without `--output`, the names of results end with the values: `report.executed-eu-2024.ipynb`.
        Two runs never have one result: Galley refuses such names before anything runs. Reports name
        each run by its parameters, and `--last-failed` runs the failed ones again.

        ## Keep secrets

        `--param-env password=DB_PASSWORD` sets a parameter to an environment variable of the kernel. The
        cell contains an expression such as `os.environ["DB_PASSWORD"]`, and the value is in no file,
        report or log of Galley's. `--secret NAME` does the same for a text from `--params-file`. Other
        users of the machine can read a command line, with the values of `-p`. What the notebook itself
        prints is saved.

        ## Replace papermill

        `galley papermill` has papermill's command line, and writes its metadata and error marks:

            galley papermill in.ipynb out.ipynb -p days 7

        - `metadata.papermill` never says that a cell is completed that was cut off or did not run, and
          contains no secrets. Its `version` names Galley.
        - `--engine`, `--autosave-cell-every` and `--request-save-on-cell-execute` have no effect.
        - The exit status is 0, 1, 2 for wrong usage, or 138 if the kernel died.

        `galley execute in.ipynb out.ipynb` also takes the second notebook as the result, if it does not
        exist, or if parameters are given and it is a result of parameters. It never runs it. From
        Python, and as a task of Airflow:

            subprocess.run(["galley", "papermill", "in.ipynb", "out.ipynb", "-p", "n", "7"], check=True)
            BashOperator(task_id="n", bash_command="galley papermill in.ipynb out.ipynb -p d {{ ds }}")
        """#)
}
