"""Takes boto3 through the rows of the matrix; the environment says where. Prints "row NAME" after each."""
import hashlib
import io
import os
import urllib.request
import ssl

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

env = os.environ
bucket, many = env["BUCKET"], env["MANY"]


def client(**config):
    return boto3.client("s3", endpoint_url=env["ENDPOINT"], config=Config(s3={"addressing_style": "path"}, **config))


s3 = client()


def done(row):
    print("row", row, flush=True)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def fails(code, call, **args):
    try:
        call(**args)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
    else:
        raise AssertionError("no " + code)


def stored(key, name):
    assert s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"') == env[name + "_HASH"], key


small, medium = read(env["SMALL"]), read(env["MEDIUM"])

s3.create_bucket(Bucket=bucket)
fails("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=bucket)
assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]
done("create bucket")

s3.put_object(Bucket=bucket, Key="in it/a b+c", Body=small, Metadata={"who": "ann"}, ContentType="text/x-test")
stored("in it/a b+c", "SMALL")
done("put small")

s3.upload_file(env["LARGE"], bucket, "large.bin")
stored("large.bin", "LARGE")
done("put 100 MiB")

answer = s3.get_object(Bucket=bucket, Key="in it/a b+c")
assert answer["Body"].read() == small and answer["ContentType"] == "text/x-test"
s3.download_file(bucket, "large.bin", "back")
assert hashlib.sha256(read("back")).digest() == hashlib.sha256(read(env["LARGE"])).digest()
os.remove("back")
fails("NoSuchKey", s3.get_object, Bucket=bucket, Key="missing")
done("get")

assert s3.get_object(Bucket=bucket, Key="in it/a b+c", Range="bytes=10-19")["Body"].read() == small[10:20]
assert s3.get_object(Bucket=bucket, Key="in it/a b+c", Range="bytes=-5")["Body"].read() == small[-5:]
fails("InvalidRange", s3.get_object, Bucket=bucket, Key="in it/a b+c", Range="bytes=1000-")
done("range")

want = ["d%02d/f%02d" % (d, f) for d in range(25) for f in range(100)]
for name in "list_objects", "list_objects_v2":
    pages = s3.get_paginator(name).paginate(Bucket=many, PaginationConfig={"PageSize": 999})
    assert [o["Key"] for page in pages for o in page["Contents"]] == want, name
    pages = s3.get_paginator(name).paginate(Bucket=many, Delimiter="/", PaginationConfig={"PageSize": 7})
    assert [p["Prefix"] for page in pages for p in page["CommonPrefixes"]] == ["d%02d/" % d for d in range(25)], name
done("list 2,500 keys")

s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "in it/a b+c"})
stored("copy", "SMALL")
assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"who": "ann"}
s3.copy({"Bucket": bucket, "Key": "large.bin"}, bucket, "large copy")
stored("large copy", "LARGE")
done("copy")

s3.upload_fileobj(io.BytesIO(medium), bucket, "medium", ExtraArgs={"Metadata": {"who": "bob"}},
                  Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=6 << 20))
stored("medium", "MEDIUM")
upload = dict(Bucket=bucket, Key="parts", UploadId=s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"])
one = s3.upload_part(PartNumber=1, Body=medium, **upload)["ETag"]
two = s3.upload_part_copy(PartNumber=2, CopySource={"Bucket": bucket, "Key": "large.bin"}, CopySourceRange="bytes=5-9",
                          **upload)["CopyPartResult"]["ETag"]
assert [p["Size"] for p in s3.list_parts(**upload)["Parts"]] == [len(medium), 5]
assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["parts"]
parts = [{"PartNumber": 1, "ETag": one}, {"PartNumber": 2, "ETag": two}]
s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
assert s3.get_object(Bucket=bucket, Key="parts", Range="bytes=-6")["Body"].read()[:1] == medium[-1:]
done("multipart")

assert s3.head_object(Bucket=bucket, Key="medium")["Metadata"] == {"who": "bob"}
tags = [{"Key": "colour", "Value": "dark blue"}, {"Key": "x", "Value": ""}]
s3.put_object_tagging(Bucket=bucket, Key="copy", Tagging={"TagSet": tags})
assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == tags
s3.delete_object_tagging(Bucket=bucket, Key="copy")
assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == []
done("tagging or metadata")

first = s3.put_object(Bucket=bucket, Key="v", Body=b"one")["VersionId"]
s3.put_object(Bucket=bucket, Key="v", Body=b"two")
s3.delete_object(Bucket=bucket, Key="v")
assert s3.get_object(Bucket=bucket, Key="v", VersionId=first)["Body"].read() == b"one"
listed = s3.list_object_versions(Bucket=bucket, Prefix="v")
assert [v["IsLatest"] for v in listed["DeleteMarkers"]] == [True], listed
assert [v["IsLatest"] for v in listed["Versions"]] == [False, False], listed
assert listed["Versions"][1]["VersionId"] == first, listed
done("versions")


def once(request, **_):
    request.headers["If-None-Match"] = "*"


careful = client()
careful.meta.events.register("before-sign.s3.PutObject", once)
careful.put_object(Bucket=bucket, Key="once", Body=b"one")
fails("PreconditionFailed", careful.put_object, Bucket=bucket, Key="once", Body=b"two")
assert s3.get_object(Bucket=bucket, Key="once")["Body"].read() == b"one"
done("conditional put")

trust = ssl.create_default_context(cafile=env["AWS_CA_BUNDLE"]) if "AWS_CA_BUNDLE" in env else None
for version in "s3v4", "s3":
    signer = client(signature_version=version)
    url = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "pre signed"})
    with urllib.request.urlopen(urllib.request.Request(url, data=small, method="PUT", headers={"Content-Type": ""}), context=trust):
        pass
    stored("pre signed", "SMALL")
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "pre signed"})
    with urllib.request.urlopen(url, context=trust) as answer:
        assert answer.read() == small, version
    s3.delete_object(Bucket=bucket, Key="pre signed")
done("presigned get and put")

answer = s3.delete_objects(Bucket=many, Delete={"Objects": [{"Key": k} for k in want[:1000]]})
assert len(answer["Deleted"]) == 1000 and "Errors" not in answer
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=many)
# The directories were made by a command, and so they stay when they are empty.
assert [o["Key"] for page in pages for o in page["Contents"] if not o["Key"].endswith("/")] == want[1000:]
done("delete many")

s3.delete_bucket(Bucket=bucket)
fails("404", s3.head_bucket, Bucket=bucket)
done("delete bucket")
