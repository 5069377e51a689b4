extension HelpTopic {
    static let files = HelpTopic(
        "files", article: "Files",
        #"""
        # Files

        Choose where the result goes, and see how Galley writes a file.

        ## Choose where the result goes

        ```
        galley execute report.ipynb                    to report.executed.ipynb
        galley execute --inplace report.ipynb          into the notebook itself
        galley execute --output new.ipynb report.ipynb
        galley execute --output-dir out report.ipynb   to out/report.ipynb
        galley execute --stdout - < report.ipynb       from standard input to standard output
        ```

        In `--output`, `{name}` or `{notebook_name}` stands for the name of the notebook without its ending,
        `{date}` for the day, such as 2026-12-01, and `{region}` for the value of a parameter, in which `_`
        replaces slashes. Papermill's names are `{pm.run_uuid}`, `{pm.current_datetime_utc}` and
        `{pm.current_datetime_local}`. A format can follow:
        `{month:02}`, `{pm.current_datetime_utc:%Y-%m-%d}`. Write `{{` and `}}` for braces. Galley makes the
        folders of such a name, and that of `--output-dir`, if they do not exist.

        ## Rely on the result

        - **The result is always saved**: after success, an error, a time limit, the kernel's death, or a
          signal. If the kernel cannot report the end of a cell, the cell shows the error
          `TimeLimitReached`, `KernelDied` or `RunStopped`. A run that ends before its first cell leaves
          the file as it was.
        - **It is saved during the run.** A finished cell is in the file within two seconds, and new
          output of a long cell within ten. A power failure loses the running cell and at most the last
          seconds. For notebooks over 10 MB, saving takes at most a twentieth of the time.
        - **No output is lost.** Text that arrives in pieces is one output, in its order. Output of a
          thread or a task goes to the cell that the kernel names, however late it arrives. There is no
          time at which Galley stops waiting for output. If the result cannot be written, it is saved in a
          private folder under the folder for temporary files, and the error names it.
        - **No cell shows old outputs of another run.** Cells that are empty, were not reached, or are
          outside `--start-at` and `--stop-after` show nothing.

        ## Know which bytes change

        - **Only results change.** The file holds what nbconvert would write: outputs, execution counts,
          the times at which cells ran, the state of widgets, and the kernel's `language_info`.
          `--no-timing` leaves out the times. `--record` writes into `metadata.galley` how the run went.
        - **All other bytes stay**: the order of keys, the form of numbers, escapes, indentation, line
          ends, the byte order mark, and the last line end or its absence. New content follows the file's
          style. A notebook in nbformat's form stays in it, to the byte.
        - **A notebook without cells to run stays as it is**, and no kernel starts.
        - **An invalid file is refused** with line, column and value. Small faults, such as a missing cell
          ID, are corrected and reported.

        ## Know how a file is replaced

        - **A file is never half written.** The new contents are complete and on the disk before they take
          the file's name. If the disk is full, the old file stays.
        - **Owner, group, mode, access list, extended attributes and `chattr` flags stay.** A symbolic
          link stays a link.
        - **A file with several names (hard links), or in a folder that accepts no new files, is written
          in place** after Galley has made a copy. If Galley is killed meanwhile, the next run names that
          copy.
        - **Two runs do not write one file.** A second run is refused until the first has ended.
        - **Changes by other programs are kept.** If the file changes during the run, the result goes to
          `NAME.galley-conflict.ipynb`. On file systems that can exchange two names, this holds up to the
          last moment.

        ## Run notebooks of other users as root

        If root runs a notebook of another user, a process becomes that user before it reads the notebook,
        with the user's groups, home and login variables, and without root's capabilities, keys and
        terminal. All files that it makes belong to the user, and the user's links lead only where the
        user can go. An owner without an account is a user too: the run gets a home while it lasts.

        Root keeps a small supervisor. It writes results, reports and logs only into folders that root
        alone can change. There is no fallback to root: if the owner cannot reach the kernel, or others
        can change the path of root's own notebook, the run is refused (4).

        `--as-owner`, the default, runs a notebook as its owner, and `--as-user NAME` as another user.
        `--as-caller` is the only way to root's rights, and the first line of the run says so.
        """#)
}
