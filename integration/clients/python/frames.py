"""Writes and reads a table with pandas, through smart-open. The environment says where."""
import os

import boto3
import pandas
import smart_open

bucket = os.environ["BUCKET"]
s3 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"])


def at(key, mode):
    return smart_open.open("s3://" + bucket + "/" + key, mode, transport_params={"client": s3})


table = pandas.DataFrame({"n": range(200000), "name": ["row %d" % n for n in range(200000)]})
for key in "table.csv", "table.csv.gz":
    with at(key, "w") as f:
        table.to_csv(f, index=False)
    with at(key, "r") as f:
        pandas.testing.assert_frame_equal(pandas.read_csv(f), table)
    with at(key, "r") as f:
        n = sum(int(piece["n"].sum()) for piece in pandas.read_csv(f, chunksize=50000))
    assert n == table["n"].sum(), n
# What the mount wrote.
with at("mounted.csv", "r") as f:
    assert pandas.read_csv(f)["b"].tolist() == [2, 4]
# The end of a file, by a seek.
with at("table.csv", "rb") as f:
    f.seek(-20, os.SEEK_END)
    assert f.read().endswith(b"199999,row 199999\n")
