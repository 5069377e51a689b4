extension HelpTopic {
    static let git = HelpTopic(
        "git", article: "Git",
        #"""
        # Notebooks in git

        Keep diffs of executed notebooks small, or keep outputs out of the repository.

        ## See only the outputs in a diff

        ```
        galley execute --inplace report.ipynb
        git diff report.ipynb
        ```

        After a run, `git diff` shows outputs, execution counts, times and the state of widgets. It also
        shows `language_info`, the kernel's description of its language, if the notebook has none or
        another one. Every other line stays as it is, in the style in which the file is written.

        Times are in the cells' metadata under `execution`. To leave them out, run with `--no-timing`:

        ```
        galley execute --inplace --no-timing report.ipynb
        ```

        ## Remove outputs from a notebook

        ```
        galley clean --inplace report.ipynb
        galley clean --all --inplace report.ipynb
        galley clean report.ipynb > clean.ipynb
        galley clean --list *.ipynb
        ```

        The first line removes outputs and execution counts and changes nothing else. The second also
        removes everything else that runs leave: times, the state of widgets, and `metadata.galley`, which
        `--record` writes. Without `--inplace`, the result goes to standard output. `-` stands for
        standard input. The last line prints which notebooks would change, and why, and writes nothing.

        ## Keep outputs out of a repository

        With a git filter, outputs stay in your working copy and are never committed:

        ```
        git config filter.galley.clean "galley clean -"
        git config filter.galley.required true
        echo '*.ipynb filter=galley' >> .gitattributes
        ```

        To remove times as well, use `galley clean --all -` in the first line. Git must find `galley` in
        its `PATH`.
        """#)
}
