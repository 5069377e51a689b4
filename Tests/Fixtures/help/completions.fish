# Completions of galley for fish. Load them in ~/.config/fish/config.fish: galley completions fish | source

function __galley_needs_command
    test (count (commandline -opc)) -eq 1
end

function __galley_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end

function __galley_list
    set -l words (commandline -opc)
    $words[1] completions --list $argv[1] 2>/dev/null
end

function __galley_notebooks
    __fish_complete_path (commandline -ct) | string match -r '^.*(?:\.ipynb|/)(?:\t.*)?$'
end

complete -c galley -f
complete -c galley -n __galley_needs_command -a execute -d 'Run notebooks and save their outputs'
complete -c galley -n __galley_needs_command -a check -d 'Run notebooks and compare their outputs with the stored ones'
complete -c galley -n __galley_needs_command -a nbconvert -d 'Run and convert notebooks with the command line of nbconvert'
complete -c galley -n __galley_needs_command -a papermill -d 'Run a notebook with the command line of papermill'
complete -c galley -n __galley_needs_command -a export -d 'Convert notebooks to pages, Markdown or scripts'
complete -c galley -n __galley_needs_command -a clean -d 'Remove the outputs and execution counts of notebooks'
complete -c galley -n __galley_needs_command -a inspect -d 'List the parameters that notebooks declare'
complete -c galley -n __galley_needs_command -a kernels -d 'List the kernels of this machine or of a Jupyter server'
complete -c galley -n __galley_needs_command -a terminal -d 'Run a command in a terminal of a Jupyter server'
complete -c galley -n __galley_needs_command -a runs -d 'List the runs of this machine'
complete -c galley -n __galley_needs_command -a stop -d 'End runs, and kernels that were kept after their runs'
complete -c galley -n __galley_needs_command -a wait -d 'Wait for the end of runs'
complete -c galley -n __galley_needs_command -a help -d 'Show the help of a command or topic'
complete -c galley -n __galley_needs_command -a completions -d 'Print the script for completing command lines in a shell'
complete -c galley -n __galley_needs_command -a version -d 'Show the version'
complete -c galley -n __galley_needs_command -l help -s h -d 'Show the commands'
complete -c galley -n __galley_needs_command -l version -s V -d 'Show the version'
complete -c galley -n '__galley_command execute' -l kernel -s k -d 'Use this kernel, or the Python environment at this path' -r -f -a '(__galley_list kernels)'
complete -c galley -n '__galley_command execute' -l kernel-fallback -d 'If the kernel is not installed, use the only kernel of the notebook\'s language'
complete -c galley -n '__galley_command execute' -l cwd -d 'Run the kernel in this directory, not in the notebook\'s' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command execute' -l env -d 'Set an environment variable for the kernel; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l as-owner -d 'As root, run each notebook as its owner, which is the default'
complete -c galley -n '__galley_command execute' -l as-caller -d 'As root, run with root\'s rights, even the notebook of another user'
complete -c galley -n '__galley_command execute' -l as-user -d 'As root, run as this user' -r -f -a '(__fish_complete_users)'
complete -c galley -n '__galley_command execute' -l keep-kernel -d 'Keep the kernel running after the run, and print how to use and end it'
complete -c galley -n '__galley_command execute' -l keep-kernel-on-failure -d 'Keep the kernel running if the run fails'
complete -c galley -n '__galley_command execute' -l leave-children -d 'Do not end the processes that the notebook started'
complete -c galley -n '__galley_command execute' -l timeout -d 'Limit the time of each cell' -r -f
complete -c galley -n '__galley_command execute' -l total-timeout -d 'Limit the time of the whole run' -r -f
complete -c galley -n '__galley_command execute' -l idle-timeout -d 'Limit the time in which a running cell has no output' -r -f
complete -c galley -n '__galley_command execute' -l startup-timeout -d 'Limit the time in which the kernel starts' -r -f
complete -c galley -n '__galley_command execute' -l on-timeout -d 'At a time limit, end the run, or interrupt the cell and run the next one' -r -f -a 'stop interrupt'
complete -c galley -n '__galley_command execute' -l grace -d 'Kill a kernel that ignores an interrupt for this long' -r -f
complete -c galley -n '__galley_command execute' -l allow-errors -d 'Continue after any error'
complete -c galley -n '__galley_command execute' -l allow-error -d 'Continue after errors of this name; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l allow-lost-output -d 'Continue, with a warning, if outputs of a cell do not arrive from a server'
complete -c galley -n '__galley_command execute' -l start-at -d 'Start at this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command execute' -l stop-after -d 'Stop after this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command execute' -l only -d 'Run only cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l cells -d 'Run only these code cells, counted from 1; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l no-timing -d 'Do not write the times at which cells ran into the notebook'
complete -c galley -n '__galley_command execute' -l record -d 'Write into the notebook\'s metadata how the run went'
complete -c galley -n '__galley_command execute' -l collapse-progress -d 'Keep only the last state of a progress bar'
complete -c galley -n '__galley_command execute' -l max-output -d 'Keep at most this much output of each cell, and cut the rest' -r -f
complete -c galley -n '__galley_command execute' -l server -d 'Use the kernels of this Jupyter server, hub or gateway; see \'galley help servers\'' -r -f
complete -c galley -n '__galley_command execute' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command execute' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command execute' -l login-url -d 'Log in by opening this signed address once' -r -f
complete -c galley -n '__galley_command execute' -l login-url-file -d 'Log in by opening the signed address in this file once' -r -F
complete -c galley -n '__galley_command execute' -l hub-stop -d 'Stop the user\'s server of a hub at the end, if Galley has started it'
complete -c galley -n '__galley_command execute' -l existing -d 'Use a running kernel: its connection file, its ID in \'galley runs\' or \'galley kernels\', or newest' -r -F
complete -c galley -n '__galley_command execute' -s p -d 'Set a parameter of the notebook: a number, True, False, None, or a text; also \'-p days 7\'' -r -f
complete -c galley -n '__galley_command execute' -s r -d 'Set a parameter to a text, also if it looks like a number' -r -f
complete -c galley -n '__galley_command execute' -l params-file -s f -d 'Set the parameters of a YAML or JSON file' -r -F
complete -c galley -n '__galley_command execute' -s y -d 'Set the parameters of a YAML text' -r -f
complete -c galley -n '__galley_command execute' -s b -d 'Set the parameters of a YAML text in base64' -r -f
complete -c galley -n '__galley_command execute' -l param-env -d 'Set a parameter to the kernel\'s environment variable; its value is never saved' -r -f
complete -c galley -n '__galley_command execute' -l secret -d 'Pass this parameter in the kernel\'s environment, so that its value is never saved' -r -f
complete -c galley -n '__galley_command execute' -l strict-params -d 'Refuse a parameter that the notebook does not declare'
complete -c galley -n '__galley_command execute' -l help-notebook -d 'List the parameters of the notebook; see also \'galley inspect\''
complete -c galley -n '__galley_command execute' -l prepare-only -d 'Save the notebook with its parameters, and do not run it'
complete -c galley -n '__galley_command execute' -l no-type-check -d 'Do not compare values with the types in the notebook'
complete -c galley -n '__galley_command execute' -l inplace -d 'Write the result into the notebook, saved during the run'
complete -c galley -n '__galley_command execute' -l output -s o -d 'Write the result to this file, or to an s3:// object' -r -F
complete -c galley -n '__galley_command execute' -l output-dir -d 'Write the results into this folder' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command execute' -l stdout -d 'Write the result to standard output'
complete -c galley -n '__galley_command execute' -l answer -d 'Answer input() with this line; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l stream -d 'Show what cells print'
complete -c galley -n '__galley_command execute' -l quiet -s q -d 'Print only problems'
complete -c galley -n '__galley_command execute' -l events -d 'Write the events of the run as JSON lines' -r -F
complete -c galley -n '__galley_command execute' -l input -d 'Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l collect -d 'Store the files that the run makes and that match beside its result; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l matrix -d 'Run each notebook once for each of these values, or each combination' -r -f
complete -c galley -n '__galley_command execute' -l each -d 'Run each notebook once for each row of this file, in CSV, JSON or YAML' -r -F
complete -c galley -n '__galley_command execute' -l jobs -s j -d 'Run N notebooks at a time, by default one per processor' -r -f
complete -c galley -n '__galley_command execute' -l memory-per-kernel -d 'Start a kernel only if this much memory is free; the default is what earlier kernels used' -r -f
complete -c galley -n '__galley_command execute' -l fail-fast -d 'Start no further notebook after a failure'
complete -c galley -n '__galley_command execute' -l max-failures -d 'Start no further notebook after N failures' -r -f
complete -c galley -n '__galley_command execute' -l retries -d 'Run a notebook again, up to N times, if its kernel did not start or died' -r -f
complete -c galley -n '__galley_command execute' -l shard -d 'Run part M of N parts of about equal duration' -r -f
complete -c galley -n '__galley_command execute' -l order -d 'Run notebooks in the given order, or first those that took longest in earlier runs' -r -f -a 'as-given slowest-first'
complete -c galley -n '__galley_command execute' -l exclude -d 'Leave out notebooks whose name or path matches; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l junit -d 'Write a report for CI servers' -r -F
complete -c galley -n '__galley_command execute' -l html -d 'Write a report for people' -r -F
complete -c galley -n '__galley_command execute' -l json -d 'Write a report for programs' -r -F
complete -c galley -n '__galley_command execute' -l last-failed -d 'Run only notebooks that did not succeed in the last run, or by a report of --json'
complete -c galley -n '__galley_command execute' -l list -d 'Print which notebooks would be run, and which not, and why; run nothing'
complete -c galley -n '__galley_command execute' -l detach -d 'Run in the background: return once the kernel runs, and print the run\'s ID'
complete -c galley -n '__galley_command execute' -l log -d 'Write the progress to this file, each line with its time' -r -F
complete -c galley -n '__galley_command execute' -l log-format -d 'Choose the format of the log; without --log, it goes to standard error' -r -f -a 'plain json'
complete -c galley -n '__galley_command execute' -l status -d 'Keep the state of the run in this file, as one JSON document' -r -F
complete -c galley -n '__galley_command execute' -l then -d 'Run this shell command after the run; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l on-success -d 'Run this shell command after the run if it succeeded; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l on-failure -d 'Run this shell command after the run if it failed; can be repeated' -r -f
complete -c galley -n '__galley_command execute' -l execute -d 'Run the notebook; \'galley nbconvert\' only converts it without'
complete -c galley -n '__galley_command execute' -l to -d 'Write a notebook; \'galley nbconvert\' also writes other formats' -r -f
complete -c galley -n '__galley_command execute' -l stdin -d 'Read the notebook from standard input'
complete -c galley -n '__galley_command execute' -l debug -d 'Has no effect'
complete -c galley -n '__galley_command execute' -l log-level -d 'Print only problems if the level is ERROR or above' -r -f
complete -c galley -n '__galley_command execute' -l nbformat -d 'Write this version of the format' -r -f
complete -c galley -n '__galley_command execute' -l coalesce-streams -d 'Has no effect: a run always joins the outputs of a stream'
complete -c galley -n '__galley_command execute' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command execute' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command check' -l kernel -s k -d 'Use this kernel, or the Python environment at this path' -r -f -a '(__galley_list kernels)'
complete -c galley -n '__galley_command check' -l kernel-fallback -d 'If the kernel is not installed, use the only kernel of the notebook\'s language'
complete -c galley -n '__galley_command check' -l cwd -d 'Run the kernel in this directory, not in the notebook\'s' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command check' -l env -d 'Set an environment variable for the kernel; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l as-owner -d 'As root, run each notebook as its owner, which is the default'
complete -c galley -n '__galley_command check' -l as-caller -d 'As root, run with root\'s rights, even the notebook of another user'
complete -c galley -n '__galley_command check' -l as-user -d 'As root, run as this user' -r -f -a '(__fish_complete_users)'
complete -c galley -n '__galley_command check' -l keep-kernel -d 'Keep the kernel running after the run, and print how to use and end it'
complete -c galley -n '__galley_command check' -l keep-kernel-on-failure -d 'Keep the kernel running if the run fails'
complete -c galley -n '__galley_command check' -l leave-children -d 'Do not end the processes that the notebook started'
complete -c galley -n '__galley_command check' -l timeout -d 'Limit the time of each cell' -r -f
complete -c galley -n '__galley_command check' -l total-timeout -d 'Limit the time of the whole run' -r -f
complete -c galley -n '__galley_command check' -l idle-timeout -d 'Limit the time in which a running cell has no output' -r -f
complete -c galley -n '__galley_command check' -l startup-timeout -d 'Limit the time in which the kernel starts' -r -f
complete -c galley -n '__galley_command check' -l on-timeout -d 'At a time limit, end the run, or interrupt the cell and run the next one' -r -f -a 'stop interrupt'
complete -c galley -n '__galley_command check' -l grace -d 'Kill a kernel that ignores an interrupt for this long' -r -f
complete -c galley -n '__galley_command check' -l allow-errors -d 'Continue after any error'
complete -c galley -n '__galley_command check' -l allow-error -d 'Continue after errors of this name; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l allow-lost-output -d 'Continue, with a warning, if outputs of a cell do not arrive from a server'
complete -c galley -n '__galley_command check' -l start-at -d 'Start at this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command check' -l stop-after -d 'Stop after this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command check' -l only -d 'Run only cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l cells -d 'Run only these code cells, counted from 1; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l no-timing -d 'Do not write the times at which cells ran into the notebook'
complete -c galley -n '__galley_command check' -l record -d 'Write into the notebook\'s metadata how the run went'
complete -c galley -n '__galley_command check' -l collapse-progress -d 'Keep only the last state of a progress bar'
complete -c galley -n '__galley_command check' -l max-output -d 'Keep at most this much output of each cell, and cut the rest' -r -f
complete -c galley -n '__galley_command check' -l server -d 'Use the kernels of this Jupyter server, hub or gateway; see \'galley help servers\'' -r -f
complete -c galley -n '__galley_command check' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command check' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command check' -l login-url -d 'Log in by opening this signed address once' -r -f
complete -c galley -n '__galley_command check' -l login-url-file -d 'Log in by opening the signed address in this file once' -r -F
complete -c galley -n '__galley_command check' -l hub-stop -d 'Stop the user\'s server of a hub at the end, if Galley has started it'
complete -c galley -n '__galley_command check' -l existing -d 'Use a running kernel: its connection file, its ID in \'galley runs\' or \'galley kernels\', or newest' -r -F
complete -c galley -n '__galley_command check' -s p -d 'Set a parameter of the notebook: a number, True, False, None, or a text; also \'-p days 7\'' -r -f
complete -c galley -n '__galley_command check' -s r -d 'Set a parameter to a text, also if it looks like a number' -r -f
complete -c galley -n '__galley_command check' -l params-file -s f -d 'Set the parameters of a YAML or JSON file' -r -F
complete -c galley -n '__galley_command check' -s y -d 'Set the parameters of a YAML text' -r -f
complete -c galley -n '__galley_command check' -s b -d 'Set the parameters of a YAML text in base64' -r -f
complete -c galley -n '__galley_command check' -l param-env -d 'Set a parameter to the kernel\'s environment variable; its value is never saved' -r -f
complete -c galley -n '__galley_command check' -l secret -d 'Pass this parameter in the kernel\'s environment, so that its value is never saved' -r -f
complete -c galley -n '__galley_command check' -l strict-params -d 'Refuse a parameter that the notebook does not declare'
complete -c galley -n '__galley_command check' -l no-type-check -d 'Do not compare values with the types in the notebook'
complete -c galley -n '__galley_command check' -l answer -d 'Answer input() with this line; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l stream -d 'Show what cells print'
complete -c galley -n '__galley_command check' -l quiet -s q -d 'Print only problems'
complete -c galley -n '__galley_command check' -l events -d 'Write the events of the run as JSON lines' -r -F
complete -c galley -n '__galley_command check' -l input -d 'Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l collect -d 'Store the files that the run makes and that match beside its result; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l jobs -s j -d 'Run N notebooks at a time, by default one per processor' -r -f
complete -c galley -n '__galley_command check' -l memory-per-kernel -d 'Start a kernel only if this much memory is free; the default is what earlier kernels used' -r -f
complete -c galley -n '__galley_command check' -l fail-fast -d 'Start no further notebook after a failure'
complete -c galley -n '__galley_command check' -l max-failures -d 'Start no further notebook after N failures' -r -f
complete -c galley -n '__galley_command check' -l retries -d 'Run a notebook again, up to N times, if its kernel did not start or died' -r -f
complete -c galley -n '__galley_command check' -l shard -d 'Run part M of N parts of about equal duration' -r -f
complete -c galley -n '__galley_command check' -l order -d 'Run notebooks in the given order, or first those that took longest in earlier runs' -r -f -a 'as-given slowest-first'
complete -c galley -n '__galley_command check' -l exclude -d 'Leave out notebooks whose name or path matches; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l junit -d 'Write a report for CI servers' -r -F
complete -c galley -n '__galley_command check' -l html -d 'Write a report for people' -r -F
complete -c galley -n '__galley_command check' -l json -d 'Write a report for programs' -r -F
complete -c galley -n '__galley_command check' -l last-failed -d 'Run only notebooks that did not succeed in the last run, or by a report of --json'
complete -c galley -n '__galley_command check' -l list -d 'Print which notebooks would be run, and which not, and why; run nothing'
complete -c galley -n '__galley_command check' -l detach -d 'Run in the background: return once the kernel runs, and print the run\'s ID'
complete -c galley -n '__galley_command check' -l log -d 'Write the progress to this file, each line with its time' -r -F
complete -c galley -n '__galley_command check' -l log-format -d 'Choose the format of the log; without --log, it goes to standard error' -r -f -a 'plain json'
complete -c galley -n '__galley_command check' -l status -d 'Keep the state of the run in this file, as one JSON document' -r -F
complete -c galley -n '__galley_command check' -l then -d 'Run this shell command after the run; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l on-success -d 'Run this shell command after the run if it succeeded; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l on-failure -d 'Run this shell command after the run if it failed; can be repeated' -r -f
complete -c galley -n '__galley_command check' -l execute -d 'Run the notebook; \'galley nbconvert\' only converts it without'
complete -c galley -n '__galley_command check' -l to -d 'Write a notebook; \'galley nbconvert\' also writes other formats' -r -f
complete -c galley -n '__galley_command check' -l stdin -d 'Read the notebook from standard input'
complete -c galley -n '__galley_command check' -l debug -d 'Has no effect'
complete -c galley -n '__galley_command check' -l log-level -d 'Print only problems if the level is ERROR or above' -r -f
complete -c galley -n '__galley_command check' -l nbformat -d 'Write this version of the format' -r -f
complete -c galley -n '__galley_command check' -l coalesce-streams -d 'Has no effect: a run always joins the outputs of a stream'
complete -c galley -n '__galley_command check' -l lax -d 'Compare only cells marked with nbval-check-output'
complete -c galley -n '__galley_command check' -l update -d 'Write new outputs that differ into the notebooks'
complete -c galley -n '__galley_command check' -l nbval -d 'Has no effect'
complete -c galley -n '__galley_command check' -l nbval-cell-timeout -d 'Limit the time of each cell' -r -f
complete -c galley -n '__galley_command check' -l nbval-kernel-startup-timeout -d 'Limit the time in which the kernel starts' -r -f
complete -c galley -n '__galley_command check' -l nbval-kernel-name -d 'Use this kernel' -r -f -a '(__galley_list kernels)'
complete -c galley -n '__galley_command check' -l sanitize-with -d 'Replace text before it is compared, by nbval\'s file of regular expressions' -r -F
complete -c galley -n '__galley_command check' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command check' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command nbconvert' -l kernel -s k -d 'Use this kernel, or the Python environment at this path' -r -f -a '(__galley_list kernels)'
complete -c galley -n '__galley_command nbconvert' -l kernel-fallback -d 'If the kernel is not installed, use the only kernel of the notebook\'s language'
complete -c galley -n '__galley_command nbconvert' -l cwd -d 'Run the kernel in this directory, not in the notebook\'s' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command nbconvert' -l env -d 'Set an environment variable for the kernel; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l as-owner -d 'As root, run each notebook as its owner, which is the default'
complete -c galley -n '__galley_command nbconvert' -l as-caller -d 'As root, run with root\'s rights, even the notebook of another user'
complete -c galley -n '__galley_command nbconvert' -l as-user -d 'As root, run as this user' -r -f -a '(__fish_complete_users)'
complete -c galley -n '__galley_command nbconvert' -l keep-kernel -d 'Keep the kernel running after the run, and print how to use and end it'
complete -c galley -n '__galley_command nbconvert' -l keep-kernel-on-failure -d 'Keep the kernel running if the run fails'
complete -c galley -n '__galley_command nbconvert' -l leave-children -d 'Do not end the processes that the notebook started'
complete -c galley -n '__galley_command nbconvert' -l timeout -d 'Limit the time of each cell' -r -f
complete -c galley -n '__galley_command nbconvert' -l total-timeout -d 'Limit the time of the whole run' -r -f
complete -c galley -n '__galley_command nbconvert' -l idle-timeout -d 'Limit the time in which a running cell has no output' -r -f
complete -c galley -n '__galley_command nbconvert' -l startup-timeout -d 'Limit the time in which the kernel starts' -r -f
complete -c galley -n '__galley_command nbconvert' -l on-timeout -d 'At a time limit, end the run, or interrupt the cell and run the next one' -r -f -a 'stop interrupt'
complete -c galley -n '__galley_command nbconvert' -l grace -d 'Kill a kernel that ignores an interrupt for this long' -r -f
complete -c galley -n '__galley_command nbconvert' -l allow-errors -d 'Continue after any error'
complete -c galley -n '__galley_command nbconvert' -l allow-error -d 'Continue after errors of this name; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l allow-lost-output -d 'Continue, with a warning, if outputs of a cell do not arrive from a server'
complete -c galley -n '__galley_command nbconvert' -l start-at -d 'Start at this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command nbconvert' -l stop-after -d 'Stop after this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command nbconvert' -l only -d 'Run only cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l cells -d 'Run only these code cells, counted from 1; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l no-timing -d 'Do not write the times at which cells ran into the notebook'
complete -c galley -n '__galley_command nbconvert' -l record -d 'Write into the notebook\'s metadata how the run went'
complete -c galley -n '__galley_command nbconvert' -l collapse-progress -d 'Keep only the last state of a progress bar'
complete -c galley -n '__galley_command nbconvert' -l max-output -d 'Keep at most this much output of each cell, and cut the rest' -r -f
complete -c galley -n '__galley_command nbconvert' -l server -d 'Use the kernels of this Jupyter server, hub or gateway; see \'galley help servers\'' -r -f
complete -c galley -n '__galley_command nbconvert' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command nbconvert' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command nbconvert' -l login-url -d 'Log in by opening this signed address once' -r -f
complete -c galley -n '__galley_command nbconvert' -l login-url-file -d 'Log in by opening the signed address in this file once' -r -F
complete -c galley -n '__galley_command nbconvert' -l hub-stop -d 'Stop the user\'s server of a hub at the end, if Galley has started it'
complete -c galley -n '__galley_command nbconvert' -l existing -d 'Use a running kernel: its connection file, its ID in \'galley runs\' or \'galley kernels\', or newest' -r -F
complete -c galley -n '__galley_command nbconvert' -s p -d 'Set a parameter of the notebook: a number, True, False, None, or a text; also \'-p days 7\'' -r -f
complete -c galley -n '__galley_command nbconvert' -s r -d 'Set a parameter to a text, also if it looks like a number' -r -f
complete -c galley -n '__galley_command nbconvert' -l params-file -s f -d 'Set the parameters of a YAML or JSON file' -r -F
complete -c galley -n '__galley_command nbconvert' -s b -d 'Set the parameters of a YAML text in base64' -r -f
complete -c galley -n '__galley_command nbconvert' -l param-env -d 'Set a parameter to the kernel\'s environment variable; its value is never saved' -r -f
complete -c galley -n '__galley_command nbconvert' -l secret -d 'Pass this parameter in the kernel\'s environment, so that its value is never saved' -r -f
complete -c galley -n '__galley_command nbconvert' -l strict-params -d 'Refuse a parameter that the notebook does not declare'
complete -c galley -n '__galley_command nbconvert' -l prepare-only -d 'Save the notebook with its parameters, and do not run it'
complete -c galley -n '__galley_command nbconvert' -l no-type-check -d 'Do not compare values with the types in the notebook'
complete -c galley -n '__galley_command nbconvert' -l inplace -d 'Write the result into the notebook, saved during the run'
complete -c galley -n '__galley_command nbconvert' -l output -s o -d 'Write the result to this file, or to an s3:// object' -r -F
complete -c galley -n '__galley_command nbconvert' -l output-dir -d 'Write the results into this folder' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command nbconvert' -l stdout -d 'Write the result to standard output'
complete -c galley -n '__galley_command nbconvert' -l answer -d 'Answer input() with this line; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l stream -d 'Show what cells print'
complete -c galley -n '__galley_command nbconvert' -l quiet -s q -d 'Print only problems'
complete -c galley -n '__galley_command nbconvert' -l events -d 'Write the events of the run as JSON lines' -r -F
complete -c galley -n '__galley_command nbconvert' -l input -d 'Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l collect -d 'Store the files that the run makes and that match beside its result; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l matrix -d 'Run each notebook once for each of these values, or each combination' -r -f
complete -c galley -n '__galley_command nbconvert' -l each -d 'Run each notebook once for each row of this file, in CSV, JSON or YAML' -r -F
complete -c galley -n '__galley_command nbconvert' -l jobs -s j -d 'Run N notebooks at a time, by default one per processor' -r -f
complete -c galley -n '__galley_command nbconvert' -l memory-per-kernel -d 'Start a kernel only if this much memory is free; the default is what earlier kernels used' -r -f
complete -c galley -n '__galley_command nbconvert' -l fail-fast -d 'Start no further notebook after a failure'
complete -c galley -n '__galley_command nbconvert' -l max-failures -d 'Start no further notebook after N failures' -r -f
complete -c galley -n '__galley_command nbconvert' -l retries -d 'Run a notebook again, up to N times, if its kernel did not start or died' -r -f
complete -c galley -n '__galley_command nbconvert' -l shard -d 'Run part M of N parts of about equal duration' -r -f
complete -c galley -n '__galley_command nbconvert' -l order -d 'Run notebooks in the given order, or first those that took longest in earlier runs' -r -f -a 'as-given slowest-first'
complete -c galley -n '__galley_command nbconvert' -l exclude -d 'Leave out notebooks whose name or path matches; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l junit -d 'Write a report for CI servers' -r -F
complete -c galley -n '__galley_command nbconvert' -l html -d 'Write a report for people' -r -F
complete -c galley -n '__galley_command nbconvert' -l json -d 'Write a report for programs' -r -F
complete -c galley -n '__galley_command nbconvert' -l last-failed -d 'Run only notebooks that did not succeed in the last run, or by a report of --json'
complete -c galley -n '__galley_command nbconvert' -l list -d 'Print which notebooks would be run, and which not, and why; run nothing'
complete -c galley -n '__galley_command nbconvert' -l detach -d 'Run in the background: return once the kernel runs, and print the run\'s ID'
complete -c galley -n '__galley_command nbconvert' -l log -d 'Write the progress to this file, each line with its time' -r -F
complete -c galley -n '__galley_command nbconvert' -l log-format -d 'Choose the format of the log; without --log, it goes to standard error' -r -f -a 'plain json'
complete -c galley -n '__galley_command nbconvert' -l status -d 'Keep the state of the run in this file, as one JSON document' -r -F
complete -c galley -n '__galley_command nbconvert' -l then -d 'Run this shell command after the run; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l on-success -d 'Run this shell command after the run if it succeeded; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l on-failure -d 'Run this shell command after the run if it failed; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l execute -d 'Run the notebook; \'galley nbconvert\' only converts it without'
complete -c galley -n '__galley_command nbconvert' -l stdin -d 'Read the notebook from standard input'
complete -c galley -n '__galley_command nbconvert' -l debug -d 'Has no effect'
complete -c galley -n '__galley_command nbconvert' -l log-level -d 'Print only problems if the level is ERROR or above' -r -f
complete -c galley -n '__galley_command nbconvert' -l nbformat -d 'Write this version of the format' -r -f
complete -c galley -n '__galley_command nbconvert' -l coalesce-streams -d 'Has no effect: a run always joins the outputs of a stream'
complete -c galley -n '__galley_command nbconvert' -l to -d 'Convert to this format' -r -f -a 'notebook html markdown script python'
complete -c galley -n '__galley_command nbconvert' -l no-input -d 'Leave out code and execution counts'
complete -c galley -n '__galley_command nbconvert' -l no-prompt -d 'Leave out execution counts'
complete -c galley -n '__galley_command nbconvert' -l clear-output -d 'Leave out outputs and execution counts'
complete -c galley -n '__galley_command nbconvert' -l embed-images -d 'Put pictures into Markdown instead of files beside it'
complete -c galley -n '__galley_command nbconvert' -l remove-cells -d 'Leave out cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l remove-outputs -d 'Leave out the outputs of cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l remove-output -d 'Leave out outputs with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l remove-inputs -d 'Leave out the source of cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command nbconvert' -l remove-matching -d 'Leave out cells that begin as this regular expression of Python says' -r -f
complete -c galley -n '__galley_command nbconvert' -l parameters-yaml -d 'Set the parameters of a YAML text' -r -f
complete -c galley -n '__galley_command nbconvert' -s y -d 'Has no effect: Galley asks no questions'
complete -c galley -n '__galley_command nbconvert' -l config -d 'Read settings from this file, in JSON or with lines such as c.Exporter.name = 5' -r -F
complete -c galley -n '__galley_command nbconvert' -l sanitize-html -d 'Has no effect: Galley always removes what could harm a reader'
complete -c galley -n '__galley_command nbconvert' -l show-input -d 'Has no effect: code is shown unless another option hides it'
complete -c galley -n '__galley_command nbconvert' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command nbconvert' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command papermill' -l kernel -s k -d 'Use this kernel, or the Python environment at this path' -r -f -a '(__galley_list kernels)'
complete -c galley -n '__galley_command papermill' -l kernel-fallback -d 'If the kernel is not installed, use the only kernel of the notebook\'s language'
complete -c galley -n '__galley_command papermill' -l cwd -d 'Run the kernel in this directory, not in the notebook\'s' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command papermill' -l env -d 'Set an environment variable for the kernel; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l as-owner -d 'As root, run each notebook as its owner, which is the default'
complete -c galley -n '__galley_command papermill' -l as-caller -d 'As root, run with root\'s rights, even the notebook of another user'
complete -c galley -n '__galley_command papermill' -l as-user -d 'As root, run as this user' -r -f -a '(__fish_complete_users)'
complete -c galley -n '__galley_command papermill' -l keep-kernel -d 'Keep the kernel running after the run, and print how to use and end it'
complete -c galley -n '__galley_command papermill' -l keep-kernel-on-failure -d 'Keep the kernel running if the run fails'
complete -c galley -n '__galley_command papermill' -l leave-children -d 'Do not end the processes that the notebook started'
complete -c galley -n '__galley_command papermill' -l timeout -d 'Limit the time of each cell' -r -f
complete -c galley -n '__galley_command papermill' -l total-timeout -d 'Limit the time of the whole run' -r -f
complete -c galley -n '__galley_command papermill' -l idle-timeout -d 'Limit the time in which a running cell has no output' -r -f
complete -c galley -n '__galley_command papermill' -l startup-timeout -d 'Limit the time in which the kernel starts' -r -f
complete -c galley -n '__galley_command papermill' -l on-timeout -d 'At a time limit, end the run, or interrupt the cell and run the next one' -r -f -a 'stop interrupt'
complete -c galley -n '__galley_command papermill' -l grace -d 'Kill a kernel that ignores an interrupt for this long' -r -f
complete -c galley -n '__galley_command papermill' -l allow-errors -d 'Continue after any error'
complete -c galley -n '__galley_command papermill' -l allow-error -d 'Continue after errors of this name; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l allow-lost-output -d 'Continue, with a warning, if outputs of a cell do not arrive from a server'
complete -c galley -n '__galley_command papermill' -l start-at -d 'Start at this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command papermill' -l stop-after -d 'Stop after this cell: a number, a tag or an ID' -r -f
complete -c galley -n '__galley_command papermill' -l only -d 'Run only cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l cells -d 'Run only these code cells, counted from 1; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l no-timing -d 'Do not write the times at which cells ran into the notebook'
complete -c galley -n '__galley_command papermill' -l record -d 'Write into the notebook\'s metadata how the run went'
complete -c galley -n '__galley_command papermill' -l collapse-progress -d 'Keep only the last state of a progress bar'
complete -c galley -n '__galley_command papermill' -l max-output -d 'Keep at most this much output of each cell, and cut the rest' -r -f
complete -c galley -n '__galley_command papermill' -l server -d 'Use the kernels of this Jupyter server, hub or gateway; see \'galley help servers\'' -r -f
complete -c galley -n '__galley_command papermill' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command papermill' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command papermill' -l login-url -d 'Log in by opening this signed address once' -r -f
complete -c galley -n '__galley_command papermill' -l login-url-file -d 'Log in by opening the signed address in this file once' -r -F
complete -c galley -n '__galley_command papermill' -l hub-stop -d 'Stop the user\'s server of a hub at the end, if Galley has started it'
complete -c galley -n '__galley_command papermill' -l existing -d 'Use a running kernel: its connection file, its ID in \'galley runs\' or \'galley kernels\', or newest' -r -F
complete -c galley -n '__galley_command papermill' -s p -d 'Set a parameter of the notebook: a number, True, False, None, or a text; also \'-p days 7\'' -r -f
complete -c galley -n '__galley_command papermill' -s r -d 'Set a parameter to a text, also if it looks like a number' -r -f
complete -c galley -n '__galley_command papermill' -l params-file -s f -d 'Set the parameters of a YAML or JSON file' -r -F
complete -c galley -n '__galley_command papermill' -s y -d 'Set the parameters of a YAML text' -r -f
complete -c galley -n '__galley_command papermill' -s b -d 'Set the parameters of a YAML text in base64' -r -f
complete -c galley -n '__galley_command papermill' -l param-env -d 'Set a parameter to the kernel\'s environment variable; its value is never saved' -r -f
complete -c galley -n '__galley_command papermill' -l secret -d 'Pass this parameter in the kernel\'s environment, so that its value is never saved' -r -f
complete -c galley -n '__galley_command papermill' -l strict-params -d 'Refuse a parameter that the notebook does not declare'
complete -c galley -n '__galley_command papermill' -l help-notebook -d 'List the parameters of the notebook; see also \'galley inspect\''
complete -c galley -n '__galley_command papermill' -l prepare-only -d 'Save the notebook with its parameters, and do not run it'
complete -c galley -n '__galley_command papermill' -l no-type-check -d 'Do not compare values with the types in the notebook'
complete -c galley -n '__galley_command papermill' -l answer -d 'Answer input() with this line; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l stream -d 'Show what cells print'
complete -c galley -n '__galley_command papermill' -l quiet -s q -d 'Print only problems'
complete -c galley -n '__galley_command papermill' -l events -d 'Write the events of the run as JSON lines' -r -F
complete -c galley -n '__galley_command papermill' -l input -d 'Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l collect -d 'Store the files that the run makes and that match beside its result; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l matrix -d 'Run each notebook once for each of these values, or each combination' -r -f
complete -c galley -n '__galley_command papermill' -l each -d 'Run each notebook once for each row of this file, in CSV, JSON or YAML' -r -F
complete -c galley -n '__galley_command papermill' -l jobs -s j -d 'Run N notebooks at a time, by default one per processor' -r -f
complete -c galley -n '__galley_command papermill' -l memory-per-kernel -d 'Start a kernel only if this much memory is free; the default is what earlier kernels used' -r -f
complete -c galley -n '__galley_command papermill' -l fail-fast -d 'Start no further notebook after a failure'
complete -c galley -n '__galley_command papermill' -l max-failures -d 'Start no further notebook after N failures' -r -f
complete -c galley -n '__galley_command papermill' -l retries -d 'Run a notebook again, up to N times, if its kernel did not start or died' -r -f
complete -c galley -n '__galley_command papermill' -l shard -d 'Run part M of N parts of about equal duration' -r -f
complete -c galley -n '__galley_command papermill' -l order -d 'Run notebooks in the given order, or first those that took longest in earlier runs' -r -f -a 'as-given slowest-first'
complete -c galley -n '__galley_command papermill' -l exclude -d 'Leave out notebooks whose name or path matches; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l junit -d 'Write a report for CI servers' -r -F
complete -c galley -n '__galley_command papermill' -l html -d 'Write a report for people' -r -F
complete -c galley -n '__galley_command papermill' -l json -d 'Write a report for programs' -r -F
complete -c galley -n '__galley_command papermill' -l last-failed -d 'Run only notebooks that did not succeed in the last run, or by a report of --json'
complete -c galley -n '__galley_command papermill' -l list -d 'Print which notebooks would be run, and which not, and why; run nothing'
complete -c galley -n '__galley_command papermill' -l detach -d 'Run in the background: return once the kernel runs, and print the run\'s ID'
complete -c galley -n '__galley_command papermill' -l log -d 'Write the progress to this file, each line with its time' -r -F
complete -c galley -n '__galley_command papermill' -l log-format -d 'Choose the format of the log; without --log, it goes to standard error' -r -f -a 'plain json'
complete -c galley -n '__galley_command papermill' -l status -d 'Keep the state of the run in this file, as one JSON document' -r -F
complete -c galley -n '__galley_command papermill' -l then -d 'Run this shell command after the run; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l on-success -d 'Run this shell command after the run if it succeeded; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l on-failure -d 'Run this shell command after the run if it failed; can be repeated' -r -f
complete -c galley -n '__galley_command papermill' -l execute -d 'Run the notebook; \'galley nbconvert\' only converts it without'
complete -c galley -n '__galley_command papermill' -l to -d 'Write a notebook; \'galley nbconvert\' also writes other formats' -r -f
complete -c galley -n '__galley_command papermill' -l stdin -d 'Read the notebook from standard input'
complete -c galley -n '__galley_command papermill' -l debug -d 'Has no effect'
complete -c galley -n '__galley_command papermill' -l log-level -d 'Print only problems if the level is ERROR or above' -r -f
complete -c galley -n '__galley_command papermill' -l nbformat -d 'Write this version of the format' -r -f
complete -c galley -n '__galley_command papermill' -l coalesce-streams -d 'Has no effect: a run always joins the outputs of a stream'
complete -c galley -n '__galley_command papermill' -l inject-input-path -d 'Set PAPERMILL_INPUT_PATH to the path of the notebook'
complete -c galley -n '__galley_command papermill' -l inject-output-path -d 'Set PAPERMILL_OUTPUT_PATH to the path of the result'
complete -c galley -n '__galley_command papermill' -l inject-paths -d 'Set both PAPERMILL_INPUT_PATH and PAPERMILL_OUTPUT_PATH'
complete -c galley -n '__galley_command papermill' -l language -s l -d 'Set the parameters in this language, not in the kernel\'s' -r -f
complete -c galley -n '__galley_command papermill' -l report-mode -d 'Hide the source of all code cells in JupyterLab'
complete -c galley -n '__galley_command papermill' -l no-report-mode -d 'Show the source of cells, which is the default'
complete -c galley -n '__galley_command papermill' -l stdout-file -d 'Write what cells print to stdout also to this file' -r -F
complete -c galley -n '__galley_command papermill' -l stderr-file -d 'Write what cells print to stderr also to this file' -r -F
complete -c galley -n '__galley_command papermill' -l log-output -d 'Show what cells print'
complete -c galley -n '__galley_command papermill' -l no-log-output -d 'Do not show what cells print, which is the default'
complete -c galley -n '__galley_command papermill' -l progress-bar -d 'Show the progress, which is the default'
complete -c galley -n '__galley_command papermill' -l no-progress-bar -d 'Print only problems'
complete -c galley -n '__galley_command papermill' -l version -d 'Show the version'
complete -c galley -n '__galley_command papermill' -l engine -d 'Has no effect: Galley is the engine' -r -f
complete -c galley -n '__galley_command papermill' -l request-save-on-cell-execute -d 'Has no effect: the result is saved during the run'
complete -c galley -n '__galley_command papermill' -l no-request-save-on-cell-execute -d 'Has no effect: the result is saved during the run'
complete -c galley -n '__galley_command papermill' -l autosave-cell-every -d 'Has no effect: the result is saved during the run' -r -f
complete -c galley -n '__galley_command papermill' -l prepare-execute -d 'Run the notebook, which is the default'
complete -c galley -n '__galley_command papermill' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command papermill' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command export' -l to -d 'Convert to this format' -r -f -a 'notebook html markdown script python'
complete -c galley -n '__galley_command export' -l no-input -d 'Leave out code and execution counts'
complete -c galley -n '__galley_command export' -l no-prompt -d 'Leave out execution counts'
complete -c galley -n '__galley_command export' -l clear-output -d 'Leave out outputs and execution counts'
complete -c galley -n '__galley_command export' -l embed-images -d 'Put pictures into Markdown instead of files beside it'
complete -c galley -n '__galley_command export' -l remove-cells -d 'Leave out cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command export' -l remove-outputs -d 'Leave out the outputs of cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command export' -l remove-output -d 'Leave out outputs with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command export' -l remove-inputs -d 'Leave out the source of cells with this tag; can be repeated' -r -f
complete -c galley -n '__galley_command export' -l remove-matching -d 'Leave out cells that begin as this regular expression of Python says' -r -f
complete -c galley -n '__galley_command export' -l output -s o -d 'Write the result to this file' -r -F
complete -c galley -n '__galley_command export' -l output-dir -d 'Write the results into this folder' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command export' -l stdout -d 'Write the result to standard output'
complete -c galley -n '__galley_command export' -l stdin -d 'Read the notebook from standard input'
complete -c galley -n '__galley_command export' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command export' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command clean' -l inplace -d 'Write the clean notebook into the file'
complete -c galley -n '__galley_command clean' -l all -d 'Also remove times, the state of widgets, and what --record has written'
complete -c galley -n '__galley_command clean' -l list -d 'Print which notebooks would be changed, and which not, and why; write nothing'
complete -c galley -n '__galley_command clean' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command clean' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command inspect' -l json -d 'Print the lists as JSON'
complete -c galley -n '__galley_command inspect' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command inspect' -f -a '(__galley_notebooks)'
complete -c galley -n '__galley_command kernels' -l json -d 'Print the list as JSON'
complete -c galley -n '__galley_command kernels' -l server -d 'Use the kernels of this Jupyter server, hub or gateway; see \'galley help servers\'' -r -f
complete -c galley -n '__galley_command kernels' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command kernels' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command kernels' -l login-url -d 'Log in by opening this signed address once' -r -f
complete -c galley -n '__galley_command kernels' -l login-url-file -d 'Log in by opening the signed address in this file once' -r -F
complete -c galley -n '__galley_command kernels' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command terminal' -l server -d 'Use the kernels of this Jupyter server, hub or gateway; see \'galley help servers\'' -r -f
complete -c galley -n '__galley_command terminal' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command terminal' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command terminal' -l login-url -d 'Log in by opening this signed address once' -r -f
complete -c galley -n '__galley_command terminal' -l login-url-file -d 'Log in by opening the signed address in this file once' -r -F
complete -c galley -n '__galley_command terminal' -l cwd -d 'Run the command in this folder of the server' -r -f -a '(__fish_complete_directories (commandline -ct))'
complete -c galley -n '__galley_command terminal' -l timeout -d 'End the command after this time' -r -f
complete -c galley -n '__galley_command terminal' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command runs' -l running -d 'List only runs that have not ended, without kept kernels'
complete -c galley -n '__galley_command runs' -l json -d 'Print the list as JSON'
complete -c galley -n '__galley_command runs' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command stop' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command stop' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command stop' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command stop' -f -a '(__galley_list runs)'
complete -c galley -n '__galley_command wait' -l token-file -d 'Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN' -r -F
complete -c galley -n '__galley_command wait' -l password-file -d 'Log in with the password in this file' -r -F
complete -c galley -n '__galley_command wait' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command wait' -f -a '(__galley_list runs)'
complete -c galley -n '__galley_command help' -l man -d 'Print the manual page as roff, for man(1)'
complete -c galley -n '__galley_command help' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command help' -f -a 'execute check nbconvert papermill export clean inspect kernels terminal runs stop wait help completions version options exit-statuses batch selection parameters results background git limits servers stores files compatibility'
complete -c galley -n '__galley_command completions' -l list -d 'Print the names of the kernels, or the IDs of the runs, for such a script' -r -f -a 'kernels runs'
complete -c galley -n '__galley_command completions' -l help -s h -d 'Show this page'
complete -c galley -n '__galley_command completions' -f -a 'bash zsh fish'
complete -c galley -n '__galley_command version' -l help -s h -d 'Show this page'
