"""Creates buckets at a moto server.

usage: moto_buckets.py URL open|verified BUCKET...

With "verified", the server verifies signatures after its first three actions: the program makes a user who may do
everything, and prints the ID and the secret of the user's key.
"""

import json
import sys

import boto3

url, mode, *buckets = sys.argv[1:]
keys = {"region_name": "us-east-1", "aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
if mode == "verified":
    iam = boto3.client("iam", endpoint_url=url, **keys)
    iam.create_user(UserName="tester")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="tester")["AccessKey"]
    keys.update(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    print(key["AccessKeyId"])
    print(key["SecretAccessKey"])
s3 = boto3.client("s3", endpoint_url=url, **keys)
for bucket in buckets:
    s3.create_bucket(Bucket=bucket)
