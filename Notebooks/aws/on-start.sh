#!/bin/bash
# The lifecycle script of schedule.yaml, which sets the first seven variables. In the background, as the user of the
# notebooks, it takes one message after the other from the queue and runs the notebook for each. It stops the instance
# when the queue is empty. A message is deleted when its result is in the bucket. If a run is interrupted, its message
# returns.
set -u
: "${BUCKET:?}" "${QUEUE:?}" "${INSTANCE:?}" "${LOG_GROUP:?}" "${NOTEBOOK:?}" "${CHECKSUM:?}" "${LIMIT_HOURS:?}"
# The kernel's name; empty for the kernel that the notebook names.
KERNEL=${KERNEL:-}
# The seconds with an empty queue after which the instance is stopped, and those between two attempts.
IDLE=${IDLE:-120} PAUSE=${PAUSE:-15}
NOTEBOOK_USER=${NOTEBOOK_USER:-ec2-user}
# A folder on the volume that survives a restart. While its file KEEP-RUNNING exists, the instance is not stopped.
WORK=${WORK:-/home/ec2-user/SageMaker/galley-schedule}
# The functions below become this program, which only root can change.
SELF=${SELF:-/usr/local/bin/galley-schedule}
PATH=$PATH:/usr/local/bin

# Sends the lines of standard input to the log group, each as one event.
record() {
    local folder part
    folder=$(mktemp -d)
    tail -n 5000 | split -l 100 - "$folder/"
    aws logs create-log-stream --log-group-name "$LOG_GROUP" --log-stream-name "$1" 2>"$folder.txt" ||
        grep -q ResourceAlreadyExists "$folder.txt" || cat "$folder.txt" >&2
    for part in "$folder"/*; do
        jq -Rnc --argjson now "$(date +%s%3N)" \
            '[inputs | select(. != "") | {timestamp: $now, message: .[:2500]}]' <"$part" >"$folder.txt"
        aws logs put-log-events --log-group-name "$LOG_GROUP" --log-stream-name "$1" \
            --log-events "file://$folder.txt" >/dev/null
    done
    rm -rf "$folder" "$folder.txt"
}

# Reports a problem. The alarm counts the lines with "alarm".
problem() {
    echo "$(date -u +%FT%TZ) $1" >&2
    jq -nc --arg message "$1" '{alarm: true, message: $message}' | record "$INSTANCE/problems"
}

# Gets the program from the bucket, unless the volume has it, and verifies its checksum.
fetch_program() {
    echo "$CHECKSUM  $WORK/galley" | sha256sum --check --status 2>/dev/null && return
    if ! aws s3 cp --only-show-errors "s3://$BUCKET/program/galley" "$WORK/galley.new"; then
        problem "s3://$BUCKET/program/galley cannot be read. Upload the program: aws s3 cp galley s3://$BUCKET/program/"
    elif ! echo "$CHECKSUM  $WORK/galley.new" | sha256sum --check --status; then
        problem "s3://$BUCKET/program/galley has another SHA-256 checksum than ProgramChecksum of the stack.\
 Upload the right program, or deploy the stack with the checksum of this one."
    else
        chmod 755 "$WORK/galley.new" && mv "$WORK/galley.new" "$WORK/galley"
        return
    fi
    rm -f "$WORK/galley.new"
    return 1
}

# Makes the message of the interrupted or failed run visible again after some seconds, or deletes it.
settle() {
    local receipt
    receipt=$(jq -r '.Messages[0].ReceiptHandle' "$WORK/message.json")
    if [ "$1" = delete ]; then
        aws sqs delete-message --queue-url "$QUEUE" --receipt-handle "$receipt"
    else
        aws sqs change-message-visibility --queue-url "$QUEUE" --receipt-handle "$receipt" --visibility-timeout "$1"
    fi || problem "The message of the run could not be changed; the notebook may run again for it."
    rm -f "$WORK/message.json"
}

# Runs the notebook for a message. Returns 0 if Galley runs the function finish at the end.
run() {
    local input name day
    printf '%s\n' "$1" >"$WORK/message.json"
    fetch_program || { settle "$PAUSE"; return 1; }
    # The object that arrived; empty for the schedule. The message's ID gives each attempt the same result.
    input=$(jq -r '.Messages[0].Body | fromjson | .detail
        | if .object.key then "s3://\(.bucket.name)/\(.object.key)" else "" end' "$WORK/message.json")
    # A console makes an object such as incoming/ for a folder.
    case $input in */) settle delete; return 1 ;; esac
    name=$(basename "${input:-schedule}" | LC_ALL=C tr -c 'A-Za-z0-9._\n-' _)
    name=$(basename "$NOTEBOOK" .ipynb)-${name:0:80}-$(jq -r '.Messages[0].MessageId[:8]' "$WORK/message.json")
    day=$(jq -r '.Messages[0].Attributes.SentTimestamp | tonumber / 1000 | floor | todate[:10]' "$WORK/message.json")
    "$WORK/galley" execute --detach --quiet --total-timeout "${LIMIT_HOURS}h" ${KERNEL:+--kernel "$KERNEL"} \
        --cwd "$WORK" --log "$WORK/$name.log" --log-format json --then "exec '$SELF' finish" \
        -r "input=$input" --output "s3://$BUCKET/results/$day/$name.ipynb" "s3://$BUCKET/$NOTEBOOK" >/dev/null
    # With these statuses, Galley did not start or rejected its command line, so it does not run finish.
    case $? in 2 | 126 | 127)
        problem "Galley did not start; see $WORK/schedule.log on the instance."
        settle "$PAUSE"
        return 1
        ;;
    esac
}

# The end of a run: Galley sets the variables GALLEY_….
finish() {
    local answer=$PAUSE alarm=true
    cd "$WORK" && exec >>schedule.log 2>&1
    case $GALLEY_STATUS in
    succeeded) answer=delete alarm=false ;;
    # The notebook ran and its result is saved, so another attempt would only repeat it.
    raised | exited | timed-out | kernel-died | output-lost) answer=delete ;;
    esac
    {
        [ -z "${GALLEY_LOG:-}" ] || cat "$GALLEY_LOG"
        jq -nc --argjson alarm "$alarm" --slurpfile message "$WORK/message.json" '{
            event: "run ended", $alarm, status: env.GALLEY_STATUS, exit: env.GALLEY_EXIT, notebook: env.GALLEY_NOTEBOOK,
            result: env.GALLEY_RESULT, attempt: $message[0].Messages[0].Attributes.ApproximateReceiveCount,
            object: ($message[0].Messages[0].Body | fromjson | .detail.object.key)}'
    } | record "$INSTANCE/$GALLEY_RUN"
    [ -z "${GALLEY_LOG:-}" ] || rm -f "$GALLEY_LOG"
    settle "$answer"
    take
}

# Takes messages until a run has begun, or until the queue is empty and the instance is stopped.
take() {
    local empty_since=$SECONDS message
    while :; do
        message=$(aws sqs receive-message --queue-url "$QUEUE" --wait-time-seconds $((IDLE < 20 ? IDLE : 20)) \
            --visibility-timeout $((LIMIT_HOURS * 3600 + 1800)) --attribute-names All --output json)
        if [[ $message == *ReceiptHandle* ]]; then
            run "$message" && return
            empty_since=$SECONDS
        elif [ "$(aws sagemaker describe-notebook-instance --notebook-instance-name "$INSTANCE" \
            --query NotebookInstanceStatus --output text)" != InService ]; then
            # The platform does not stop an instance that is not in service yet.
            sleep "$PAUSE"
            empty_since=$SECONDS
        elif ((SECONDS - empty_since >= IDLE)); then
            [ ! -e "$WORK/KEEP-RUNNING" ] &&
                aws sagemaker stop-notebook-instance --notebook-instance-name "$INSTANCE" && return
            sleep "$PAUSE"
        fi
    done
}

# The start of the instance. If its last stop interrupted a run, the run's message returns first.
start() {
    mkdir -p "$WORK" && cd "$WORK" || return
    exec >>schedule.log 2>&1
    [ ! -s message.json ] || settle 0
    take
}

{
    echo '#!/bin/bash'
    declare -p PATH BUCKET QUEUE INSTANCE LOG_GROUP NOTEBOOK CHECKSUM LIMIT_HOURS KERNEL IDLE PAUSE WORK SELF
    declare -f record problem fetch_program settle run finish take start
    echo '"$@"'
} >"$SELF" && chmod 755 "$SELF"
# The platform allows five minutes for this script, so the work goes on in the background.
# shellcheck disable=SC2016
setsid bash -c 'ldconfig -p | grep -q "libzmq\.so\.5" || timeout 600 yum install -y -q zeromq
    exec runuser -u "$1" -- env HOME="$2" "$3" start' - "$NOTEBOOK_USER" \
    "$(getent passwd "$NOTEBOOK_USER" | cut -d: -f6)" "$SELF" </dev/null >/dev/null 2>&1 &
