#!/bin/bash
# A lifecycle script for a notebook instance with a git repository: in the background, it runs a notebook of the
# repository, pushes the executed notebook to a branch, and stops the instance. To change a setting, edit the text after
# its ":-".
# It uses the git credentials of the notebooks' user, and keeps them out of its own commands and logs.
set -u
# The user's clone. The script works in a folder of its own, so files that the user is editing stay as they are.
REPOSITORY=${REPOSITORY:-/home/ec2-user/SageMaker/reports}
NOTEBOOK=${NOTEBOOK:-report.ipynb}
# The branch that is run, and the branch that gets the results.
BRANCH=${BRANCH:-main} RESULTS=${RESULTS:-galley-results}
GALLEY=${GALLEY:-/home/ec2-user/SageMaker/bin/galley}
# The kernel's name, such as conda_python3; empty for the kernel that the notebook names.
KERNEL=${KERNEL:-}
LIMIT=${LIMIT:-8h}
NOTEBOOK_USER=${NOTEBOOK_USER:-ec2-user}
# A folder on the volume that survives a restart. While its file KEEP-RUNNING exists, the instance is not stopped.
WORK=${WORK:-/home/ec2-user/SageMaker/galley-git}
# The functions below become this program, which only root can change.
SELF=${SELF:-/usr/local/bin/galley-git}
# How often the script tries to push and to stop, and the seconds between two attempts.
ATTEMPTS=${ATTEMPTS:-60} PAUSE=${PAUSE:-15}
# shellcheck disable=SC2016
STOP=${STOP:-'aws sagemaker stop-notebook-instance --notebook-instance-name \
    "$(jq -r .ResourceName /opt/ml/metadata/resource-metadata.json)"'}
# Without this, git would wait for a password when it has none.
export GIT_TERMINAL_PROMPT=0
PATH=$PATH:/usr/local/bin

# Runs a command until it succeeds. The platform refuses to stop an instance that is still starting.
persist() {
    local attempt
    for ((attempt = 1; attempt <= ATTEMPTS; attempt++)); do
        "$@" && return
        sleep "$PAUSE"
    done
    return 1
}

stop_instance() {
    git -C "$REPOSITORY" worktree remove --force "$WORK/tree"
    [ -e "$WORK/KEEP-RUNNING" ] && return
    persist sh -c "$STOP" || echo "The instance could not be stopped; stop it yourself: $STOP"
}

# Adds the notebook to the next commit. A result that another program's change put beside it is added too.
add() {
    git config user.name >/dev/null || export GIT_AUTHOR_NAME=Galley GIT_COMMITTER_NAME=Galley
    git config user.email >/dev/null || export GIT_AUTHOR_EMAIL=galley@localhost GIT_COMMITTER_EMAIL=galley@localhost
    git add -- "$NOTEBOOK" "$(dirname "$NOTEBOOK")"/*.ipynb
}

# Keeps a commit that is not pushed in a branch of the clone.
keep() {
    local branch
    branch=$RESULTS-unpushed-$(date -u +%Y%m%dT%H%M%SZ)
    git update-ref "refs/heads/$branch" "$1"
    echo "$2 It is in the branch $branch of $REPOSITORY."
}

# Keeps what an interrupted run has saved.
keep_interrupted() {
    local tree
    cd "$WORK/tree" && add && tree=$(git write-tree) || return
    [ "$tree" = "$(git rev-parse 'HEAD^{tree}')" ] ||
        keep "$(git commit-tree "$tree" -p HEAD -m "Run $NOTEBOOK: interrupted")" "A run was interrupted."
}

# Commits the notebook on top of both branches, without a merge that could conflict, and pushes the commit.
push() {
    local parents tree
    parents=(-p "$(git rev-parse HEAD)")
    if git -C "$REPOSITORY" fetch --quiet origin "+refs/heads/$RESULTS:refs/remotes/origin/$RESULTS" 2>/dev/null; then
        parents=(-p "$(git rev-parse "refs/remotes/origin/$RESULTS")" "${parents[@]}")
    fi
    tree=$(git write-tree) && commit=$(git commit-tree "$tree" "${parents[@]}" -m "Run $NOTEBOOK: $GALLEY_STATUS") &&
        git -C "$REPOSITORY" push --quiet origin "$commit:refs/heads/$RESULTS"
}

# The end of the run: Galley sets GALLEY_STATUS.
finish() {
    cd "$WORK" && exec >>git.log 2>&1
    if cd tree; then
        add
        persist push || keep "$commit" "The result could not be pushed to $RESULTS."
    fi
    cd "$WORK" || return
    stop_instance
}

start() {
    mkdir -p "$WORK" && cd "$WORK" || return
    exec >>git.log 2>&1
    if [ -e tree ]; then
        (keep_interrupted)
        git -C "$REPOSITORY" worktree remove --force "$WORK/tree"
    fi
    if persist git -C "$REPOSITORY" fetch --quiet origin "$BRANCH" &&
        git -C "$REPOSITORY" worktree add --quiet --detach --force "$WORK/tree" FETCH_HEAD; then
        "$GALLEY" execute --inplace --detach --quiet --total-timeout "$LIMIT" ${KERNEL:+--kernel "$KERNEL"} \
            --log run.jsonl --log-format json --then "exec '$SELF' finish" "tree/$NOTEBOOK" >/dev/null
        # With status 2, Galley rejected its command line. A program that is missing, or of another system, does not
        # run at all. Otherwise Galley runs finish.
        [ $? = 2 ] || ! "$GALLEY" --version >/dev/null || return
    else
        echo "$BRANCH of $REPOSITORY could not be fetched. Is the repository cloned there, with credentials for git?"
    fi
    stop_instance
}

{
    echo '#!/bin/bash'
    declare -p PATH REPOSITORY NOTEBOOK BRANCH RESULTS GALLEY KERNEL LIMIT WORK SELF ATTEMPTS PAUSE STOP
    declare -f persist stop_instance add keep keep_interrupted push finish start
    echo '"$@"'
} >"$SELF" && chmod 755 "$SELF"
# The platform allows five minutes for this script, so the work goes on in the background.
# shellcheck disable=SC2016
setsid bash -c 'ldconfig -p | grep -q "libzmq\.so\.5" || timeout 600 yum install -y -q zeromq
    exec runuser -u "$1" -- env HOME="$2" "$3" start' - "$NOTEBOOK_USER" \
    "$(getent passwd "$NOTEBOOK_USER" | cut -d: -f6)" "$SELF" </dev/null >/dev/null 2>&1 &
