// One job of DuckDB on one CSV file: types given, nothing sniffed. Times the query alone.
//
//     node peer_duckdb.mjs '{"job": "scan", "file": F, "types": {"subject_id": "INTEGER", ...},
//                            "threads": 2, "order": true, "out": FILE}'
//
// count: count(*). scan: any_value() of every column, the cheapest aggregate that still converts
// every value. table: a table in memory. parquet: a Parquet file, zstd.
import { DuckDBInstance } from "@duckdb/node-api";

const { job, file, types, threads, order, out, newline } = JSON.parse(process.argv[2]);
const text = (value) => `'${value.replaceAll("'", "''")}'`;
const name = (value) => `"${value.replaceAll('"', '""')}"`;
const columns = Object.entries(types).map(([key, type]) => `${text(key)}: ${text(type)}`);
const source =
  `read_csv(${text(file)}, auto_detect = false, header = true, delim = ',', quote = '"', ` +
  `escape = '"', new_line = ${text(newline)}, columns = {${columns.join(", ")}})`;
const values = Object.keys(types).map((key) => `any_value(${name(key)})`);
const queries = {
  count: `SELECT count(*) FROM ${source}`,
  scan: `SELECT count(*), ${values.join(", ")} FROM ${source}`,
  table: `CREATE TABLE held AS SELECT * FROM ${source}`,
  parquet: `COPY (SELECT * FROM ${source}) TO ${text(out ?? "")} (FORMAT parquet, COMPRESSION zstd)`,
};
const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
const connection = await instance.connect();
await connection.run(`SET preserve_insertion_order = ${order}`);
const start = process.hrtime.bigint();
const result = await connection.runAndReadAll(queries[job]);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const rows = job === "table" ? await connection.runAndReadAll("SELECT count(*) FROM held") : result;
console.log(JSON.stringify({ rows: Number(rows.getRows()[0][0]), seconds }));
