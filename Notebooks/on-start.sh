#!/bin/bash
# A lifecycle script for a managed notebook instance: when the instance starts, the script runs a notebook in the
# background, and stops the instance when the notebook has ended. To change a setting, edit the text after its ":-".
#
# The platform runs the script as root, without a terminal, for at most five minutes. The script ends as soon as the
# notebook runs. The kernel and all processes that it starts run as the notebook's owner.
set -u

notebook=${NOTEBOOK:-/home/ec2-user/SageMaker/report.ipynb}
# A path on the volume that survives a restart.
galley=${GALLEY:-/home/ec2-user/SageMaker/bin/galley}
# The kernel's name, such as conda_python3; empty for the kernel that the notebook names.
kernel=${KERNEL:-}
limit=${LIMIT:-8h}
logs=${LOGS:-/home/ec2-user/SageMaker/logs}
stop=${STOP:-'aws sagemaker stop-notebook-instance --notebook-instance-name "$(jq -r .ResourceName /opt/ml/metadata/resource-metadata.json)"'}
# The platform may refuse for a while, for example when the instance still starts. The pauses add up to half an hour.
stop="for pause in ${PAUSES:-0 15 30 60 120 240 480 960}; do sleep \$pause; { $stop; } && break; done"

# To work on the instance without a run, create this file.
keep=$(dirname "$notebook")/KEEP-RUNNING
if [ -e "$keep" ]; then
    echo "$keep exists, so no notebook is run"
    exit 0
fi

# The owner creates the folder, because root would follow a symbolic link that the owner may have put there.
owner=$(stat -c %U "$notebook" 2>/dev/null || stat -c %U "$(dirname "$notebook")")
runuser -u "$owner" -- mkdir -p "$logs" || logs=$(mktemp -d)
name=$(basename "$notebook" .ipynb)

# The output goes to the log of the lifecycle script. The instance is stopped after any end of the run, even if the run
# does not start, because an idle instance costs money.
"$galley" execute --inplace --detach --stream --total-timeout "$limit" ${kernel:+--kernel "$kernel"} \
    --log "$logs/$name.run.log" --status "$logs/$name.status.json" --then "$stop" "$notebook"
status=$?
# With status 2, Galley rejected its command line. A program that is missing, or of another system, does not run at all.
# Then Galley does not stop the instance itself. The pauses may take longer than the platform allows for this script.
if [ "$status" = 2 ] || ! "$galley" --version >/dev/null 2>&1; then
    setsid sh -c "$stop" </dev/null >/dev/null 2>&1 &
fi
exit "$status"
