"""Starts the notebook instance if messages wait in its queue. EventBridge calls the function once a minute."""

import os

import boto3


def handler(event, context):
    queue, instance = os.environ["QUEUE"], os.environ["INSTANCE"]
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    if int(attributes["ApproximateNumberOfMessages"]) == 0:
        return "no message waits"
    sagemaker = boto3.client("sagemaker")
    answer = sagemaker.describe_notebook_instance(NotebookInstanceName=instance)
    status = answer["NotebookInstanceStatus"]
    if status == "Failed":
        # An error of the function raises the alarm. The messages stay in the queue.
        raise RuntimeError(f"The instance {instance} has failed: {answer.get('FailureReason')}")
    if status != "Stopped":
        # A running instance takes the messages itself. One that is stopping is started by a later call.
        return status
    sagemaker.start_notebook_instance(NotebookInstanceName=instance)
    return "started"
