extension HelpTopic {
    static let background = HelpTopic(
        "background", article: "BackgroundRuns",
        #"""
        # Runs in the background

        Start a run that continues after its caller has ended, follow it, and run a command at its end.

        ## Start a run and return

        ```
        $ galley execute --inplace --detach report.ipynb
        report-k3fu
        log: /var/tmp/galley-runs-0/report-k3fu.log
        status: /var/tmp/galley-runs-0/report-k3fu.json
        ```

        `--detach` returns when the notebook is read and the kernel runs, and prints the run's ID. If the
        run does not get that far, Galley prints the reason and exits with the status for it. After that,
        the end of the caller or of the terminal does not end the run. `--detach --quiet` prints only the
        ID.

        ## Follow, wait for, or stop a run

        ```
        galley runs                 list the runs of this machine: their progress or their end
        galley wait report-k3fu     wait for the end, and exit with the run's status
        galley stop report-k3fu     end the run: its outputs are saved
        ```

        `galley runs --json` prints the same list for programs. `galley runs --running` lists only runs
        that have not ended, and exits with 1 if there are none. A run in the foreground is listed only
        while it runs, unless it has `--status`. The state `lost` means that a run's processes are gone
        and recorded no end, for example after a restart of the machine. Kept kernels are listed too, each
        with an ID of its own.

        Records of background runs, and of runs with `--status`, are kept for one week, at most 100. They
        are in the folder `/var/tmp/galley-runs-` with the user's number. Only that user can read them,
        and, if root runs a notebook of another user, the group of the notebook.

        ## Write a log and a status file

        - `--log FILE` appends lines with the time to a log. `--log-format json` writes JSON lines;
          without `--log` it writes them to standard error.
        - `--status FILE` keeps one JSON document up to date. Its members are `state` (`starting`,
          `running` or `ended`), `started`, `activity` (the time of the last event), and `cell` of
          `cells`. For several notebooks it counts `notebooks`, `finished` and `failed`. At the end it
          adds `exit_status`, `status` in one word, and `message`.

        Both work without `--detach` too.

        ## Run a command at the end

        `--then COMMAND` runs a shell command at the end of the run, whether it succeeds or fails.
        `--on-success COMMAND` and `--on-failure COMMAND` run first, each only after such an end. Each
        option can be repeated. The commands run as the user who started Galley, with these variables:

        | Variable | Meaning |
        | --- | --- |
        | `GALLEY_STATUS` | The end in one word; see the list below. |
        | `GALLEY_EXIT` | The exit status. |
        | `GALLEY_NOTEBOOK` | The notebook; for several, their folder. |
        | `GALLEY_RESULT` | The saved file; for several, the folder of `--output-dir`. |
        | `GALLEY_RUN` | The ID of the run. |
        | `GALLEY_LOG` | The log. |

        `GALLEY_STATUS` is `succeeded`, `raised`, `exited`, `timed-out`, `kernel-died`, `output-lost`,
        `stopped`, `failed` (nothing ran or was saved) or `killed` (Galley itself was).

        A separate process runs the commands. They run even if the process that runs the notebook is
        killed. `galley wait` waits for the commands too.

        ## Run a notebook when an instance starts

        A lifecycle script runs as root whenever a managed notebook instance, such as one of Amazon
        SageMaker, starts. It must return within five minutes. This one starts a run, and stops the
        instance at its end:

        ```
        #!/bin/bash
        cd /home/ec2-user/SageMaker
        bin/galley execute --inplace --detach --total-timeout 8h --log report.log \
            --then 'aws sagemaker stop-notebook-instance --notebook-instance-name NAME' report.ipynb
        ```

        Keep `galley` on the volume that survives a restart, and install `libzmq5`. The notebook runs as
        its owner. `--kernel conda_python3` stands for a conda environment, without `source activate`.

        A job that stops idle machines does not see a run without a browser. Let it ask Galley first, and
        stop the machine only at status 1. Any other status means that a run may not have ended:

        ```
        */5 * * * * root /usr/local/bin/galley runs --running >/dev/null; [ $? -eq 1 ] && stop-when-idle
        ```
        """#)
}
