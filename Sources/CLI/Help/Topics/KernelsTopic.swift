extension HelpTopic {
    static let kernels = HelpTopic(
        "kernels", article: "Kernels",
        #"""
        # Kernels

        Choose the kernel of a run, keep it after a failure, or run in a kernel that another program
        started. This page is about kernels of this machine; for others, see [Jupyter servers](Servers.md).

        ## Choose a kernel

        ```
        galley kernels
        galley execute --inplace --kernel conda_pytorch report.ipynb
        galley execute --inplace --kernel ~/envs/lab --env MODE=full --cwd /data report.ipynb
        ```

        Without `--kernel`, a notebook runs in the kernel that it names. A kernel is found by its name or
        by the path of a Python environment, in these places, in this order:

        1. The folders of `JUPYTER_PATH`.
        2. The user's Jupyter folder (`JUPYTER_DATA_DIR`, `XDG_DATA_HOME`, or `~/.local/share/jupyter`)
           and the active environment (`VIRTUAL_ENV`, `CONDA_PREFIX`). An active environment comes first,
           except conda's base.
        3. The environments of the `jupyter` and the `python3` in `PATH`.
        4. `/usr/local/share/jupyter`, `/usr/share/jupyter` and `~/.ipython/kernels`.
        5. Conda environments with ipykernel or IRkernel, registered or not, by the names in notebooks:
           `conda_NAME`, `conda-env-NAME-py`, `conda-env-NAME-r`, `conda-base-py`, or `NAME` itself.

        If a kernel is not found, the error lists similar names, installed kernels and the places
        searched. `--kernel-fallback` accepts the only kernel of the notebook's language instead.

        `--env` sets a variable and `--cwd` the folder, which is the notebook's folder by default.

        ## Look into a failed run

        ```
        galley execute --inplace --keep-kernel-on-failure report.ipynb
        ```

        With `--keep-kernel-on-failure` the kernel stays alive if the run fails; with `--keep-kernel`,
        after every run. A kernel that died or was killed is not kept. Galley prints how to use and end
        it:

        ```
        report.ipynb: the kernel goes on; to end it: galley stop report-x7wd
            jupyter console --existing /tmp/galley-4711-k2x9/kernel.json
            galley execute --inplace --existing /tmp/galley-4711-k2x9/kernel.json --start-at 2 report.ipynb
        ```

        The last command continues at the failed cell, in the same kernel, after you have corrected the
        cell. `report-x7wd` is the ID of the kernel, not of the run. `galley runs` lists kept kernels;
        `galley kernels` does not. `galley stop ID` ends one with every process that it started, and
        `galley wait ID` waits for its end and exits with 0. A kept kernel runs until you end it, it ends
        itself, or the machine stops. It keeps its memory and its folder for temporary files. Only its
        user can read its connection file.

        ## Run in a kernel that already runs

        ```
        galley execute --inplace --existing newest report.ipynb
        ```

        `--existing` takes a connection file, the ID of a kept kernel, part of the name of a connection
        file in Jupyter's runtime folder, or `newest` for the newest file there. `galley kernels` lists
        these kernels, except kept ones. The notebook sees the variables of that kernel. Galley leaves the
        kernel running, and runs several notebooks in it one after the other. It cannot change the
        kernel's folder or environment.

        ## Know what ends with a kernel

        A kernel ends with its run, in success or failure, with every process that it started. Galley
        first asks it to shut down, then signals it, then kills it. `--leave-children` lets its processes
        go on.

        If Galley itself is killed, the kernel is gone within a second: two small processes beside it,
        `kernel-watch` and `kernel-guard`, end it. If a cell kills or stops one of the two, the other one
        is enough. If a cell kills both, processes that have their own session remain. If a cell stops
        both, the kernel survives when Galley is killed.

        If a kernel dies, the report names its exit status or signal, whether memory ran out, and the last
        lines that it wrote. If the kernel's own queue loses messages, Galley notices and reports it.

        ## Know who can read its messages

        Kernels are reached through sockets in a folder that only you can enter. The key is new for each
        kernel and in no command line. A message without a valid signature ends the connection.

        Some kernels accept only ports: those in Java, Scala and Kotlin, Deno's, and xeus-python. Traffic
        is encrypted if `kernel.json` declares `curve`. Otherwise every user of the machine can read, but
        not send, messages, and Galley warns you. A separate network would prevent that, but would cut the
        notebook off from yours.
        """#)
}
