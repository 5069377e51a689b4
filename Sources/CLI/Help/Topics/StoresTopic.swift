extension HelpTopic {
    static let stores = HelpTopic(
        "stores", article: "ObjectStores",
        #"""
        # Object stores

        Run notebooks of an object store, such as Amazon S3, and store their results there.

        ## Run a notebook there

        ```
        galley execute s3://in/report.ipynb --output 's3://out/{date}/report.ipynb'
        galley execute --inplace s3://in/report.ipynb
        galley execute s3://in/notebooks/ -j 4 --output-dir s3://out/ --html s3://out/report.html
        ```

        `s3://BUCKET/KEY` can stand for a notebook, a result, a report and a file of parameters, also for
        `galley check`, `clean`, `inspect` and `export`. A bucket, or a location that ends with a slash,
        stands for all notebooks below it, and `s3://in/**/*.ipynb` for those that match. Notebooks at
        `https://` addresses can be read; their results need `--output`. Logs, events and status files are
        local. `--shard` and `--order` know no durations of notebooks in a store, and treat them alike.

        The kernel runs on this machine, in the current folder or in that of `--cwd`.

        ## Bring files, and store what the run makes

        ```
        galley execute --input s3://in/data/ --collect 'plots/*.png' \
            --output-dir s3://out/ s3://in/report.ipynb
        ```

        `--input` brings a file, or all files below a location, beside the notebook. `--collect` stores the
        new files that match beside the result, also after an error, a limit or a signal; the reports list
        them. Links are not followed. A notebook of a store runs in a private folder then, which is removed
        afterward, unless a file there cannot be stored or the run is killed: then `galley-run-…` in the
        folder of `TMPDIR`, or in `/tmp`, has its files. Beside a local notebook, no file is replaced: if a
        different file has the name, the run ends before its first cell. After a kill, the next run with
        `--input` there removes what was brought. Notebooks that run at once in one folder list the files of
        each other. Each way, the limits are 1,000 files and 5 GB.

        ## No work is lost

        A save tells the store which version it replaces. If another program has changed the notebook, the
        result goes beside it, as `report.galley-conflict.ipynb`. Some stores ignore such conditions. Galley
        notices it, warns, and looks at the object before and after each save; a change at the same moment
        is lost.

        A collected file replaces one that was there before the run. If another program has written a file
        of its name during the run, that one stays, and the run's file goes beside it, with a warning. The
        same holds for a report in a store. `galley export` replaces what has the name of its result.

        An object changes completely or not at all. Checksums are sent and verified, and results above 16 MB
        travel in parts. Requests that fail are repeated; `AWS_MAX_ATTEMPTS` sets how often.

        A store charges for each save, so Galley saves during the run at most every 30 s and for at most a
        twentieth of the time. It always saves at the end, also after an error, a limit or a signal.

        ## Keys and regions

        Galley finds keys as the tools of AWS do, in this order, and renews them before they expire:

        - `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, for temporary keys, `AWS_SESSION_TOKEN`
        - `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`
        - the profile of `AWS_PROFILE`: keys, a role, a program (`credential_process`), or a login with
          `aws sso login`
        - the container's service, and that of the instance (IMDSv2: a container there needs a hop limit
          of 2)

        A public bucket needs no keys: set `AWS_NO_SIGN_REQUEST=1`. A role that asks for a second factor
        (`mfa_serial`) needs temporary keys in the variables. `AWS_REGION` or the profile names the region,
        and Galley follows a bucket to another one. `AWS_CA_BUNDLE` names a file of certificates. The
        variables for FIPS and dual-stack addresses are ignored; name such an address as the store's.

        When root runs a notebook as its owner, or with `--as-user NAME`, it uses the keys of that user, and
        never its own.

        The keys need `s3:GetObject`, also for a result, which Galley looks at before it replaces it,
        `s3:PutObject` and `s3:AbortMultipartUpload` for results, `s3:ListBucket` for folders and for
        `--collect`, which first lists the files beside the result, and `s3:DeleteObject` for reports. With
        keys that may only write, a result that exists is not replaced, and the new one goes beside it. A
        bucket with keys of its own needs the rights for these, too.

        ## Other stores

        `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` names another store with the protocol of S3. The tests
        run against three such stores, not against Amazon's.

        `gs://BUCKET/KEY` is an object of Google's store. Create an HMAC key for a service account, and set
        `GS_ACCESS_KEY_ID` and `GS_SECRET_ACCESS_KEY`. The tests use an imitation of it.

        Objects of Azure are read at signed `https://` addresses. The values of a query are in no message.
        """#)
}
