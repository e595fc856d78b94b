// Takes the AWS SDK for JavaScript v3 through the rows of the matrix, with streams as bodies; the environment says where.
// Prints "row NAME" after each.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const s3sdk = require('@aws-sdk/client-s3');
const { Upload } = require('@aws-sdk/lib-storage');
const { getSignedUrl } = require('@aws-sdk/s3-request-presigner');

const { BUCKET: Bucket, MANY: many, SMALL, MEDIUM, LARGE } = process.env;
const client = new s3sdk.S3({ endpoint: process.env.ENDPOINT, region: 'us-east-1', forcePathStyle: true });
const done = (row) => console.log('row ' + row);
const bytes = async (answer) => Buffer.from(await answer.Body.transformToByteArray());
const length = (path) => fs.statSync(path).size;
const small = fs.readFileSync(SMALL);

// stored checks a key by its ETag, which is the BLAKE3 of its bytes.
async function stored(Key, hash) {
  assert.equal((await client.headObject({ Bucket, Key })).ETag, `"${hash}"`, Key);
}

async function fails(name, promise) {
  await assert.rejects(promise, (e) => (assert.equal(e.name, name), true));
}

// fetch sends a request without credentials and returns the body of the answer.
function fetch(method, url, body) {
  const web = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const request = web.request(url, { method }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece)).on('end', () => {
        const all = Buffer.concat(pieces);
        answer.statusCode === 200 ? resolve(all) : reject(new Error(`${method}: ${answer.statusCode}\n${all}`));
      });
    });
    request.on('error', reject).end(body);
  });
}

async function keysOf(bucket) {
  const keys = [];
  for await (const page of s3sdk.paginateListObjectsV2({ client }, { Bucket: bucket })) {
    keys.push(...(page.Contents ?? []).map((o) => o.Key));
  }
  // The directories of the 2,500 keys were made by a command, and so they stay when they are empty.
  return keys.filter((key) => !key.endsWith('/'));
}

async function objects() {
  await client.createBucket({ Bucket });
  assert((await client.listBuckets({})).Buckets.some((b) => b.Name === Bucket));
  done('create bucket');

  await client.putObject({ Bucket, Key: 'in it/small', Body: small, Metadata: { who: 'ann' } });
  await client.putObject({ Bucket, Key: 'stream', Body: fs.createReadStream(SMALL), ContentLength: length(SMALL) });
  await stored('stream', process.env.SMALL_HASH);
  done('put small');

  await client.putObject({ Bucket, Key: 'large', Body: fs.createReadStream(LARGE), ContentLength: length(LARGE) });
  await stored('large', process.env.LARGE_HASH);
  done('put 100 MiB');

  assert.deepEqual(await bytes(await client.getObject({ Bucket, Key: 'stream' })), small);
  const hash = crypto.createHash('sha256'), want = crypto.createHash('sha256');
  await pipeline((await client.getObject({ Bucket, Key: 'large' })).Body, hash);
  await pipeline(fs.createReadStream(LARGE), want);
  assert.equal(hash.digest('hex'), want.digest('hex'));
  await fails('NoSuchKey', client.getObject({ Bucket, Key: 'missing' }));
  done('get');

  assert.deepEqual(await bytes(await client.getObject({ Bucket, Key: 'stream', Range: 'bytes=10-19' })), small.subarray(10, 20));
  done('range');

  const keys = await keysOf(many);
  assert.deepEqual(keys.slice(0, 2), ['d00/f00', 'd00/f01']);
  assert.equal(keys.length, 2500);
  done('list 2,500 keys');

  await client.copyObject({ Bucket, Key: 'copy', CopySource: encodeURI(`${Bucket}/in it/small`) });
  await stored('copy', process.env.SMALL_HASH);
  done('copy');

  // A stream of unknown length goes up in parts; one that is shorter than a part, in one request.
  const parts = new Upload({ client, params: { Bucket, Key: 'parts', Body: fs.createReadStream(MEDIUM) }, partSize: 5 << 20 });
  await parts.done();
  await stored('parts', process.env.MEDIUM_HASH);
  await new Upload({ client, params: { Bucket, Key: 'one part', Body: Readable.from([small], { objectMode: false }) } }).done();
  done('multipart');
}

async function rest() {
  assert.deepEqual((await client.headObject({ Bucket, Key: 'copy' })).Metadata, { who: 'ann' });
  const TagSet = [{ Key: 'colour', Value: 'dark blue' }];
  await client.putObjectTagging({ Bucket, Key: 'copy', Tagging: { TagSet } });
  assert.deepEqual((await client.getObjectTagging({ Bucket, Key: 'copy' })).TagSet, TagSet);
  done('tagging or metadata');

  const { VersionId } = await client.putObject({ Bucket, Key: 'v', Body: 'one' });
  await client.putObject({ Bucket, Key: 'v', Body: 'two' });
  assert.equal(String(await bytes(await client.getObject({ Bucket, Key: 'v', VersionId }))), 'one');
  const { Versions } = await client.listObjectVersions({ Bucket, Prefix: 'v' });
  assert.deepEqual(Versions.map((v) => v.IsLatest), [true, false]);
  assert.equal(Versions[1].VersionId, VersionId);
  done('versions');

  await client.putObject({ Bucket, Key: 'once', Body: 'one', IfNoneMatch: '*' });
  await fails('PreconditionFailed', client.putObject({ Bucket, Key: 'once', Body: 'two', IfNoneMatch: '*' }));
  assert.equal(String(await bytes(await client.getObject({ Bucket, Key: 'once' }))), 'one');
  done('conditional put');

  await fetch('PUT', await getSignedUrl(client, new s3sdk.PutObjectCommand({ Bucket, Key: 'pre signed' })), small);
  const url = await getSignedUrl(client, new s3sdk.GetObjectCommand({ Bucket, Key: 'pre signed' }));
  assert.deepEqual(await fetch('GET', url), small);
  done('presigned get and put');

  const Objects = (await keysOf(many)).slice(0, 1000).map((Key) => ({ Key }));
  assert.equal((await client.deleteObjects({ Bucket: many, Delete: { Objects } })).Deleted.length, 1000);
  assert.equal((await keysOf(many)).length, 1500);
  done('delete many');

  await client.deleteBucket({ Bucket });
  await fails('NotFound', client.headBucket({ Bucket }));
  done('delete bucket');
}

objects().then(rest).catch((e) => {
  console.error(e);
  process.exitCode = 1;
});
