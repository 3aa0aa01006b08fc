// DuckDB: the rows of two tables as events, sorted by patient and time, into one Parquet file. One event
// a row; with "specimens" two of a lab, as libmimic writes: when the specimen was taken, and its result.
//
//     node peer_events.mjs '{"files": {"chartevents": F, "labevents": F}, "types": {"chartevents": {...}},
//                            "threads": 2, "out": FILE, "specimens": false}'
import { DuckDBInstance } from "@duckdb/node-api";

const { files, types, threads, out, specimens } = JSON.parse(process.argv[2]);
const text = (value) => `'${value.replaceAll("'", "''")}'`;
const source = (table) => {
  const columns = Object.entries(types[table]).map(([key, type]) => `${text(key)}: ${text(type)}`);
  return `read_csv(${text(files[table])}, auto_detect = false, header = true, delim = ',', quote = '"', ` +
    `escape = '"', new_line = '\\n', columns = {${columns.join(", ")}})`;
};
const shared = "hadm_id, valuenum::FLOAT AS numeric_value, value AS text_value, valuenum AS value64, valueuom AS unit";
const result = `SELECT subject_id, storetime AS time, 'LAB//RESULT//' || itemid || '//' || ` +
  `coalesce(valueuom, 'UNK') AS code, ${shared}, storetime AS available_time, NULL::INTEGER AS stay_id ` +
  `FROM ${source("labevents")}`;
// The table is read once for both of its events: twice is slower.
const both = `SELECT subject_id, CASE WHEN is_result THEN storetime ELSE charttime END AS time, ` +
  `CASE WHEN is_result THEN 'LAB//RESULT//' || itemid || '//' || coalesce(valueuom, 'UNK') ` +
  `ELSE 'LAB//SPECIMEN_COLLECTED//' || itemid END AS code, hadm_id, ` +
  `CASE WHEN is_result THEN valuenum::FLOAT END AS numeric_value, CASE WHEN is_result THEN value END AS text_value, ` +
  `CASE WHEN is_result THEN valuenum END AS value64, CASE WHEN is_result THEN valueuom END AS unit, ` +
  `time AS available_time, NULL::INTEGER AS stay_id ` +
  `FROM ${source("labevents")}, (VALUES (false), (true)) AS event(is_result)`;
const query =
  `SELECT subject_id, charttime AS time, 'LAB//' || itemid || '//' || coalesce(valueuom, 'UNK') AS code, ` +
  `${shared}, storetime AS available_time, stay_id FROM ${source("chartevents")} UNION ALL ` +
  (specimens ? both : result);
const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
const connection = await instance.connect();
const start = process.hrtime.bigint();
const done = await connection.runAndReadAll(
  `COPY (${query} ORDER BY subject_id, time) TO ${text(out)} (FORMAT parquet, COMPRESSION zstd)`);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ rows: Number(done.getRows()[0][0]), seconds }));
