// Typed scan of one CSV file by DuckDB, types given, nothing sniffed, every column touched by max().
//
//     node duckdb_scan.mjs FILE THREADS '{"subject_id": "INTEGER", ...}'
import { DuckDBInstance } from "@duckdb/node-api";

const [file, threads, columns] = process.argv.slice(2);
const types = JSON.parse(columns);
const text = (value) => `'${value.replaceAll("'", "''")}'`;
const struct = Object.entries(types).map(([name, type]) => `${text(name)}: ${text(type)}`);
const instance = await DuckDBInstance.create(":memory:", { threads });
const connection = await instance.connect();
const source =
  `read_csv(${text(file)}, auto_detect = false, header = true, delim = ',', quote = '"', ` +
  `escape = '"', columns = {${struct.join(", ")}})`;
const sums = Object.keys(types).map((name) => `max("${name}")`);
const start = process.hrtime.bigint();
const result = await connection.runAndReadAll(
  `SELECT count(*), ${sums.join(", ")} FROM ${source}`,
);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const version = (await connection.runAndReadAll("SELECT version()")).getRows()[0][0];
console.log(
  JSON.stringify({
    version,
    rows: Number(result.getRows()[0][0]),
    seconds,
    peak_kb: process.resourceUsage().maxRSS,
  }),
);
