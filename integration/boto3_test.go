package integration_test

import (
	"os/exec"
	"testing"

	"pfsd/integration/harness"
)

// boto3Script is what a user of boto3 does; it ends with an error when anything is not as it should be.
const boto3Script = `
import boto3, hashlib, io, os, sys
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="any",
                  aws_secret_access_key="any", config=Config(s3={"addressing_style": "path"}))
s3.create_bucket(Bucket="dev.boto")
bucket = "dev.boto"
big = os.urandom(21 << 20)
s3.upload_fileobj(io.BytesIO(big), bucket, "d/big", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=6 << 20),
                  ExtraArgs={"Metadata": {"who": "ann"}, "ContentType": "text/x-test"})
back = io.BytesIO()
s3.download_fileobj(bucket, "d/big", back, Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=7 << 20))
assert back.getvalue() == big
head = s3.head_object(Bucket=bucket, Key="d/big")
assert head["Metadata"] == {"who": "ann"} and head["ContentType"] == "text/x-test", head
first = s3.put_object(Bucket=bucket, Key="d/a b+c", Body=b"one")["VersionId"]
s3.put_object(Bucket=bucket, Key="d/a b+c", Body=b"two")
assert s3.get_object(Bucket=bucket, Key="d/a b+c", VersionId=first)["Body"].read() == b"one"
assert s3.get_object(Bucket=bucket, Key="d/a b+c", Range="bytes=1-")["Body"].read() == b"wo"
s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "d/a b+c"})
for i in range(25):
    s3.put_object(Bucket=bucket, Key="many/%02d" % i, Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 7})
keys = [o["Key"] for page in pages for o in page["Contents"]]
assert keys == sorted(["copy", "d/a b+c", "d/big"] + ["many/%02d" % i for i in range(25)]), keys
tops = s3.list_objects(Bucket=bucket, Delimiter="/")
assert [p["Prefix"] for p in tops["CommonPrefixes"]] == ["d/", "many/"], tops
s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys if k.startswith("many/")]})
try:
    s3.get_object(Bucket=bucket, Key="many/01")
    sys.exit("a deleted object is still there")
except ClientError as e:
    assert e.response["Error"]["Code"] == "NoSuchKey", e
`

func TestBoto3(t *testing.T) {
	s := harness.New(t)
	door := s.S3()
	cmd := s.Command("/usr/bin/python3", "-c", boto3Script, door.URL)
	if err := exec.Command("/usr/bin/python3", "-c", "import boto3").Run(); err != nil {
		t.Fatalf("boto3 is missing: %v", err)
	}
	s.Run(cmd)
}
