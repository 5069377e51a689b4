#!/bin/bash
# The common lifecycle script for scheduled notebooks, with the word "jupyter" replaced by "galley". You can remove the
# lines with "source": Galley finds the kernels of Conda environments without them.
set -e

ENVIRONMENT=${ENVIRONMENT:-python3}
NOTEBOOK_FILE=${NOTEBOOK_FILE:-/home/ec2-user/SageMaker/report.ipynb}
ANACONDA=${ANACONDA:-/home/ec2-user/anaconda3}
PATH=$PATH:${GALLEY_FOLDER:-/home/ec2-user/SageMaker/bin}

source "$ANACONDA/bin/activate" "$ENVIRONMENT"

nohup galley nbconvert  --to notebook --inplace --ExecutePreprocessor.timeout=600 --ExecutePreprocessor.kernel_name=python3 --execute "$NOTEBOOK_FILE" &

source "$ANACONDA/bin/deactivate"
