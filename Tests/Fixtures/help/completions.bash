# Completions of galley for bash. Load them in ~/.bashrc: source <(galley completions bash)

_galley_candidates() {
    case $kind in
    files) compgen -f -- "$current" ;;
    folders) compgen -d -- "$current" ;;
    notebooks)
        compgen -f -X '!*.ipynb' -- "$current"
        compgen -d -- "$current" ;;
    users) compgen -u -- "$current" ;;
    kernels | runs) compgen -W "$("$program" completions --list "$kind" 2>/dev/null)" -- "$current" ;;
    words) compgen -W "$words" -- "$current" ;;
    esac
}

_galley() {
    local program=$1 command=${COMP_WORDS[1]} current=${COMP_WORDS[COMP_CWORD]}
    local flag=${COMP_WORDS[COMP_CWORD - 1]} kind=words words= flags=
    # A flag and its value are three words if an equals sign joins them.
    if [[ $flag == = ]]; then flag=${COMP_WORDS[COMP_CWORD - 2]}; fi
    if [[ $current == = ]]; then current=; fi
    if ((COMP_CWORD == 1)); then
        words='execute check nbconvert papermill export clean inspect kernels terminal runs stop wait help completions version --help -h --version -V'
    else
        case $command in
        execute)
            flags='--kernel -k --kernel-fallback --cwd --env --as-owner --as-caller --as-user --keep-kernel --keep-kernel-on-failure --leave-children --timeout --total-timeout --idle-timeout --startup-timeout --on-timeout --grace --allow-errors --allow-error --allow-lost-output --start-at --stop-after --only --cells --no-timing --record --collapse-progress --max-output --server --token-file --password-file --login-url --login-url-file --hub-stop --existing -p -r --params-file -f -y -b --param-env --secret --strict-params --help-notebook --prepare-only --no-type-check --inplace --output -o --output-dir --stdout --answer --stream --quiet -q --events --input --collect --matrix --each --jobs -j --memory-per-kernel --fail-fast --max-failures --retries --shard --order --exclude --junit --html --json --last-failed --list --detach --log --log-format --status --then --on-success --on-failure --execute --to --stdin --debug --log-level --nbformat --coalesce-streams --help -h'
            case $flag in
            --kernel | -k | --kernel_name | --kernel-name | --ExecutePreprocessor.kernel_name | --NbClientApp.kernel_name | --NotebookClient.kernel_name) kind=kernels ;;
            --cwd | --output-dir) kind=folders ;;
            --env | --ExecutePreprocessor.extra_arguments | --NbClientApp.extra_arguments | --NotebookClient.extra_arguments | --timeout | --execution-timeout | --ExecutePreprocessor.timeout | --NbClientApp.timeout | --NotebookClient.timeout | --total-timeout | --idle-timeout | --startup-timeout | --startup_timeout | --start-timeout | --start_timeout | --ExecutePreprocessor.startup_timeout | --NbClientApp.startup_timeout | --NotebookClient.startup_timeout | --grace | --allow-error | --start-at | --stop-after | --only | --cells | --ExecutePreprocessor.skip_cells_with_tag | --NbClientApp.skip_cells_with_tag | --NotebookClient.skip_cells_with_tag | --ExecutePreprocessor.allow_error_names | --NbClientApp.allow_error_names | --NotebookClient.allow_error_names | --max-output | --server | --login-url | -p | --parameters | --param | -r | --parameters-raw | --parameters_raw | -y | --parameters-yaml | --parameters_yaml | -b | --parameters-base64 | --parameters_base64 | --param-env | --secret | --answer | --input | --collect | --matrix | --jobs | -j | --memory-per-kernel | --max-failures | --retries | --shard | --exclude | --then | --on-success | --on-failure | --to | --log-level | --Application.log_level | --NbConvertApp.log_level | --nbformat | --NotebookExporter.nbformat_version | --ExecutePreprocessor.ipython_hist_file | --NbClientApp.ipython_hist_file | --NotebookClient.ipython_hist_file | --ExecutePreprocessor.iopub_timeout | --NbClientApp.iopub_timeout | --NotebookClient.iopub_timeout | --KernelManager.shutdown_wait_time) kind=value ;;
            --as-user) kind=users ;;
            --on-timeout) kind=words words='stop interrupt' ;;
            --ExecutePreprocessor.allow_errors | --NbClientApp.allow_errors | --NotebookClient.allow_errors | --ExecutePreprocessor.record_timing | --NbClientApp.record_timing | --NotebookClient.record_timing | --ExecutePreprocessor.store_widget_state | --NbClientApp.store_widget_state | --NotebookClient.store_widget_state | --ExecutePreprocessor.enabled | --NbClientApp.enabled | --NotebookClient.enabled | --ExecutePreprocessor.force_raise_errors | --NbClientApp.force_raise_errors | --NotebookClient.force_raise_errors | --ExecutePreprocessor.interrupt_on_timeout | --NbClientApp.interrupt_on_timeout | --NotebookClient.interrupt_on_timeout | --ExecutePreprocessor.coalesce_streams | --NbClientApp.coalesce_streams | --NotebookClient.coalesce_streams | --ExecutePreprocessor.raise_on_iopub_timeout | --NbClientApp.raise_on_iopub_timeout | --NotebookClient.raise_on_iopub_timeout) kind=words words='True False' ;;
            --token-file | --password-file | --login-url-file | --existing | --params-file | -f | --parameters-file | --parameters_file | --output | -o | --events | --each | --junit | --html | --json | --log | --status) kind=files ;;
            --order) kind=words words='as-given slowest-first' ;;
            --log-format) kind=words words='plain json' ;;
            --KernelManager.transport) kind=words words='ipc tcp' ;;
            --ExecutePreprocessor.shutdown_kernel | --NbClientApp.shutdown_kernel | --NotebookClient.shutdown_kernel) kind=words words='graceful immediate' ;;
            *) kind=notebooks ;;
            esac ;;
        check)
            flags='--kernel -k --kernel-fallback --cwd --env --as-owner --as-caller --as-user --keep-kernel --keep-kernel-on-failure --leave-children --timeout --total-timeout --idle-timeout --startup-timeout --on-timeout --grace --allow-errors --allow-error --allow-lost-output --start-at --stop-after --only --cells --no-timing --record --collapse-progress --max-output --server --token-file --password-file --login-url --login-url-file --hub-stop --existing -p -r --params-file -f -y -b --param-env --secret --strict-params --no-type-check --answer --stream --quiet -q --events --input --collect --jobs -j --memory-per-kernel --fail-fast --max-failures --retries --shard --order --exclude --junit --html --json --last-failed --list --detach --log --log-format --status --then --on-success --on-failure --execute --to --stdin --debug --log-level --nbformat --coalesce-streams --lax --update --nbval --nbval-cell-timeout --nbval-kernel-startup-timeout --nbval-kernel-name --sanitize-with --help -h'
            case $flag in
            --kernel | -k | --kernel_name | --kernel-name | --ExecutePreprocessor.kernel_name | --NbClientApp.kernel_name | --NotebookClient.kernel_name | --nbval-kernel-name) kind=kernels ;;
            --cwd) kind=folders ;;
            --env | --ExecutePreprocessor.extra_arguments | --NbClientApp.extra_arguments | --NotebookClient.extra_arguments | --timeout | --execution-timeout | --ExecutePreprocessor.timeout | --NbClientApp.timeout | --NotebookClient.timeout | --total-timeout | --idle-timeout | --startup-timeout | --startup_timeout | --start-timeout | --start_timeout | --ExecutePreprocessor.startup_timeout | --NbClientApp.startup_timeout | --NotebookClient.startup_timeout | --grace | --allow-error | --start-at | --stop-after | --only | --cells | --ExecutePreprocessor.skip_cells_with_tag | --NbClientApp.skip_cells_with_tag | --NotebookClient.skip_cells_with_tag | --ExecutePreprocessor.allow_error_names | --NbClientApp.allow_error_names | --NotebookClient.allow_error_names | --max-output | --server | --login-url | -p | --parameters | --param | -r | --parameters-raw | --parameters_raw | -y | --parameters-yaml | --parameters_yaml | -b | --parameters-base64 | --parameters_base64 | --param-env | --secret | --answer | --input | --collect | --jobs | -j | --memory-per-kernel | --max-failures | --retries | --shard | --exclude | --then | --on-success | --on-failure | --to | --log-level | --Application.log_level | --NbConvertApp.log_level | --nbformat | --NotebookExporter.nbformat_version | --ExecutePreprocessor.ipython_hist_file | --NbClientApp.ipython_hist_file | --NotebookClient.ipython_hist_file | --ExecutePreprocessor.iopub_timeout | --NbClientApp.iopub_timeout | --NotebookClient.iopub_timeout | --KernelManager.shutdown_wait_time | --nbval-cell-timeout | --nbval-kernel-startup-timeout) kind=value ;;
            --as-user) kind=users ;;
            --on-timeout) kind=words words='stop interrupt' ;;
            --ExecutePreprocessor.allow_errors | --NbClientApp.allow_errors | --NotebookClient.allow_errors | --ExecutePreprocessor.record_timing | --NbClientApp.record_timing | --NotebookClient.record_timing | --ExecutePreprocessor.store_widget_state | --NbClientApp.store_widget_state | --NotebookClient.store_widget_state | --ExecutePreprocessor.enabled | --NbClientApp.enabled | --NotebookClient.enabled | --ExecutePreprocessor.force_raise_errors | --NbClientApp.force_raise_errors | --NotebookClient.force_raise_errors | --ExecutePreprocessor.interrupt_on_timeout | --NbClientApp.interrupt_on_timeout | --NotebookClient.interrupt_on_timeout | --ExecutePreprocessor.coalesce_streams | --NbClientApp.coalesce_streams | --NotebookClient.coalesce_streams | --ExecutePreprocessor.raise_on_iopub_timeout | --NbClientApp.raise_on_iopub_timeout | --NotebookClient.raise_on_iopub_timeout) kind=words words='True False' ;;
            --token-file | --password-file | --login-url-file | --existing | --params-file | -f | --parameters-file | --parameters_file | --events | --junit | --html | --json | --log | --status | --sanitize-with | --nbval-sanitize-with) kind=files ;;
            --order) kind=words words='as-given slowest-first' ;;
            --log-format) kind=words words='plain json' ;;
            --KernelManager.transport) kind=words words='ipc tcp' ;;
            --ExecutePreprocessor.shutdown_kernel | --NbClientApp.shutdown_kernel | --NotebookClient.shutdown_kernel) kind=words words='graceful immediate' ;;
            *) kind=notebooks ;;
            esac ;;
        nbconvert)
            flags='--kernel -k --kernel-fallback --cwd --env --as-owner --as-caller --as-user --keep-kernel --keep-kernel-on-failure --leave-children --timeout --total-timeout --idle-timeout --startup-timeout --on-timeout --grace --allow-errors --allow-error --allow-lost-output --start-at --stop-after --only --cells --no-timing --record --collapse-progress --max-output --server --token-file --password-file --login-url --login-url-file --hub-stop --existing -p -r --params-file -f -b --param-env --secret --strict-params --prepare-only --no-type-check --inplace --output -o --output-dir --stdout --answer --stream --quiet -q --events --input --collect --matrix --each --jobs -j --memory-per-kernel --fail-fast --max-failures --retries --shard --order --exclude --junit --html --json --last-failed --list --detach --log --log-format --status --then --on-success --on-failure --execute --stdin --debug --log-level --nbformat --coalesce-streams --to --no-input --no-prompt --clear-output --embed-images --remove-cells --remove-outputs --remove-output --remove-inputs --remove-matching --parameters-yaml -y --config --sanitize-html --show-input --help -h'
            case $flag in
            --kernel | -k | --kernel_name | --kernel-name | --ExecutePreprocessor.kernel_name | --NbClientApp.kernel_name | --NotebookClient.kernel_name) kind=kernels ;;
            --cwd | --output-dir | --FilesWriter.build_directory) kind=folders ;;
            --env | --ExecutePreprocessor.extra_arguments | --NbClientApp.extra_arguments | --NotebookClient.extra_arguments | --timeout | --execution-timeout | --ExecutePreprocessor.timeout | --NbClientApp.timeout | --NotebookClient.timeout | --total-timeout | --idle-timeout | --startup-timeout | --startup_timeout | --start-timeout | --start_timeout | --ExecutePreprocessor.startup_timeout | --NbClientApp.startup_timeout | --NotebookClient.startup_timeout | --grace | --allow-error | --start-at | --stop-after | --only | --cells | --ExecutePreprocessor.skip_cells_with_tag | --NbClientApp.skip_cells_with_tag | --NotebookClient.skip_cells_with_tag | --ExecutePreprocessor.allow_error_names | --NbClientApp.allow_error_names | --NotebookClient.allow_error_names | --max-output | --server | --login-url | -p | --parameters | --param | -r | --parameters-raw | --parameters_raw | -b | --parameters-base64 | --parameters_base64 | --param-env | --secret | --answer | --input | --collect | --matrix | --jobs | -j | --memory-per-kernel | --max-failures | --retries | --shard | --exclude | --then | --on-success | --on-failure | --log-level | --Application.log_level | --NbConvertApp.log_level | --nbformat | --NotebookExporter.nbformat_version | --ExecutePreprocessor.ipython_hist_file | --NbClientApp.ipython_hist_file | --NotebookClient.ipython_hist_file | --ExecutePreprocessor.iopub_timeout | --NbClientApp.iopub_timeout | --NotebookClient.iopub_timeout | --KernelManager.shutdown_wait_time | --remove-cells | --TagRemovePreprocessor.remove_cell_tags | --remove-outputs | --TagRemovePreprocessor.remove_all_outputs_tags | --remove-output | --TagRemovePreprocessor.remove_single_output_tags | --remove-inputs | --TagRemovePreprocessor.remove_input_tags | --remove-matching | --RegexRemovePreprocessor.patterns | --parameters-yaml | --HTMLExporter.theme | --theme) kind=value ;;
            --as-user) kind=users ;;
            --on-timeout) kind=words words='stop interrupt' ;;
            --ExecutePreprocessor.allow_errors | --NbClientApp.allow_errors | --NotebookClient.allow_errors | --ExecutePreprocessor.record_timing | --NbClientApp.record_timing | --NotebookClient.record_timing | --ExecutePreprocessor.store_widget_state | --NbClientApp.store_widget_state | --NotebookClient.store_widget_state | --ExecutePreprocessor.enabled | --NbClientApp.enabled | --NotebookClient.enabled | --ExecutePreprocessor.force_raise_errors | --NbClientApp.force_raise_errors | --NotebookClient.force_raise_errors | --ExecutePreprocessor.interrupt_on_timeout | --NbClientApp.interrupt_on_timeout | --NotebookClient.interrupt_on_timeout | --ExecutePreprocessor.coalesce_streams | --NbClientApp.coalesce_streams | --NotebookClient.coalesce_streams | --ExecutePreprocessor.raise_on_iopub_timeout | --NbClientApp.raise_on_iopub_timeout | --NotebookClient.raise_on_iopub_timeout | --TemplateExporter.exclude_input | --HTMLExporter.exclude_input | --MarkdownExporter.exclude_input | --ScriptExporter.exclude_input | --PythonExporter.exclude_input | --TemplateExporter.exclude_input_prompt | --HTMLExporter.exclude_input_prompt | --MarkdownExporter.exclude_input_prompt | --ScriptExporter.exclude_input_prompt | --PythonExporter.exclude_input_prompt | --TemplateExporter.exclude_output | --HTMLExporter.exclude_output | --MarkdownExporter.exclude_output | --ScriptExporter.exclude_output | --PythonExporter.exclude_output | --TemplateExporter.exclude_output_prompt | --HTMLExporter.exclude_output_prompt | --MarkdownExporter.exclude_output_prompt | --ScriptExporter.exclude_output_prompt | --PythonExporter.exclude_output_prompt | --ClearOutputPreprocessor.enabled | --HTMLExporter.embed_images | --TagRemovePreprocessor.enabled | --RegexRemovePreprocessor.enabled | --HTMLExporter.sanitize_html) kind=words words='True False' ;;
            --token-file | --password-file | --login-url-file | --existing | --params-file | -f | --parameters-file | --parameters_file | --output | -o | --events | --each | --junit | --html | --json | --log | --status | --config | --NbConvertApp.output_base) kind=files ;;
            --order) kind=words words='as-given slowest-first' ;;
            --log-format) kind=words words='plain json' ;;
            --KernelManager.transport) kind=words words='ipc tcp' ;;
            --ExecutePreprocessor.shutdown_kernel | --NbClientApp.shutdown_kernel | --NotebookClient.shutdown_kernel) kind=words words='graceful immediate' ;;
            --to | --NbConvertApp.export_format) kind=words words='notebook html markdown script python' ;;
            *) kind=notebooks ;;
            esac ;;
        papermill)
            flags='--kernel -k --kernel-fallback --cwd --env --as-owner --as-caller --as-user --keep-kernel --keep-kernel-on-failure --leave-children --timeout --total-timeout --idle-timeout --startup-timeout --on-timeout --grace --allow-errors --allow-error --allow-lost-output --start-at --stop-after --only --cells --no-timing --record --collapse-progress --max-output --server --token-file --password-file --login-url --login-url-file --hub-stop --existing -p -r --params-file -f -y -b --param-env --secret --strict-params --help-notebook --prepare-only --no-type-check --answer --stream --quiet -q --events --input --collect --matrix --each --jobs -j --memory-per-kernel --fail-fast --max-failures --retries --shard --order --exclude --junit --html --json --last-failed --list --detach --log --log-format --status --then --on-success --on-failure --execute --to --stdin --debug --log-level --nbformat --coalesce-streams --inject-input-path --inject-output-path --inject-paths --language -l --report-mode --no-report-mode --stdout-file --stderr-file --log-output --no-log-output --progress-bar --no-progress-bar --version --engine --request-save-on-cell-execute --no-request-save-on-cell-execute --autosave-cell-every --prepare-execute --help -h'
            case $flag in
            --kernel | -k | --kernel_name | --kernel-name | --ExecutePreprocessor.kernel_name | --NbClientApp.kernel_name | --NotebookClient.kernel_name) kind=kernels ;;
            --cwd) kind=folders ;;
            --env | --ExecutePreprocessor.extra_arguments | --NbClientApp.extra_arguments | --NotebookClient.extra_arguments | --timeout | --execution-timeout | --ExecutePreprocessor.timeout | --NbClientApp.timeout | --NotebookClient.timeout | --total-timeout | --idle-timeout | --startup-timeout | --startup_timeout | --start-timeout | --start_timeout | --ExecutePreprocessor.startup_timeout | --NbClientApp.startup_timeout | --NotebookClient.startup_timeout | --grace | --allow-error | --start-at | --stop-after | --only | --cells | --ExecutePreprocessor.skip_cells_with_tag | --NbClientApp.skip_cells_with_tag | --NotebookClient.skip_cells_with_tag | --ExecutePreprocessor.allow_error_names | --NbClientApp.allow_error_names | --NotebookClient.allow_error_names | --max-output | --server | --login-url | -p | --parameters | --param | -r | --parameters-raw | --parameters_raw | -y | --parameters-yaml | --parameters_yaml | -b | --parameters-base64 | --parameters_base64 | --param-env | --secret | --answer | --input | --collect | --matrix | --jobs | -j | --memory-per-kernel | --max-failures | --retries | --shard | --exclude | --then | --on-success | --on-failure | --to | --log-level | --Application.log_level | --NbConvertApp.log_level | --nbformat | --NotebookExporter.nbformat_version | --ExecutePreprocessor.ipython_hist_file | --NbClientApp.ipython_hist_file | --NotebookClient.ipython_hist_file | --ExecutePreprocessor.iopub_timeout | --NbClientApp.iopub_timeout | --NotebookClient.iopub_timeout | --KernelManager.shutdown_wait_time | --language | -l | --engine | --autosave-cell-every) kind=value ;;
            --as-user) kind=users ;;
            --on-timeout) kind=words words='stop interrupt' ;;
            --ExecutePreprocessor.allow_errors | --NbClientApp.allow_errors | --NotebookClient.allow_errors | --ExecutePreprocessor.record_timing | --NbClientApp.record_timing | --NotebookClient.record_timing | --ExecutePreprocessor.store_widget_state | --NbClientApp.store_widget_state | --NotebookClient.store_widget_state | --ExecutePreprocessor.enabled | --NbClientApp.enabled | --NotebookClient.enabled | --ExecutePreprocessor.force_raise_errors | --NbClientApp.force_raise_errors | --NotebookClient.force_raise_errors | --ExecutePreprocessor.interrupt_on_timeout | --NbClientApp.interrupt_on_timeout | --NotebookClient.interrupt_on_timeout | --ExecutePreprocessor.coalesce_streams | --NbClientApp.coalesce_streams | --NotebookClient.coalesce_streams | --ExecutePreprocessor.raise_on_iopub_timeout | --NbClientApp.raise_on_iopub_timeout | --NotebookClient.raise_on_iopub_timeout) kind=words words='True False' ;;
            --token-file | --password-file | --login-url-file | --existing | --params-file | -f | --parameters-file | --parameters_file | --events | --each | --junit | --html | --json | --log | --status | --stdout-file | --stderr-file) kind=files ;;
            --order) kind=words words='as-given slowest-first' ;;
            --log-format) kind=words words='plain json' ;;
            --KernelManager.transport) kind=words words='ipc tcp' ;;
            --ExecutePreprocessor.shutdown_kernel | --NbClientApp.shutdown_kernel | --NotebookClient.shutdown_kernel) kind=words words='graceful immediate' ;;
            *) kind=notebooks ;;
            esac ;;
        export)
            flags='--to --no-input --no-prompt --clear-output --embed-images --remove-cells --remove-outputs --remove-output --remove-inputs --remove-matching --output -o --output-dir --stdout --stdin --help -h'
            case $flag in
            --to | --NbConvertApp.export_format) kind=words words='notebook html markdown script python' ;;
            --TemplateExporter.exclude_input | --HTMLExporter.exclude_input | --MarkdownExporter.exclude_input | --ScriptExporter.exclude_input | --PythonExporter.exclude_input | --TemplateExporter.exclude_input_prompt | --HTMLExporter.exclude_input_prompt | --MarkdownExporter.exclude_input_prompt | --ScriptExporter.exclude_input_prompt | --PythonExporter.exclude_input_prompt | --TemplateExporter.exclude_output | --HTMLExporter.exclude_output | --MarkdownExporter.exclude_output | --ScriptExporter.exclude_output | --PythonExporter.exclude_output | --TemplateExporter.exclude_output_prompt | --HTMLExporter.exclude_output_prompt | --MarkdownExporter.exclude_output_prompt | --ScriptExporter.exclude_output_prompt | --PythonExporter.exclude_output_prompt | --ClearOutputPreprocessor.enabled | --HTMLExporter.embed_images | --TagRemovePreprocessor.enabled | --RegexRemovePreprocessor.enabled) kind=words words='True False' ;;
            --remove-cells | --TagRemovePreprocessor.remove_cell_tags | --remove-outputs | --TagRemovePreprocessor.remove_all_outputs_tags | --remove-output | --TagRemovePreprocessor.remove_single_output_tags | --remove-inputs | --TagRemovePreprocessor.remove_input_tags | --remove-matching | --RegexRemovePreprocessor.patterns) kind=value ;;
            --output | -o) kind=files ;;
            --output-dir) kind=folders ;;
            *) kind=notebooks ;;
            esac ;;
        clean)
            flags='--inplace --all --list --help -h'
            case $flag in
            *) kind=notebooks ;;
            esac ;;
        inspect)
            flags='--json --help -h'
            case $flag in
            *) kind=notebooks ;;
            esac ;;
        kernels)
            flags='--json --server --token-file --password-file --login-url --login-url-file --help -h'
            case $flag in
            --server | --login-url) kind=value ;;
            --token-file | --password-file | --login-url-file) kind=files ;;
            *) kind=words words='' ;;
            esac ;;
        terminal)
            flags='--server --token-file --password-file --login-url --login-url-file --cwd --timeout --help -h'
            case $flag in
            --server | --login-url | --timeout) kind=value ;;
            --token-file | --password-file | --login-url-file) kind=files ;;
            --cwd) kind=folders ;;
            *) kind=words words='' ;;
            esac ;;
        runs)
            flags='--running --json --help -h'
            case $flag in
            *) kind=words words='' ;;
            esac ;;
        stop)
            flags='--token-file --password-file --help -h'
            case $flag in
            --token-file | --password-file) kind=files ;;
            *) kind=runs ;;
            esac ;;
        wait)
            flags='--token-file --password-file --help -h'
            case $flag in
            --token-file | --password-file) kind=files ;;
            *) kind=runs ;;
            esac ;;
        help)
            flags='--man --help -h'
            case $flag in
            *) kind=words words='execute check nbconvert papermill export clean inspect kernels terminal runs stop wait help completions version options exit-statuses batch selection parameters results background git limits servers stores files compatibility' ;;
            esac ;;
        completions)
            flags='--list --help -h'
            case $flag in
            --list) kind=words words='kernels runs' ;;
            *) kind=words words='bash zsh fish' ;;
            esac ;;
        version)
            flags='--help -h'
            case $flag in
            *) kind=words words='' ;;
            esac ;;
        *) return ;;
        esac
        if [[ $current == -* && $kind != value ]]; then kind=words words=$flags; fi
    fi
    if [[ $kind == files || $kind == folders || $kind == notebooks ]]; then compopt -o filenames 2>/dev/null; fi
    mapfile -t COMPREPLY < <(_galley_candidates)
}

complete -F _galley galley
