#!/bin/bash
# The lifecycle script of schedule.yaml, which sets the first seven variables. In the background, as the user of the
# notebooks, it takes one message after the other from the queue and runs the notebook for each. It stops the instance
# when the queue is empty. A message is deleted when its result is in the bucket. If a run is interrupted, its message
# returns.
set -u
: "${BUCKET:?}" "${QUEUE:?}" "${INSTANCE:?}" "${LOG_GROUP:?}" "${NOTEBOOK:?}" "${CHECKSUM:?}" "${LIMIT_HOURS:?}"
# The kernel's name; empty for the kernel that the notebook names.
KERNEL=${KERNEL:-}
# The seconds with an empty queue after which the instance is stopped, and those between two calls of a service.
IDLE=${IDLE:-120} PAUSE=${PAUSE:-15}
# The seconds after which a failed message returns, times the number of its attempts: an instance that stops meanwhile
# has stopped by then. How often the script tries to send what the log group refuses, before it stops the instance.
RETRY=${RETRY:-900} ATTEMPTS=${ATTEMPTS:-10}
NOTEBOOK_USER=${NOTEBOOK_USER:-ec2-user}
# A folder on the volume that survives a restart. While its file KEEP-RUNNING exists, the instance is not stopped.
WORK=${WORK:-/home/ec2-user/SageMaker/galley-schedule}
# The functions below become this program, which only root can change.
SELF=${SELF:-/usr/local/bin/galley-schedule}
PATH=$PATH:/usr/local/bin

# Sends the lines of standard input to a stream of the log group, each as one event. What cannot be sent stays on the
# volume for the next call and the next start. If the volume is full, it stays in the home, which a stop empties.
record() {
    local lines folder
    lines=$(mktemp)
    sed '/^$/d' | tail -n 5000 >"$lines"
    for folder in "$WORK/unsent" "$HOME/galley-unsent"; do
        mkdir -p "$folder" && split -l 100 --additional-suffix=".$1" "$lines" "$folder/$(date +%s%N)." && break
    done
    rm -f "$lines"
    send
}

# Sends the files that `record` has written: time.part.stream. Gives up after the second failure.
send() {
    local file stream made='' failures=0 events
    events=$(mktemp)
    for file in "$WORK/unsent"/* "$HOME/galley-unsent"/*; do
        [ -f "$file" ] || continue
        stream=${file##*/} stream=$INSTANCE/${stream#*.*.}
        [ "$stream" = "$made" ] ||
            aws logs create-log-stream --log-group-name "$LOG_GROUP" --log-stream-name "$stream" 2>"$events" ||
            grep -q ResourceAlreadyExists "$events" || cat "$events" >&2
        made=$stream
        # The alarm looks at the time of an event, so the time is that of the call.
        jq -Rnc --argjson now "$(date +%s%3N)" \
            '[inputs | select(. != "") | {timestamp: $now, message: .[:2500]}]' <"$file" >"$events"
        if aws logs put-log-events --log-group-name "$LOG_GROUP" --log-stream-name "$stream" \
            --log-events "file://$events" >/dev/null; then
            rm -f "$file"
        else
            ((++failures < 2)) || break
        fi
    done
    rm -f "$events"
    return "$failures"
}

# Reports a problem. The alarm counts the lines with "alarm".
problem() {
    echo "$(date -u +%FT%TZ) $1" >&2
    jq -nc --arg message "$1" '{alarm: true, message: $message}' | record problems
}

# Gets the program from the bucket, unless the volume has it, and verifies its checksum.
fetch_program() {
    echo "$CHECKSUM  $WORK/galley" | sha256sum --check --status 2>/dev/null && return
    if ! aws s3 cp --only-show-errors "s3://$BUCKET/program/galley" "$WORK/galley.new"; then
        problem "s3://$BUCKET/program/galley cannot be read. Upload the program: aws s3 cp galley s3://$BUCKET/program/"
    elif ! echo "$CHECKSUM  $WORK/galley.new" | sha256sum --check --status; then
        problem "s3://$BUCKET/program/galley has another SHA-256 checksum than ProgramChecksum of the stack.\
 Upload the right program, or deploy the stack with the checksum of this one."
    elif ! chmod 755 "$WORK/galley.new" || ! "$WORK/galley.new" --version >/dev/null 2>"$WORK/galley.txt"; then
        problem "s3://$BUCKET/program/galley does not run on this system: $(head -c 500 "$WORK/galley.txt")"
    else
        mv "$WORK/galley.new" "$WORK/galley" && return
    fi
    rm -f "$WORK/galley.new"
    return 1
}

# A member of the message in work, by a filter of jq.
member() { jq -j ".Messages[0] | $1" "$WORK/message.json"; }

# Deletes the message in work, or makes it visible again after some seconds; for "retry", they grow with the attempts.
settle() {
    local seconds=$1
    if [ "$1" = delete ]; then
        aws sqs delete-message --queue-url "$QUEUE" --receipt-handle "$(member .ReceiptHandle)"
    else
        [ "$1" != retry ] || seconds=$((RETRY * $(member .Attributes.ApproximateReceiveCount)))
        aws sqs change-message-visibility --queue-url "$QUEUE" --receipt-handle "$(member .ReceiptHandle)" \
            --visibility-timeout "$seconds"
    fi || problem "The message of the run could not be changed; the notebook may run again for it."
    rm -f "$WORK/message.json"
}

# Runs the notebook for a message. Returns 0 if Galley runs the function finish at the end.
run() {
    local input name day
    if ! printf '%s\n' "$1" >"$WORK/message.json"; then
        problem "$WORK cannot be written; is the volume full? The message returns after LimitHours."
        rm -f "$WORK/message.json"
        return 1
    fi
    fetch_program || { settle retry; return 1; }
    # The object that arrived; empty for the schedule. The point keeps line breaks at the end of a key.
    if ! input=$(member '.Body | fromjson | .detail
        | if .object.key then "s3://\(.bucket.name)/\(.object.key)" else "" end' && echo .); then
        problem "A message of the queue is no event: $(member .MessageId)"
        settle retry
        return 1
    fi
    input=${input%.}
    # A console makes an object such as incoming/ for a folder.
    case $input in */) settle delete; return 1 ;; esac
    name=${input##*/}
    name=$(printf %s "${name:-schedule}" | LC_ALL=C tr -c 'A-Za-z0-9._-' _)
    # The message's ID gives each attempt the same result.
    name=$(basename "$NOTEBOOK" .ipynb)-${name:0:80}-$(member '.MessageId[:8]')
    day=$(member '.Attributes.SentTimestamp | tonumber / 1000 | floor | todate[:10]')
    "$WORK/galley" execute --detach --quiet --total-timeout "${LIMIT_HOURS}h" ${KERNEL:+--kernel "$KERNEL"} \
        --cwd "$WORK" --log "$WORK/$name.log" --log-format json --then "exec '$SELF' finish" \
        -r "input=$input" --output "s3://$BUCKET/results/$day/$name.ipynb" "s3://$BUCKET/$NOTEBOOK" >/dev/null
    # With these statuses, Galley did not start or rejected its command line, so it does not run finish.
    case $? in 2 | 126 | 127)
        problem "Galley did not start; see $WORK/schedule.log on the instance."
        settle retry
        return 1
        ;;
    esac
}

# The end of a run: Galley sets the variables GALLEY_….
finish() {
    local answer=retry alarm=true
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
    } | record "$GALLEY_RUN"
    [ -z "${GALLEY_LOG:-}" ] || rm -f "$GALLEY_LOG"
    settle "$answer"
    take
}

# Waits while the instance starts or stops: a message that is taken then could lose an attempt, and the platform refuses
# to stop the instance. Every other answer ends the wait, also none, and so does a limit.
settled() {
    local count
    for ((count = 0; count < 40; count++)); do
        case $(aws sagemaker describe-notebook-instance --notebook-instance-name "$INSTANCE" \
            --query NotebookInstanceStatus --output text) in
        Pending | Stopping | Stopped | Updating) sleep "$PAUSE" ;;
        *) return ;;
        esac
    done
}

# Takes messages until a run has begun, or until the queue is empty and the instance is stopped.
take() {
    local empty_since=$SECONDS attempt=0 message
    while :; do
        settled
        message=$(aws sqs receive-message --queue-url "$QUEUE" --wait-time-seconds $((IDLE < 20 ? IDLE : 20)) \
            --visibility-timeout $((LIMIT_HOURS * 3600 + 1800)) --attribute-names All --output json) || sleep "$PAUSE"
        if [[ $message == *ReceiptHandle* ]]; then
            run "$message" && return
            empty_since=$SECONDS attempt=0
        elif ((SECONDS - empty_since >= IDLE)) && [ ! -e "$WORK/KEEP-RUNNING" ]; then
            attempt=$((attempt + 1))
            if send || ((attempt > ATTEMPTS)); then
                aws sagemaker stop-notebook-instance --notebook-instance-name "$INSTANCE" && return
                ((attempt != ATTEMPTS + 1)) ||
                    problem "The instance cannot be stopped and goes on costing money. Stop it yourself: $INSTANCE"
            fi
            sleep $((PAUSE * (attempt < 20 ? attempt : 20)))
        fi
    done
}

# The start of the instance. If its last stop interrupted a run, the run's message returns first.
start() {
    mkdir -p "$WORK" && cd "$WORK" || return
    exec >>schedule.log 2>&1
    send
    [ ! -s message.json ] || settle 0
    take
}

{
    echo '#!/bin/bash'
    declare -p PATH BUCKET QUEUE INSTANCE LOG_GROUP NOTEBOOK CHECKSUM LIMIT_HOURS KERNEL IDLE PAUSE RETRY ATTEMPTS
    declare -p WORK SELF
    declare -f record send problem fetch_program member settle run finish settled take start
    echo '"$@"'
} >"$SELF" && chmod 755 "$SELF"
# The platform allows five minutes for this script, so the work goes on in the background.
# shellcheck disable=SC2016
setsid bash -c 'ldconfig -p | grep -q "libzmq\.so\.5" || timeout 600 yum install -y -q zeromq
    exec runuser -u "$1" -- env HOME="$2" "$3" start' - "$NOTEBOOK_USER" \
    "$(getent passwd "$NOTEBOOK_USER" | cut -d: -f6)" "$SELF" </dev/null >/dev/null 2>&1 &
