#!/bin/bash
# A lifecycle script for a managed notebook instance: when the instance starts it runs a notebook in the background, and
# when the notebook has ended it stops the instance. Change what stands behind the first ":-" of each setting.
#
# The platform runs it as root, without a terminal, and wants it to end within five minutes: it ends as soon as the
# notebook runs. The kernel runs as the notebook's owner, and so does everything that it starts.
set -u

notebook=${NOTEBOOK:-/home/ec2-user/SageMaker/report.ipynb}
# Where the volume is that outlives a restart.
galley=${GALLEY:-/home/ec2-user/SageMaker/bin/galley}
# The kernel by its name, such as conda_python3; none for the one that the notebook names.
kernel=${KERNEL:-}
limit=${LIMIT:-8h}
logs=${LOGS:-/home/ec2-user/SageMaker/logs}
stop=${STOP:-'aws sagemaker stop-notebook-instance --notebook-instance-name "$(jq -r .ResourceName /opt/ml/metadata/resource-metadata.json)"'}

# For a day on which somebody wants to work on the instance.
keep=$(dirname "$notebook")/KEEP-RUNNING
if [ -e "$keep" ]; then
    echo "$keep is there, so nothing is run"
    exit 0
fi

# Made by the user, since root would follow whatever links the user has put there.
owner=$(stat -c %U "$notebook" 2>/dev/null || stat -c %U "$(dirname "$notebook")")
runuser -u "$owner" -- mkdir -p "$logs" || logs=$(mktemp -d)
name=$(basename "$notebook" .ipynb)

# What is printed gets into the log of the lifecycle script. The stop comes however the notebook ends, also when it does
# not even begin: an instance that nobody uses costs money.
"$galley" execute --inplace --detach --stream --total-timeout "$limit" ${kernel:+--kernel "$kernel"} \
    --log "$logs/$name.run.log" --status "$logs/$name.status.json" --then "$stop" "$notebook"
status=$?
# With these Galley was not there, or did not understand what was asked of it.
case $status in 2 | 126 | 127) sh -c "$stop" ;; esac
exit "$status"
