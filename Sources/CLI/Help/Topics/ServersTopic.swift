extension HelpTopic {
    static let servers = HelpTopic(
        "servers", article: "Servers",
        #"""
        # Jupyter servers

        Run notebooks in kernels of a Jupyter server, a gateway, a hub or a studio, where the data is.

        ## Run a notebook there

        ```
        export JUPYTER_TOKEN=...
        galley execute --inplace --server https://hub.example.org/user/ann/ report.ipynb
        galley execute --inplace --server https://hub.example.org/user/ann/ jupyter:work/report.ipynb
        ```

        The first notebook lies here: only its cells travel, and its outputs come back into the file. The
        second lies on the server. Galley reads and saves it there, and its kernel starts in its folder.
        `jupyter:work/` stands for all notebooks of a folder. `--cwd` names a folder of the server. If the
        server runs on this machine and its files include the first notebook, its kernel starts there too.

        Each run has a kernel of its own. When the run ends, also by a signal, Galley shuts the kernel
        down; `--keep-kernel` leaves it running. If Galley itself is killed, the next run on that server
        ends the kernel; `galley runs` lists it, and `galley stop ID` ends it. `--existing ID` uses a
        kernel that runs there. `galley kernels --server URL` lists the kernels that the server can start
        and those that run.

        Time limits, interrupts, answers, reports and saving work as for kernels of this machine.

        ## Log in

        Give one of `--token-file FILE`, `--password-file FILE`, `--login-url URL` or
        `--login-url-file FILE`. A login URL is a signed address that logs in once, as studios issue it. It
        names its server, so leave `--server` out; Galley waits until the studio's server is ready.

        Without one of them, Galley takes the first token of these: `?token=` in the URL, `JUPYTER_TOKEN`,
        the file that `JUPYTER_TOKEN_FILE` names and, for a server of this machine, Jupyter's runtime
        folder. Other users can see a URL of your command line in the list of processes.

        Tokens, cookies and passwords never appear in messages, logs, reports or notebooks.

        Certificates are always verified. `SSL_CERT_FILE` names a file with the certificate of a private
        authority. `HTTPS_PROXY` and `NO_PROXY` are respected.

        ## Hubs and gateways

        If the user's server of a JupyterHub is not running, Galley starts it, shows its progress, and
        leaves it running; with `--hub-stop` it stops a server that it has started. A Kernel Gateway or
        Enterprise Gateway gets the variables of `--env`, and accepts those that it is configured for.
        Only gateways take `--env`, and a Kernel Gateway takes no `--cwd`. If a server refuses another
        kernel for now, Galley waits for up to `--startup-timeout`, which is five minutes by default.

        ## When outputs are lost

        A server drops outputs above a rate limit, and a broken connection loses what was on its way.
        Galley notices both: the server announces that it drops outputs, and after a cut Galley finds out
        which cells have ended meanwhile. The cell and the run then get the status `output-lost`, and the
        exit status is 123. Everything that arrived is saved. With `--allow-lost-output`, a warning takes
        the place of the failure.

        To lift the rate limits, start the server with:

        ```
        jupyter server --ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=0 \
            --ZMQChannelsWebsocketConnection.iopub_data_rate_limit=0
        ```

        After a cut, Galley connects again for up to a minute and takes in what the server has kept. If
        nothing of a cell has arrived, it is unknown whether the cell ran, and the run ends in any case.
        If a kernel dies, is deleted or is culled, the run ends with status 5.

        ## Run a command there

        ```
        galley terminal --server https://hub.example.org/user/ann/ -- pip install seaborn
        ```

        `galley terminal` runs a command in a terminal of the server, prints its output, and exits with
        its status. `--cwd` sets the folder and `--timeout` a limit. Ctrl-C ends the command. The command
        has no input, and its terminal is removed afterward.
        """#)
}
