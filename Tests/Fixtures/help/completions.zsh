#compdef galley
# Completions of galley for zsh. Load them in ~/.zshrc, after compinit: source <(galley completions zsh)

_galley_list() {
    # The last argument is the list, the others are for compadd.
    local -a found
    found=(${(f)"$(${~galley_program} completions --list ${@[-1]} 2>/dev/null)"})
    compadd "${@[1,-2]}" -a found
}

_galley() {
    local galley_program=$words[1]
    if ((CURRENT == 2)); then
        local -a commands options
        commands=(
            'execute:Run notebooks and save their outputs'
            'check:Run notebooks and compare their outputs with the stored ones'
            'nbconvert:Run and convert notebooks with the command line of nbconvert'
            'papermill:Run a notebook with the command line of papermill'
            'export:Convert notebooks to pages, Markdown or scripts'
            'clean:Remove the outputs and execution counts of notebooks'
            'inspect:List the parameters that notebooks declare'
            'kernels:List the kernels of this machine or of a Jupyter server'
            'terminal:Run a command in a terminal of a Jupyter server'
            'runs:List the runs of this machine'
            'stop:End runs, and kernels that were kept after their runs'
            'wait:Wait for the end of runs'
            'help:Show the help of a command or topic'
            'completions:Print the script for completing command lines in a shell'
            'version:Show the version'
        )
        options=(
            '--help:Show the commands'
            '-h:Show the commands'
            '--version:Show the version'
            '-V:Show the version'
        )
        if [[ $PREFIX == -* ]]; then
            _describe -t options option options
        else
            _describe -t commands command commands
        fi
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    case $command in
    execute)
        _arguments -s : \
            '*--kernel=[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*-k[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*--kernel-fallback[If the kernel is not installed, use the only kernel of the notebook'\''s language]' \
            '*--cwd=[Run the kernel in this directory, not in the notebook'\''s]:DIR:_files -/' \
            '*--env=[Set an environment variable for the kernel; can be repeated]:NAME=VALUE:' \
            '*--as-owner[As root, run each notebook as its owner, which is the default]' \
            '*--as-caller[As root, run with root'\''s rights, even the notebook of another user]' \
            '*--as-user=[As root, run as this user]:USER:_users' \
            '*--keep-kernel[Keep the kernel running after the run, and print how to use and end it]' \
            '*--keep-kernel-on-failure[Keep the kernel running if the run fails]' \
            '*--leave-children[Do not end the processes that the notebook started]' \
            '*--timeout=[Limit the time of each cell]:TIME:' \
            '*--total-timeout=[Limit the time of the whole run]:TIME:' \
            '*--idle-timeout=[Limit the time in which a running cell has no output]:TIME:' \
            '*--startup-timeout=[Limit the time in which the kernel starts]:TIME:' \
            '*--on-timeout=[At a time limit, end the run, or interrupt the cell and run the next one]:stop|interrupt:(stop interrupt)' \
            '*--grace=[Kill a kernel that ignores an interrupt for this long]:TIME:' \
            '*--allow-errors[Continue after any error]' \
            '*--allow-error=[Continue after errors of this name; can be repeated]:NAME:' \
            '*--allow-lost-output[Continue, with a warning, if outputs of a cell do not arrive from a server]' \
            '*--start-at=[Start at this cell: a number, a tag or an ID]:CELL:' \
            '*--stop-after=[Stop after this cell: a number, a tag or an ID]:CELL:' \
            '*--only=[Run only cells with this tag; can be repeated]:TAG:' \
            '*--cells=[Run only these code cells, counted from 1; can be repeated]:NUMBERS:' \
            '*--no-timing[Do not write the times at which cells ran into the notebook]' \
            '*--record[Write into the notebook'\''s metadata how the run went]' \
            '*--collapse-progress[Keep only the last state of a progress bar]' \
            '*--max-output=[Keep at most this much output of each cell, and cut the rest]:SIZE:' \
            '*--server=[Use the kernels of this Jupyter server, hub or gateway; see '\''galley help servers'\'']:URL:' \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--login-url=[Log in by opening this signed address once]:URL:' \
            '*--login-url-file=[Log in by opening the signed address in this file once]:FILE:_files' \
            '*--hub-stop[Stop the user'\''s server of a hub at the end, if Galley has started it]' \
            '*--existing=[Use a running kernel: its connection file, its ID in '\''galley runs'\'' or '\''galley kernels'\'', or newest]:FILE|ID:_files' \
            '*-p[Set a parameter of the notebook: a number, True, False, None, or a text; also '\''-p days 7'\'']:NAME=VALUE:' \
            '*-r[Set a parameter to a text, also if it looks like a number]:NAME=VALUE:' \
            '*--params-file=[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-f[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-y[Set the parameters of a YAML text]:YAML:' \
            '*-b[Set the parameters of a YAML text in base64]:BASE64:' \
            '*--param-env=[Set a parameter to the kernel'\''s environment variable; its value is never saved]:NAME=VARIABLE:' \
            '*--secret=[Pass this parameter in the kernel'\''s environment, so that its value is never saved]:NAME:' \
            '*--strict-params[Refuse a parameter that the notebook does not declare]' \
            '*--help-notebook[List the parameters of the notebook; see also '\''galley inspect'\'']' \
            '*--prepare-only[Save the notebook with its parameters, and do not run it]' \
            '*--no-type-check[Do not compare values with the types in the notebook]' \
            '*--inplace[Write the result into the notebook, saved during the run]' \
            '*--output=[Write the result to this file, or to an s3:// object]:FILE:_files' \
            '*-o[Write the result to this file, or to an s3:// object]:FILE:_files' \
            '*--output-dir=[Write the results into this folder]:DIR:_files -/' \
            '*--stdout[Write the result to standard output]' \
            '*--answer=[Answer input() with this line; can be repeated]:TEXT:' \
            '*--stream[Show what cells print]' \
            '*--quiet[Print only problems]' \
            '*-q[Print only problems]' \
            '*--events=[Write the events of the run as JSON lines]:FILE:_files' \
            '*--input=[Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated]:PLACE:' \
            '*--collect=[Store the files that the run makes and that match beside its result; can be repeated]:PATTERN:' \
            '*--matrix=[Run each notebook once for each of these values, or each combination]:NAME=VALUES:' \
            '*--each=[Run each notebook once for each row of this file, in CSV, JSON or YAML]:FILE:_files' \
            '*--jobs=[Run N notebooks at a time, by default one per processor]:N:' \
            '*-j[Run N notebooks at a time, by default one per processor]:N:' \
            '*--memory-per-kernel=[Start a kernel only if this much memory is free; the default is what earlier kernels used]:SIZE:' \
            '*--fail-fast[Start no further notebook after a failure]' \
            '*--max-failures=[Start no further notebook after N failures]:N:' \
            '*--retries=[Run a notebook again, up to N times, if its kernel did not start or died]:N:' \
            '*--shard=[Run part M of N parts of about equal duration]:M/N:' \
            '*--order=[Run notebooks in the given order, or first those that took longest in earlier runs]:as-given|slowest-first:(as-given slowest-first)' \
            '*--exclude=[Leave out notebooks whose name or path matches; can be repeated]:PATTERN:' \
            '*--junit=[Write a report for CI servers]:FILE:_files' \
            '*--html=[Write a report for people]:FILE:_files' \
            '*--json=[Write a report for programs]:FILE:_files' \
            '*--last-failed[Run only notebooks that did not succeed in the last run, or by a report of --json]' \
            '*--list[Print which notebooks would be run, and which not, and why; run nothing]' \
            '*--detach[Run in the background: return once the kernel runs, and print the run'\''s ID]' \
            '*--log=[Write the progress to this file, each line with its time]:FILE:_files' \
            '*--log-format=[Choose the format of the log; without --log, it goes to standard error]:plain|json:(plain json)' \
            '*--status=[Keep the state of the run in this file, as one JSON document]:FILE:_files' \
            '*--then=[Run this shell command after the run; can be repeated]:COMMAND:' \
            '*--on-success=[Run this shell command after the run if it succeeded; can be repeated]:COMMAND:' \
            '*--on-failure=[Run this shell command after the run if it failed; can be repeated]:COMMAND:' \
            '*--execute[Run the notebook; '\''galley nbconvert'\'' only converts it without]' \
            '*--to=[Write a notebook; '\''galley nbconvert'\'' also writes other formats]:notebook:' \
            '*--stdin[Read the notebook from standard input]' \
            '*--debug[Has no effect]' \
            '*--log-level=[Print only problems if the level is ERROR or above]:LEVEL:' \
            '*--nbformat=[Write this version of the format]:4:' \
            '*--coalesce-streams[Has no effect: a run always joins the outputs of a stream]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    check)
        _arguments -s : \
            '*--kernel=[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*-k[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*--kernel-fallback[If the kernel is not installed, use the only kernel of the notebook'\''s language]' \
            '*--cwd=[Run the kernel in this directory, not in the notebook'\''s]:DIR:_files -/' \
            '*--env=[Set an environment variable for the kernel; can be repeated]:NAME=VALUE:' \
            '*--as-owner[As root, run each notebook as its owner, which is the default]' \
            '*--as-caller[As root, run with root'\''s rights, even the notebook of another user]' \
            '*--as-user=[As root, run as this user]:USER:_users' \
            '*--keep-kernel[Keep the kernel running after the run, and print how to use and end it]' \
            '*--keep-kernel-on-failure[Keep the kernel running if the run fails]' \
            '*--leave-children[Do not end the processes that the notebook started]' \
            '*--timeout=[Limit the time of each cell]:TIME:' \
            '*--total-timeout=[Limit the time of the whole run]:TIME:' \
            '*--idle-timeout=[Limit the time in which a running cell has no output]:TIME:' \
            '*--startup-timeout=[Limit the time in which the kernel starts]:TIME:' \
            '*--on-timeout=[At a time limit, end the run, or interrupt the cell and run the next one]:stop|interrupt:(stop interrupt)' \
            '*--grace=[Kill a kernel that ignores an interrupt for this long]:TIME:' \
            '*--allow-errors[Continue after any error]' \
            '*--allow-error=[Continue after errors of this name; can be repeated]:NAME:' \
            '*--allow-lost-output[Continue, with a warning, if outputs of a cell do not arrive from a server]' \
            '*--start-at=[Start at this cell: a number, a tag or an ID]:CELL:' \
            '*--stop-after=[Stop after this cell: a number, a tag or an ID]:CELL:' \
            '*--only=[Run only cells with this tag; can be repeated]:TAG:' \
            '*--cells=[Run only these code cells, counted from 1; can be repeated]:NUMBERS:' \
            '*--no-timing[Do not write the times at which cells ran into the notebook]' \
            '*--record[Write into the notebook'\''s metadata how the run went]' \
            '*--collapse-progress[Keep only the last state of a progress bar]' \
            '*--max-output=[Keep at most this much output of each cell, and cut the rest]:SIZE:' \
            '*--server=[Use the kernels of this Jupyter server, hub or gateway; see '\''galley help servers'\'']:URL:' \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--login-url=[Log in by opening this signed address once]:URL:' \
            '*--login-url-file=[Log in by opening the signed address in this file once]:FILE:_files' \
            '*--hub-stop[Stop the user'\''s server of a hub at the end, if Galley has started it]' \
            '*--existing=[Use a running kernel: its connection file, its ID in '\''galley runs'\'' or '\''galley kernels'\'', or newest]:FILE|ID:_files' \
            '*-p[Set a parameter of the notebook: a number, True, False, None, or a text; also '\''-p days 7'\'']:NAME=VALUE:' \
            '*-r[Set a parameter to a text, also if it looks like a number]:NAME=VALUE:' \
            '*--params-file=[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-f[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-y[Set the parameters of a YAML text]:YAML:' \
            '*-b[Set the parameters of a YAML text in base64]:BASE64:' \
            '*--param-env=[Set a parameter to the kernel'\''s environment variable; its value is never saved]:NAME=VARIABLE:' \
            '*--secret=[Pass this parameter in the kernel'\''s environment, so that its value is never saved]:NAME:' \
            '*--strict-params[Refuse a parameter that the notebook does not declare]' \
            '*--no-type-check[Do not compare values with the types in the notebook]' \
            '*--answer=[Answer input() with this line; can be repeated]:TEXT:' \
            '*--stream[Show what cells print]' \
            '*--quiet[Print only problems]' \
            '*-q[Print only problems]' \
            '*--events=[Write the events of the run as JSON lines]:FILE:_files' \
            '*--input=[Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated]:PLACE:' \
            '*--collect=[Store the files that the run makes and that match beside its result; can be repeated]:PATTERN:' \
            '*--jobs=[Run N notebooks at a time, by default one per processor]:N:' \
            '*-j[Run N notebooks at a time, by default one per processor]:N:' \
            '*--memory-per-kernel=[Start a kernel only if this much memory is free; the default is what earlier kernels used]:SIZE:' \
            '*--fail-fast[Start no further notebook after a failure]' \
            '*--max-failures=[Start no further notebook after N failures]:N:' \
            '*--retries=[Run a notebook again, up to N times, if its kernel did not start or died]:N:' \
            '*--shard=[Run part M of N parts of about equal duration]:M/N:' \
            '*--order=[Run notebooks in the given order, or first those that took longest in earlier runs]:as-given|slowest-first:(as-given slowest-first)' \
            '*--exclude=[Leave out notebooks whose name or path matches; can be repeated]:PATTERN:' \
            '*--junit=[Write a report for CI servers]:FILE:_files' \
            '*--html=[Write a report for people]:FILE:_files' \
            '*--json=[Write a report for programs]:FILE:_files' \
            '*--last-failed[Run only notebooks that did not succeed in the last run, or by a report of --json]' \
            '*--list[Print which notebooks would be run, and which not, and why; run nothing]' \
            '*--detach[Run in the background: return once the kernel runs, and print the run'\''s ID]' \
            '*--log=[Write the progress to this file, each line with its time]:FILE:_files' \
            '*--log-format=[Choose the format of the log; without --log, it goes to standard error]:plain|json:(plain json)' \
            '*--status=[Keep the state of the run in this file, as one JSON document]:FILE:_files' \
            '*--then=[Run this shell command after the run; can be repeated]:COMMAND:' \
            '*--on-success=[Run this shell command after the run if it succeeded; can be repeated]:COMMAND:' \
            '*--on-failure=[Run this shell command after the run if it failed; can be repeated]:COMMAND:' \
            '*--execute[Run the notebook; '\''galley nbconvert'\'' only converts it without]' \
            '*--to=[Write a notebook; '\''galley nbconvert'\'' also writes other formats]:notebook:' \
            '*--stdin[Read the notebook from standard input]' \
            '*--debug[Has no effect]' \
            '*--log-level=[Print only problems if the level is ERROR or above]:LEVEL:' \
            '*--nbformat=[Write this version of the format]:4:' \
            '*--coalesce-streams[Has no effect: a run always joins the outputs of a stream]' \
            '*--lax[Compare only cells marked with nbval-check-output]' \
            '*--update[Write new outputs that differ into the notebooks]' \
            '*--nbval[Has no effect]' \
            '*--nbval-cell-timeout=[Limit the time of each cell]:TIME:' \
            '*--nbval-kernel-startup-timeout=[Limit the time in which the kernel starts]:TIME:' \
            '*--nbval-kernel-name=[Use this kernel]:KERNEL:_galley_list kernels' \
            '*--sanitize-with=[Replace text before it is compared, by nbval'\''s file of regular expressions]:FILE:_files' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    nbconvert)
        _arguments -s : \
            '*--kernel=[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*-k[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*--kernel-fallback[If the kernel is not installed, use the only kernel of the notebook'\''s language]' \
            '*--cwd=[Run the kernel in this directory, not in the notebook'\''s]:DIR:_files -/' \
            '*--env=[Set an environment variable for the kernel; can be repeated]:NAME=VALUE:' \
            '*--as-owner[As root, run each notebook as its owner, which is the default]' \
            '*--as-caller[As root, run with root'\''s rights, even the notebook of another user]' \
            '*--as-user=[As root, run as this user]:USER:_users' \
            '*--keep-kernel[Keep the kernel running after the run, and print how to use and end it]' \
            '*--keep-kernel-on-failure[Keep the kernel running if the run fails]' \
            '*--leave-children[Do not end the processes that the notebook started]' \
            '*--timeout=[Limit the time of each cell]:TIME:' \
            '*--total-timeout=[Limit the time of the whole run]:TIME:' \
            '*--idle-timeout=[Limit the time in which a running cell has no output]:TIME:' \
            '*--startup-timeout=[Limit the time in which the kernel starts]:TIME:' \
            '*--on-timeout=[At a time limit, end the run, or interrupt the cell and run the next one]:stop|interrupt:(stop interrupt)' \
            '*--grace=[Kill a kernel that ignores an interrupt for this long]:TIME:' \
            '*--allow-errors[Continue after any error]' \
            '*--allow-error=[Continue after errors of this name; can be repeated]:NAME:' \
            '*--allow-lost-output[Continue, with a warning, if outputs of a cell do not arrive from a server]' \
            '*--start-at=[Start at this cell: a number, a tag or an ID]:CELL:' \
            '*--stop-after=[Stop after this cell: a number, a tag or an ID]:CELL:' \
            '*--only=[Run only cells with this tag; can be repeated]:TAG:' \
            '*--cells=[Run only these code cells, counted from 1; can be repeated]:NUMBERS:' \
            '*--no-timing[Do not write the times at which cells ran into the notebook]' \
            '*--record[Write into the notebook'\''s metadata how the run went]' \
            '*--collapse-progress[Keep only the last state of a progress bar]' \
            '*--max-output=[Keep at most this much output of each cell, and cut the rest]:SIZE:' \
            '*--server=[Use the kernels of this Jupyter server, hub or gateway; see '\''galley help servers'\'']:URL:' \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--login-url=[Log in by opening this signed address once]:URL:' \
            '*--login-url-file=[Log in by opening the signed address in this file once]:FILE:_files' \
            '*--hub-stop[Stop the user'\''s server of a hub at the end, if Galley has started it]' \
            '*--existing=[Use a running kernel: its connection file, its ID in '\''galley runs'\'' or '\''galley kernels'\'', or newest]:FILE|ID:_files' \
            '*-p[Set a parameter of the notebook: a number, True, False, None, or a text; also '\''-p days 7'\'']:NAME=VALUE:' \
            '*-r[Set a parameter to a text, also if it looks like a number]:NAME=VALUE:' \
            '*--params-file=[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-f[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-b[Set the parameters of a YAML text in base64]:BASE64:' \
            '*--param-env=[Set a parameter to the kernel'\''s environment variable; its value is never saved]:NAME=VARIABLE:' \
            '*--secret=[Pass this parameter in the kernel'\''s environment, so that its value is never saved]:NAME:' \
            '*--strict-params[Refuse a parameter that the notebook does not declare]' \
            '*--prepare-only[Save the notebook with its parameters, and do not run it]' \
            '*--no-type-check[Do not compare values with the types in the notebook]' \
            '*--inplace[Write the result into the notebook, saved during the run]' \
            '*--output=[Write the result to this file, or to an s3:// object]:FILE:_files' \
            '*-o[Write the result to this file, or to an s3:// object]:FILE:_files' \
            '*--output-dir=[Write the results into this folder]:DIR:_files -/' \
            '*--stdout[Write the result to standard output]' \
            '*--answer=[Answer input() with this line; can be repeated]:TEXT:' \
            '*--stream[Show what cells print]' \
            '*--quiet[Print only problems]' \
            '*-q[Print only problems]' \
            '*--events=[Write the events of the run as JSON lines]:FILE:_files' \
            '*--input=[Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated]:PLACE:' \
            '*--collect=[Store the files that the run makes and that match beside its result; can be repeated]:PATTERN:' \
            '*--matrix=[Run each notebook once for each of these values, or each combination]:NAME=VALUES:' \
            '*--each=[Run each notebook once for each row of this file, in CSV, JSON or YAML]:FILE:_files' \
            '*--jobs=[Run N notebooks at a time, by default one per processor]:N:' \
            '*-j[Run N notebooks at a time, by default one per processor]:N:' \
            '*--memory-per-kernel=[Start a kernel only if this much memory is free; the default is what earlier kernels used]:SIZE:' \
            '*--fail-fast[Start no further notebook after a failure]' \
            '*--max-failures=[Start no further notebook after N failures]:N:' \
            '*--retries=[Run a notebook again, up to N times, if its kernel did not start or died]:N:' \
            '*--shard=[Run part M of N parts of about equal duration]:M/N:' \
            '*--order=[Run notebooks in the given order, or first those that took longest in earlier runs]:as-given|slowest-first:(as-given slowest-first)' \
            '*--exclude=[Leave out notebooks whose name or path matches; can be repeated]:PATTERN:' \
            '*--junit=[Write a report for CI servers]:FILE:_files' \
            '*--html=[Write a report for people]:FILE:_files' \
            '*--json=[Write a report for programs]:FILE:_files' \
            '*--last-failed[Run only notebooks that did not succeed in the last run, or by a report of --json]' \
            '*--list[Print which notebooks would be run, and which not, and why; run nothing]' \
            '*--detach[Run in the background: return once the kernel runs, and print the run'\''s ID]' \
            '*--log=[Write the progress to this file, each line with its time]:FILE:_files' \
            '*--log-format=[Choose the format of the log; without --log, it goes to standard error]:plain|json:(plain json)' \
            '*--status=[Keep the state of the run in this file, as one JSON document]:FILE:_files' \
            '*--then=[Run this shell command after the run; can be repeated]:COMMAND:' \
            '*--on-success=[Run this shell command after the run if it succeeded; can be repeated]:COMMAND:' \
            '*--on-failure=[Run this shell command after the run if it failed; can be repeated]:COMMAND:' \
            '*--execute[Run the notebook; '\''galley nbconvert'\'' only converts it without]' \
            '*--stdin[Read the notebook from standard input]' \
            '*--debug[Has no effect]' \
            '*--log-level=[Print only problems if the level is ERROR or above]:LEVEL:' \
            '*--nbformat=[Write this version of the format]:4:' \
            '*--coalesce-streams[Has no effect: a run always joins the outputs of a stream]' \
            '*--to=[Convert to this format]:notebook|html|markdown|script|python:(notebook html markdown script python)' \
            '*--no-input[Leave out code and execution counts]' \
            '*--no-prompt[Leave out execution counts]' \
            '*--clear-output[Leave out outputs and execution counts]' \
            '*--embed-images[Put pictures into Markdown instead of files beside it]' \
            '*--remove-cells=[Leave out cells with this tag; can be repeated]:TAG:' \
            '*--remove-outputs=[Leave out the outputs of cells with this tag; can be repeated]:TAG:' \
            '*--remove-output=[Leave out outputs with this tag; can be repeated]:TAG:' \
            '*--remove-inputs=[Leave out the source of cells with this tag; can be repeated]:TAG:' \
            '*--remove-matching=[Leave out cells that begin as this regular expression of Python says]:REGEX:' \
            '*--parameters-yaml=[Set the parameters of a YAML text]:YAML:' \
            '*-y[Has no effect: Galley asks no questions]' \
            '*--config=[Read settings from this file, in JSON or with lines such as c.Exporter.name = 5]:FILE:_files' \
            '*--sanitize-html[Has no effect: Galley always removes what could harm a reader]' \
            '*--show-input[Has no effect: code is shown unless another option hides it]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    papermill)
        _arguments -s : \
            '*--kernel=[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*-k[Use this kernel, or the Python environment at this path]:KERNEL:_galley_list kernels' \
            '*--kernel-fallback[If the kernel is not installed, use the only kernel of the notebook'\''s language]' \
            '*--cwd=[Run the kernel in this directory, not in the notebook'\''s]:DIR:_files -/' \
            '*--env=[Set an environment variable for the kernel; can be repeated]:NAME=VALUE:' \
            '*--as-owner[As root, run each notebook as its owner, which is the default]' \
            '*--as-caller[As root, run with root'\''s rights, even the notebook of another user]' \
            '*--as-user=[As root, run as this user]:USER:_users' \
            '*--keep-kernel[Keep the kernel running after the run, and print how to use and end it]' \
            '*--keep-kernel-on-failure[Keep the kernel running if the run fails]' \
            '*--leave-children[Do not end the processes that the notebook started]' \
            '*--timeout=[Limit the time of each cell]:TIME:' \
            '*--total-timeout=[Limit the time of the whole run]:TIME:' \
            '*--idle-timeout=[Limit the time in which a running cell has no output]:TIME:' \
            '*--startup-timeout=[Limit the time in which the kernel starts]:TIME:' \
            '*--on-timeout=[At a time limit, end the run, or interrupt the cell and run the next one]:stop|interrupt:(stop interrupt)' \
            '*--grace=[Kill a kernel that ignores an interrupt for this long]:TIME:' \
            '*--allow-errors[Continue after any error]' \
            '*--allow-error=[Continue after errors of this name; can be repeated]:NAME:' \
            '*--allow-lost-output[Continue, with a warning, if outputs of a cell do not arrive from a server]' \
            '*--start-at=[Start at this cell: a number, a tag or an ID]:CELL:' \
            '*--stop-after=[Stop after this cell: a number, a tag or an ID]:CELL:' \
            '*--only=[Run only cells with this tag; can be repeated]:TAG:' \
            '*--cells=[Run only these code cells, counted from 1; can be repeated]:NUMBERS:' \
            '*--no-timing[Do not write the times at which cells ran into the notebook]' \
            '*--record[Write into the notebook'\''s metadata how the run went]' \
            '*--collapse-progress[Keep only the last state of a progress bar]' \
            '*--max-output=[Keep at most this much output of each cell, and cut the rest]:SIZE:' \
            '*--server=[Use the kernels of this Jupyter server, hub or gateway; see '\''galley help servers'\'']:URL:' \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--login-url=[Log in by opening this signed address once]:URL:' \
            '*--login-url-file=[Log in by opening the signed address in this file once]:FILE:_files' \
            '*--hub-stop[Stop the user'\''s server of a hub at the end, if Galley has started it]' \
            '*--existing=[Use a running kernel: its connection file, its ID in '\''galley runs'\'' or '\''galley kernels'\'', or newest]:FILE|ID:_files' \
            '*-p[Set a parameter of the notebook: a number, True, False, None, or a text; also '\''-p days 7'\'']:NAME=VALUE:' \
            '*-r[Set a parameter to a text, also if it looks like a number]:NAME=VALUE:' \
            '*--params-file=[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-f[Set the parameters of a YAML or JSON file]:FILE:_files' \
            '*-y[Set the parameters of a YAML text]:YAML:' \
            '*-b[Set the parameters of a YAML text in base64]:BASE64:' \
            '*--param-env=[Set a parameter to the kernel'\''s environment variable; its value is never saved]:NAME=VARIABLE:' \
            '*--secret=[Pass this parameter in the kernel'\''s environment, so that its value is never saved]:NAME:' \
            '*--strict-params[Refuse a parameter that the notebook does not declare]' \
            '*--help-notebook[List the parameters of the notebook; see also '\''galley inspect'\'']' \
            '*--prepare-only[Save the notebook with its parameters, and do not run it]' \
            '*--no-type-check[Do not compare values with the types in the notebook]' \
            '*--answer=[Answer input() with this line; can be repeated]:TEXT:' \
            '*--stream[Show what cells print]' \
            '*--quiet[Print only problems]' \
            '*-q[Print only problems]' \
            '*--events=[Write the events of the run as JSON lines]:FILE:_files' \
            '*--input=[Bring a file, or those of a folder or s3:// prefix, beside the notebook; can be repeated]:PLACE:' \
            '*--collect=[Store the files that the run makes and that match beside its result; can be repeated]:PATTERN:' \
            '*--matrix=[Run each notebook once for each of these values, or each combination]:NAME=VALUES:' \
            '*--each=[Run each notebook once for each row of this file, in CSV, JSON or YAML]:FILE:_files' \
            '*--jobs=[Run N notebooks at a time, by default one per processor]:N:' \
            '*-j[Run N notebooks at a time, by default one per processor]:N:' \
            '*--memory-per-kernel=[Start a kernel only if this much memory is free; the default is what earlier kernels used]:SIZE:' \
            '*--fail-fast[Start no further notebook after a failure]' \
            '*--max-failures=[Start no further notebook after N failures]:N:' \
            '*--retries=[Run a notebook again, up to N times, if its kernel did not start or died]:N:' \
            '*--shard=[Run part M of N parts of about equal duration]:M/N:' \
            '*--order=[Run notebooks in the given order, or first those that took longest in earlier runs]:as-given|slowest-first:(as-given slowest-first)' \
            '*--exclude=[Leave out notebooks whose name or path matches; can be repeated]:PATTERN:' \
            '*--junit=[Write a report for CI servers]:FILE:_files' \
            '*--html=[Write a report for people]:FILE:_files' \
            '*--json=[Write a report for programs]:FILE:_files' \
            '*--last-failed[Run only notebooks that did not succeed in the last run, or by a report of --json]' \
            '*--list[Print which notebooks would be run, and which not, and why; run nothing]' \
            '*--detach[Run in the background: return once the kernel runs, and print the run'\''s ID]' \
            '*--log=[Write the progress to this file, each line with its time]:FILE:_files' \
            '*--log-format=[Choose the format of the log; without --log, it goes to standard error]:plain|json:(plain json)' \
            '*--status=[Keep the state of the run in this file, as one JSON document]:FILE:_files' \
            '*--then=[Run this shell command after the run; can be repeated]:COMMAND:' \
            '*--on-success=[Run this shell command after the run if it succeeded; can be repeated]:COMMAND:' \
            '*--on-failure=[Run this shell command after the run if it failed; can be repeated]:COMMAND:' \
            '*--execute[Run the notebook; '\''galley nbconvert'\'' only converts it without]' \
            '*--to=[Write a notebook; '\''galley nbconvert'\'' also writes other formats]:notebook:' \
            '*--stdin[Read the notebook from standard input]' \
            '*--debug[Has no effect]' \
            '*--log-level=[Print only problems if the level is ERROR or above]:LEVEL:' \
            '*--nbformat=[Write this version of the format]:4:' \
            '*--coalesce-streams[Has no effect: a run always joins the outputs of a stream]' \
            '*--inject-input-path[Set PAPERMILL_INPUT_PATH to the path of the notebook]' \
            '*--inject-output-path[Set PAPERMILL_OUTPUT_PATH to the path of the result]' \
            '*--inject-paths[Set both PAPERMILL_INPUT_PATH and PAPERMILL_OUTPUT_PATH]' \
            '*--language=[Set the parameters in this language, not in the kernel'\''s]:LANGUAGE:' \
            '*-l[Set the parameters in this language, not in the kernel'\''s]:LANGUAGE:' \
            '*--report-mode[Hide the source of all code cells in JupyterLab]' \
            '*--no-report-mode[Show the source of cells, which is the default]' \
            '*--stdout-file=[Write what cells print to stdout also to this file]:FILE:_files' \
            '*--stderr-file=[Write what cells print to stderr also to this file]:FILE:_files' \
            '*--log-output[Show what cells print]' \
            '*--no-log-output[Do not show what cells print, which is the default]' \
            '*--progress-bar[Show the progress, which is the default]' \
            '*--no-progress-bar[Print only problems]' \
            '*--version[Show the version]' \
            '*--engine=[Has no effect: Galley is the engine]:NAME:' \
            '*--request-save-on-cell-execute[Has no effect: the result is saved during the run]' \
            '*--no-request-save-on-cell-execute[Has no effect: the result is saved during the run]' \
            '*--autosave-cell-every=[Has no effect: the result is saved during the run]:SECONDS:' \
            '*--prepare-execute[Run the notebook, which is the default]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    export)
        _arguments -s : \
            '*--to=[Convert to this format]:notebook|html|markdown|script|python:(notebook html markdown script python)' \
            '*--no-input[Leave out code and execution counts]' \
            '*--no-prompt[Leave out execution counts]' \
            '*--clear-output[Leave out outputs and execution counts]' \
            '*--embed-images[Put pictures into Markdown instead of files beside it]' \
            '*--remove-cells=[Leave out cells with this tag; can be repeated]:TAG:' \
            '*--remove-outputs=[Leave out the outputs of cells with this tag; can be repeated]:TAG:' \
            '*--remove-output=[Leave out outputs with this tag; can be repeated]:TAG:' \
            '*--remove-inputs=[Leave out the source of cells with this tag; can be repeated]:TAG:' \
            '*--remove-matching=[Leave out cells that begin as this regular expression of Python says]:REGEX:' \
            '*--output=[Write the result to this file]:FILE:_files' \
            '*-o[Write the result to this file]:FILE:_files' \
            '*--output-dir=[Write the results into this folder]:DIR:_files -/' \
            '*--stdout[Write the result to standard output]' \
            '*--stdin[Read the notebook from standard input]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    clean)
        _arguments -s : \
            '*--inplace[Write the clean notebook into the file]' \
            '*--all[Also remove times, the state of widgets, and what --record has written]' \
            '*--list[Print which notebooks would be changed, and which not, and why; write nothing]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    inspect)
        _arguments -s : \
            '*--json[Print the lists as JSON]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:notebook:_files -g "*.ipynb"' ;;
    kernels)
        _arguments -s : \
            '*--json[Print the list as JSON]' \
            '*--server=[Use the kernels of this Jupyter server, hub or gateway; see '\''galley help servers'\'']:URL:' \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--login-url=[Log in by opening this signed address once]:URL:' \
            '*--login-url-file=[Log in by opening the signed address in this file once]:FILE:_files' \
            '*--help[Show this page]' \
            '*-h[Show this page]' ;;
    terminal)
        _arguments -s : \
            '*--server=[Use the kernels of this Jupyter server, hub or gateway; see '\''galley help servers'\'']:URL:' \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--login-url=[Log in by opening this signed address once]:URL:' \
            '*--login-url-file=[Log in by opening the signed address in this file once]:FILE:_files' \
            '*--cwd=[Run the command in this folder of the server]:DIR:_files -/' \
            '*--timeout=[End the command after this time]:TIME:' \
            '*--help[Show this page]' \
            '*-h[Show this page]' ;;
    runs)
        _arguments -s : \
            '*--running[List only runs that have not ended, without kept kernels]' \
            '*--json[Print the list as JSON]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' ;;
    stop)
        _arguments -s : \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:run:_galley_list runs' ;;
    wait)
        _arguments -s : \
            '*--token-file=[Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN]:FILE:_files' \
            '*--password-file=[Log in with the password in this file]:FILE:_files' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:run:_galley_list runs' ;;
    help)
        _arguments -s : \
            '*--man[Print the manual page as roff, for man(1)]' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:command or topic:(execute check nbconvert papermill export clean inspect kernels terminal runs stop wait help completions version options exit-statuses batch selection parameters results background git limits servers stores files compatibility)' ;;
    completions)
        _arguments -s : \
            '*--list=[Print the names of the kernels, or the IDs of the runs, for such a script]:kernels|runs:(kernels runs)' \
            '*--help[Show this page]' \
            '*-h[Show this page]' \
            '*:word:(bash zsh fish)' ;;
    version)
        _arguments -s : \
            '*--help[Show this page]' \
            '*-h[Show this page]' ;;
    esac
}

if [[ $funcstack[1] == _galley ]]; then _galley "$@"; else compdef _galley galley; fi
