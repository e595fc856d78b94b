// Writes and reads tables with DuckDB in the directory DIR, which is a mount. The file other.csv comes by S3.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { DuckDBInstance } = require('@duckdb/node-api');

const at = (name) => path.join(process.env.DIR, name);

async function main() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const value = async (sql) => String((await connection.runAndReadAll(sql)).getRows()[0][0]);
  await connection.run(`copy (select n, 'row ' || n as name, n % 7 as day from range(300000) t(n)) to '${at('table.parquet')}' (format parquet)`);
  assert.equal(await value(`select sum(n) from '${at('table.parquet')}'`), '44999850000');
  await connection.run(`copy (from '${at('table.parquet')}') to '${at('days')}' (format parquet, partition_by (day))`);
  assert.equal(await value(`select count(*) from read_parquet('${at('days')}/*/*.parquet') where day = 3`), '42857');
  await connection.run(`copy (select * from '${at('table.parquet')}' where n < 10) to '${at('table.csv')}'`);
  assert.equal(await value(`select sum(b) from '${at('other.csv')}'`), '6');
  // A database file in the mount, with its log.
  const stored = await (await DuckDBInstance.create(at('base.duckdb'))).connect();
  await stored.run(`create table t as from '${at('table.parquet')}'`);
  await stored.run('delete from t where n % 2 = 0');
  await stored.run('checkpoint');
  assert.equal(String((await stored.runAndReadAll('select count(*) from t')).getRows()[0][0]), '150000');
}

main().catch((e) => {
  console.error(e);
  process.exitCode = 1;
});
