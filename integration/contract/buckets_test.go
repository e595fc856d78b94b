package contract_test

import (
	"strings"
)

func bucketSentences() []sentence {
	return []sentence{
		{"ListBucketsHasEveryBranchOnce", listBuckets},
		{"ListBucketsPages", listBucketsPages},
		{"BareNameIsMaster", bareName},
		{"CreateBucketMakesRepoAndBranch", createBucket},
		{"CreateBucketTwice", createBucketTwice},
		{"CreateBucketNames", createBucketNames},
		{"OtherNamesAreServed", otherNames},
		{"BucketsThatAreNoBranches", noBranches},
		{"DeleteBucketTakesAll", deleteBucket},
		{"BadBucketNames", badBucketNames},
		{"HeadBucket", headBucket},
		{"VersionsAreBuckets", versionBuckets},
		{"FinishedCommitsAreReadOnly", readOnlyBuckets},
		{"OpenCommitsAreWritable", openBuckets},
		{"GetBucketLocation", bucketLocation},
		{"BucketVersioning", bucketVersioning},
	}
}

func listBuckets(d *door) {
	d.pfsd("repo", "create", "lsone")
	d.pfsd("branch", "create", "dev.lsone")
	d.want(200, "", "PUT", "/lstwo", "")
	d.is("buckets", d.want(200, "", "GET", "/?prefix=ls", "").elements("Name"), "[lstwo]")
	d.is("buckets", d.want(200, "", "GET", "/?prefix=dev.ls", "").elements("Name"), "[dev.lsone]")
	d.is("buckets", d.want(200, "", "GET", "/?prefix=master.ls", "").elements("Name"), "[master.lsone]")
}

func listBucketsPages(d *door) {
	for _, name := range []string{"pgb", "dev.pga", "pga", "pgc"} {
		d.want(200, "", "PUT", "/"+name, "")
	}
	var all []string
	token := ""
	for {
		a := d.want(200, "", "GET", "/?max-buckets=1&prefix=pg&continuation-token="+token, "")
		all = append(all, a.elements("Name")...)
		if token = a.element("ContinuationToken"); token == "" {
			break
		}
	}
	d.is("pages", all, "[pga pgb pgc]")
}

func bareName(d *door) {
	d.make()
	d.put("k", "x")
	d.is("through master.REPO", d.want(200, "", "GET", "/master."+d.bucket+"/k", "").body, "x")
	d.is("listed", d.want(200, "", "GET", "/?prefix="+d.bucket, "").elements("Name"), []string{d.bucket})
	d.is("listed", d.want(200, "", "GET", "/?prefix=master."+d.bucket, "").elements("Name"), "[]")
	d.is("branches", strings.Fields(d.pfsd("branch", "list", "-q", d.bucket)), "["+"master."+d.bucket+"]")
}

func createBucket(d *door) {
	d.want(200, "", "PUT", "/dev.made", "")
	d.want(200, "", "HEAD", "/dev.made", "")
	d.want(404, "NoSuchBucket", "GET", "/made", "")
	d.want(200, "", "PUT", "/other.made", "")
	d.is("buckets", d.want(200, "", "GET", "/?prefix=other.made", "").elements("Name"), "[other.made]")
}

func createBucketTwice(d *door) {
	d.make()
	d.put("k", "x")
	d.want(409, "BucketAlreadyOwnedByYou", "PUT", "/"+d.bucket, "")
	d.is("the object", d.get("k"), "x")
}

func createBucketNames(d *door) {
	for _, name := range []string{"_a", "-a-", "a..b", strings.Repeat("a", 64), "127.0.0.1", strings.Repeat("0", 32)} {
		d.want(400, "InvalidBucketName", "PUT", "/"+name, "")
		d.is("the command line refuses "+name, d.store.Try("repo", "create", name).Code != 0, true)
	}
	for _, name := range []string{"abc", "a", "Upper", "under_score", "b." + strings.Repeat("a", 61)} {
		d.want(200, "", "PUT", "/"+name, "")
		d.want(204, "", "DELETE", "/"+name, "")
	}
}

func otherNames(d *door) {
	d.pfsd("repo", "create", "My_Repo")
	d.want(200, "", "PUT", "/My_Repo/k", "x")
	d.is("the object", d.want(200, "", "GET", "/master.My_Repo/k", "").body, "x")
}

// versionsOf makes a bucket with an object, a tag and an open commit, and returns their buckets' names.
func versionsOf(d *door) (commit, branchCommit, tag, open string) {
	d.make()
	id := d.put("k", "old")
	d.pfsd("tag", "create", "v1."+d.bucket)
	started := strings.Fields(d.pfsd("commit", "start", "master."+d.bucket))[0]
	d.put("k", "new")
	return id + "." + d.bucket, id + ".master." + d.bucket, "v1." + d.bucket, started + ".master." + d.bucket
}

func noBranches(d *door) {
	commit, branchCommit, tag, open := versionsOf(d)
	for _, bucket := range []string{commit, branchCommit, tag, open} {
		d.want(409, "BucketAlreadyOwnedByYou", "PUT", "/"+bucket, "")
		d.want(405, "MethodNotAllowed", "DELETE", "/"+bucket, "")
	}
}

func deleteBucket(d *door) {
	d.make()
	d.put("a/b", "x")
	d.want(200, "", "PUT", "/dev."+d.bucket, "")
	d.want(204, "", "DELETE", "/"+d.bucket, "")
	d.want(404, "NoSuchBucket", "GET", "/"+d.bucket, "")
	d.want(200, "", "HEAD", "/dev."+d.bucket, "")
	d.want(204, "", "DELETE", "/dev."+d.bucket, "")
	for _, repo := range strings.Fields(d.pfsd("repo", "list", "-q")) {
		if repo == d.bucket {
			d.Error("the repo of the last branch is still there")
		}
	}
}

func badBucketNames(d *door) {
	for _, name := range []string{"a..b", "a.b.c.d", "a%20b", ".a", strings.Repeat("0", 32) + ".a"} {
		d.want(400, "InvalidBucketName", "PUT", "/"+name, "")
		d.want(400, "InvalidBucketName", "DELETE", "/"+name, "")
	}
}

func headBucket(d *door) {
	d.want(404, "", "HEAD", "/"+d.bucket, "")
	d.make()
	a := d.want(200, "", "HEAD", "/"+d.bucket, "")
	d.is("region", a.Get("X-Amz-Bucket-Region"), "us-east-1")
}

func versionBuckets(d *door) {
	commit, branchCommit, tag, open := versionsOf(d)
	for _, bucket := range []string{commit, branchCommit, tag, open} {
		d.is(bucket, d.want(200, "", "GET", "/"+bucket+"/k", "").body, "old")
		d.is(bucket, d.want(200, "", "GET", "/"+bucket, "").element("Key"), "k")
		d.want(200, "", "HEAD", "/"+bucket+"/k", "")
		d.is(bucket, d.want(200, "", "GET", "/"+bucket+"?versions", "").element("Key"), "k")
		d.want(200, "", "GET", "/"+bucket+"?location", "")
	}
}

func readOnlyBuckets(d *door) {
	commit, branchCommit, tag, _ := versionsOf(d)
	for _, bucket := range []string{commit, branchCommit, tag} {
		d.want(405, "MethodNotAllowed", "PUT", "/"+bucket+"/k", "x")
		d.want(405, "MethodNotAllowed", "DELETE", "/"+bucket+"/k", "")
		d.want(405, "MethodNotAllowed", "POST", "/"+bucket+"?delete", "<Delete><Object><Key>k</Key></Object></Delete>")
		d.want(405, "MethodNotAllowed", "POST", "/"+bucket+"/k?uploads", "")
		d.want(405, "MethodNotAllowed", "PUT", "/"+bucket+"/k", "", "x-amz-copy-source", "/"+d.bucket+"/k")
	}
}

func openBuckets(d *door) {
	_, _, _, open := versionsOf(d)
	d.want(200, "", "PUT", "/"+open+"/fresh", "x")
	d.want(404, "NoSuchKey", "GET", d.path("fresh"), "")
	d.is("in the open commit", d.want(200, "", "GET", "/"+open+"/fresh", "").body, "x")
	d.pfsd("commit", "finish", "--theirs", open)
	d.is("once it is finished", d.get("fresh"), "x")
	d.want(405, "MethodNotAllowed", "PUT", "/"+open+"/fresh", "y")
}

func bucketLocation(d *door) {
	d.make()
	a := d.want(200, "", "GET", "/"+d.bucket+"?location", "")
	d.is("location", strings.Contains(a.body, "LocationConstraint") && a.element("LocationConstraint") == "", true)
}

func bucketVersioning(d *door) {
	d.make()
	d.is("versioning", d.want(200, "", "GET", "/"+d.bucket+"?versioning", "").element("Status"), "Enabled")
	put := func(status string) string {
		return "<VersioningConfiguration><Status>" + status + "</Status></VersioningConfiguration>"
	}
	d.want(200, "", "PUT", "/"+d.bucket+"?versioning", put("Enabled"))
	a := d.want(501, "NotImplemented", "PUT", "/"+d.bucket+"?versioning", put("Suspended"))
	d.is("the message", strings.Contains(a.body, "every change is a commit"), true)
}
