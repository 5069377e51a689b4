extension HelpTopic {
    static let results = HelpTopic(
        "results", article: "NotebookResults",
        #"""
        # Results of a notebook

        Hand back values from the cells of a notebook to the program that runs it.

        ## Hand back a value

        Give an output a name in its metadata. In Python:

        ```
        display(figure, metadata={"galley": {"name": "plot"}})
        scores = {"application/json": {"rmse": 0.25}}
        display(scores, metadata={"galley": {"name": "scores"}}, raw=True)
        ```

        The value of a result is the data of the type `application/json`, or the text of the type
        `text/plain`. Values of the Python package scrapbook are results too: `sb.glue("rmse", 0.25)`.

        Of several outputs with the same name, the last one in the notebook counts. If an output is
        updated, so is its result. A cleared output is no result, and neither is one of an earlier run.

        ## Read the values

        ```
        galley execute --json report.json report.ipynb
        jq '.notebooks[0].results|from_entries' report.json
        ```

        Each item of `results` has the name, the cell, the size and, if there is one, the value. The item
        of a displayed output has its `data` by media type, such as the picture of a figure. `--events`
        writes a `result` event for each of them when its cell has ended, and again if it changes later.
        The page of `--html` lists the results above the cells.

        A result of up to 1 MB has its value in the report, until all values together take 4 MB. A larger
        one has only its name and its size: the value is in the notebook.
        """#)
}
