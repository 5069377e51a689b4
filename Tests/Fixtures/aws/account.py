"""An imitation of a cloud account by moto, with the stack of Notebooks/aws/schedule.yaml.

usage: account.py FOLDER [PARAMETER=VALUE ...]

FOLDER holds schedule.yaml and start_instance.py; the parameters are those of the template. Prints the port. Then each line
of standard input is a JSON array of a command and its arguments, and is answered with a line of JSON; see `Account`.
From the command "rights" on, the account checks signatures and rights.
"""

import ast
import base64
import importlib.util
import json
import logging
import os
import sys
import warnings
from pathlib import Path

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
# moto knows no alarms, filters of logs, subscriptions and policies of queues, and says so.
answers, errors = sys.stdout, sys.stderr
sys.stdout = sys.stderr = open(os.devnull, "w")
warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
region = "eu-central-1"
os.environ.update(
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_DEFAULT_REGION=region,
    AWS_ACCESS_KEY_ID="first", AWS_SECRET_ACCESS_KEY="first", AWS_CONFIG_FILE="/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE="/nonexistent")

import boto3  # noqa: E402
import moto.settings  # noqa: E402

stack = "galley"
boto3.client("cloudformation").create_stack(
    StackName=stack, TemplateBody=(folder / "schedule.yaml").read_text(), Capabilities=["CAPABILITY_IAM"],
    Parameters=[
        {"ParameterKey": name, "ParameterValue": value}
        for name, _, value in (argument.partition("=") for argument in sys.argv[2:])])


class Account:
    def __init__(self):
        cloudformation = boto3.client("cloudformation")
        answer = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        self.status = answer["StackStatus"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in answer["Outputs"]}
        self.resources = {
            resource["LogicalResourceId"]: resource
            for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
            if "LogicalResourceId" in resource}
        # moto ignores the name that the template gives to the instance, so the test makes one with the right name.
        sagemaker = boto3.client("sagemaker")
        sagemaker.create_notebook_instance(
            NotebookInstanceName=stack, InstanceType="ml.t3.medium", RoleArn="arn:aws:iam::123456789012:role/instance")
        self.make_clients()
        function = self.functions.get_function_configuration(
            FunctionName=self.resources["StartFunction"]["PhysicalResourceId"])
        self.function_variables = function["Environment"]["Variables"]
        # moto's schedules match every event, so their targets are removed; `tick` and `function` stand for them.
        self.schedule_targets = [self.remove_targets(name) for name in ("ScheduleRule", "EveryMinute")][0]
        # moto leaves this property of the template out.
        self.s3.put_bucket_notification_configuration(
            Bucket=self.outputs["Bucket"], NotificationConfiguration={"EventBridgeConfiguration": {}})

    def make_clients(self):
        for name in ("s3", "sqs", "sagemaker", "logs", "iam", "lambda", "events"):
            setattr(self, name.replace("lambda", "functions"), boto3.client(name))

    def remove_targets(self, name):
        rule = self.resources[name]["PhysicalResourceId"]
        targets = self.events.list_targets_by_rule(Rule=rule)["Targets"]
        self.events.remove_targets(Rule=rule, Ids=[target["Id"] for target in targets])
        return targets

    def stack_status(self):
        return {"status": self.status, "types": sorted(r["ResourceType"] for r in self.resources.values())}

    def outputs_of_stack(self):
        return self.outputs

    def script(self, path):
        """Writes the lifecycle script of the stack into a file."""
        found = self.sagemaker.describe_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=self.resources["Lifecycle"]["PhysicalResourceId"].split("/")[-1])
        text = found["OnStart"][0]["Content"]
        Path(path).write_bytes(base64.b64decode(text))
        return len(text)

    def rights(self):
        """Returns the keys of a user who has the rights of the instance's role, and checks all rights from now on."""
        role = self.resources["InstanceRole"]["PhysicalResourceId"]
        policy = self.iam.get_role_policy(RoleName=role, PolicyName="run-the-notebook")["PolicyDocument"]
        # moto stores the policy of a template as Python writes it.
        policy = ast.literal_eval(policy) if isinstance(policy, str) else policy
        for statement in policy["Statement"]:
            # moto knows the resources of requests to S3 only.
            if "s3:" not in json.dumps(statement["Action"]):
                statement["Resource"] = "*"
        keys = []
        for user, document in (
                ("instance", policy),
                ("administrator", {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "*", "Resource": "*"}]})):
            self.iam.create_user(UserName=user)
            self.iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=json.dumps(document))
            key = self.iam.create_access_key(UserName=user)["AccessKey"]
            keys.append([key["AccessKeyId"], key["SecretAccessKey"]])
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = keys[1]
        boto3.setup_default_session()
        self.make_clients()
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        return keys[0]

    def upload(self, key, path):
        self.s3.upload_file(path, self.outputs["Bucket"], key)

    def put(self, key, text):
        self.s3.put_object(Bucket=self.outputs["Bucket"], Key=key, Body=text.encode())

    def get(self, key):
        return self.s3.get_object(Bucket=self.outputs["Bucket"], Key=key)["Body"].read().decode()

    def keys(self, prefix):
        found = self.s3.list_objects_v2(Bucket=self.outputs["Bucket"], Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def tick(self):
        """Sends what EventBridge sends to the queue when the schedule's time has come."""
        name = self.schedule_targets[0]["Arn"].split(":")[-1]
        body = {"source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-11-30T06:00:00Z", "detail": {}}
        self.sqs.send_message(QueueUrl=self.sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=json.dumps(body))

    def function(self):
        """Calls the function of the stack with its environment, and returns its result or its error."""
        os.environ.update(self.function_variables)
        specification = importlib.util.spec_from_file_location("start_instance", folder / "start_instance.py")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        try:
            return module.handler({}, None)
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    def instance(self, status=None):
        """Returns the state of the instance; sets it first if one is given."""
        if status:
            from moto.sagemaker.models import sagemaker_backends

            sagemaker_backends["123456789012"][region].notebook_instances[stack].status = status
        return self.sagemaker.describe_notebook_instance(NotebookInstanceName=stack)["NotebookInstanceStatus"]

    def queues(self):
        """Returns the numbers of messages that wait, that are in work, and that have failed."""
        def count(queue, name):
            name = "ApproximateNumberOfMessages" + name
            attributes = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"]
            return int(attributes[name])

        queue = self.outputs["Queue"]
        return [count(queue, ""), count(queue, "NotVisible"), count(self.outputs["FailedQueue"], "")]

    def return_messages(self):
        """Makes the messages that are in work visible again, as their time does."""
        from moto.sqs.models import sqs_backends

        queue = sqs_backends["123456789012"][region].get_queue(self.outputs["Queue"].split("/")[-1])
        for message in queue._messages:
            message.visible_at = 0

    def dead_letters(self):
        """Returns the targets of the rules for events with the queue for what cannot be delivered."""
        object_targets = self.events.list_targets_by_rule(Rule=self.resources["ObjectRule"]["PhysicalResourceId"])
        return [
            [target["Arn"], target.get("DeadLetterConfig", {}).get("Arn")]
            for target in self.schedule_targets + object_targets["Targets"]]

    def log(self):
        """Returns the lines of the log group, stream by stream."""
        group = self.outputs["LogGroup"]
        streams = self.logs.describe_log_streams(logGroupName=group)["logStreams"]
        return {
            stream["logStreamName"]: [
                event["message"] for event in self.logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)["events"]]
            for stream in streams}


account = Account()
sys.stderr = errors
print(port, file=answers, flush=True)
for line in sys.stdin:
    command, *arguments = json.loads(line)
    try:
        answer = getattr(account, command)(*arguments)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
