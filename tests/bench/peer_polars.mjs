// Polars reads one CSV file into a data frame, with the types given. Times the read alone; threads
// come from POLARS_MAX_THREADS.
//
//     node peer_polars.mjs FILE '{"subject_id": "int32", ...}'
import pl from "nodejs-polars";

const [file, fields] = process.argv.slice(2);
const types = {
  int16: pl.Int16, int32: pl.Int32, int64: pl.Int64, float32: pl.Float32, float64: pl.Float64,
  timestamp: pl.Datetime("us"), date: pl.Date,
};
const schema = Object.fromEntries(
  Object.entries(JSON.parse(fields)).map(([name, type]) => [name, types[type] ?? pl.Utf8]),
);
const start = process.hrtime.bigint();
const frame = pl.readCSV(file, { schema });
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ rows: frame.height, seconds }));
