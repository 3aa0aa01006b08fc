// DuckDB: the rows of two tables as events, one each, sorted by patient and time, into one Parquet file.
// (We write two events of a lab: when the specimen was taken, and its result.)
//
//     node peer_events.mjs '{"files": {"chartevents": F, "labevents": F}, "types": {"chartevents": {...}},
//                            "threads": 2, "out": FILE}'
import { DuckDBInstance } from "@duckdb/node-api";

const { files, types, threads, out } = JSON.parse(process.argv[2]);
const text = (value) => `'${value.replaceAll("'", "''")}'`;
const source = (table) => {
  const columns = Object.entries(types[table]).map(([key, type]) => `${text(key)}: ${text(type)}`);
  return `read_csv(${text(files[table])}, auto_detect = false, header = true, delim = ',', quote = '"', ` +
    `escape = '"', new_line = '\\n', columns = {${columns.join(", ")}})`;
};
const shared = "hadm_id, valuenum::FLOAT AS numeric_value, value AS text_value, valuenum AS value64, valueuom AS unit";
const query =
  `SELECT subject_id, charttime AS time, 'LAB//' || itemid || '//' || coalesce(valueuom, 'UNK') AS code, ` +
  `${shared}, storetime AS available_time, stay_id FROM ${source("chartevents")} UNION ALL ` +
  `SELECT subject_id, storetime AS time, 'LAB//RESULT//' || itemid || '//' || coalesce(valueuom, 'UNK') AS code, ` +
  `${shared}, storetime AS available_time, NULL::INTEGER AS stay_id FROM ${source("labevents")}`;
const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
const connection = await instance.connect();
const start = process.hrtime.bigint();
const result = await connection.runAndReadAll(
  `COPY (${query} ORDER BY subject_id, time) TO ${text(out)} (FORMAT parquet, COMPRESSION zstd)`);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ rows: Number(result.getRows()[0][0]), seconds }));
