/*
 * Reads an Arrow IPC file (.arrow) or stream (.arrows) with two readers that share no code with
 * libmimic or each other, compares what they find and prints the rows as JSON, one a line.
 *
 *     node read_arrow.mjs FILE
 *     node read_arrow.mjs --expect ROWS.ndjson FILE...    compare, print one line a file
 *
 * Integers, dates and times are strings of their stored number, decimals strings of the unscaled
 * number, bytes hexadecimal. nodejs-polars 0.24.1 has no way to show binary columns to JavaScript;
 * those are read by apache-arrow alone.
 */
import { readFileSync } from 'node:fs';
import { CompressionType, DataType, compressionRegistry, tableFromIPC } from 'apache-arrow';
import { decompress } from 'fzstd';
import pl from 'nodejs-polars';

compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompress(bytes) });

function number(value) {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : value;
  return String(value);
}

function decimal(words) {
  let value = 0n;
  for (let i = 3; i >= 0; i--) value = (value << 32n) | BigInt(words[i]);
  return String(BigInt.asIntN(128, value));
}

/* How apache-arrow's values of a type become JSON; `raw` is the stored number, where there is one. */
function converter(type) {
  if (DataType.isDictionary(type)) return (value) => value;
  if (DataType.isFloat(type)) return number;
  if (DataType.isDecimal(type)) return decimal;
  if (DataType.isBinary(type)) return (value) => Buffer.from(value).toString('hex');
  if (DataType.isInt(type)) return String;
  if (DataType.isDate(type) || DataType.isTime(type) || DataType.isTimestamp(type))
    return (value, raw) => String(raw);
  return (value) => value;
}

function readWithArrow(bytes) {
  const table = tableFromIPC(bytes);
  const columns = table.schema.fields.map((field, index) => {
    const convert = converter(field.type);
    const values = [];
    for (const data of table.getChildAt(index).data) {
      for (let i = 0; i < data.length; i++) values.push(data.getValid(i) ? i : null);
    }
    let row = 0;
    const vector = table.getChildAt(index);
    for (const data of vector.data) {
      for (let i = 0; i < data.length; i++, row++)
        if (values[row] !== null) values[row] = convert(vector.get(row), data.values?.[i]);
    }
    return values;
  });
  return { fields: table.schema.fields, rows: table.numRows, columns };
}

function polarsColumn(frame, field) {
  const type = field.type;
  const column = pl.col(field.name);
  const as = (...casts) =>
    frame
      .select(casts.reduce((expression, cast) => expression.cast(cast), column))
      .getColumn(field.name)
      .toArray()
      .map((value) => value ?? null);
  if (DataType.isDecimal(type))
    return as(pl.Utf8).map((text) => {
      if (text === null) return null;
      const [whole, fraction = ''] = text.split('.');
      return String(BigInt(whole + fraction.padEnd(type.scale, '0')));
    });
  if (DataType.isDate(type)) return as(pl.Int32, pl.Utf8);
  if (DataType.isTime(type) && String(type).includes('MICRO'))
    return as(pl.Int64, pl.Utf8).map((text) => text === null ? null : text.replace(/000$/, '')); /* holds ns */
  if (DataType.isTimestamp(type)) return as(pl.Int64, pl.Utf8);
  if (DataType.isInt(type) || DataType.isDictionary(type)) return as(pl.Utf8);
  const values = frame.getColumn(field.name).toArray().map((value) => value ?? null);
  return DataType.isFloat(type) ? values.map((value) => value === null ? null : number(value)) : values;
}

function readWithPolars(bytes, isStream, fields) {
  const frame = isStream ? pl.readIPCStream(bytes) : pl.readIPC(bytes);
  const columns = fields.map((field) =>
    DataType.isBinary(field.type) ? null : polarsColumn(frame, field));
  return { rows: frame.height, columns };
}

function compare(file, name, field, expected, found) {
  for (let row = 0; row < expected.length; row++)
    if (!Object.is(expected[row], found[row]))
      throw new Error(`${file}: column ${field}, row ${row}: expected ` +
        `${JSON.stringify(expected[row])}, ${name} found ${JSON.stringify(found[row])}`);
}

function read(file) {
  const bytes = readFileSync(file);
  const arrow = readWithArrow(bytes);
  const polars = readWithPolars(bytes, file.endsWith('.arrows'), arrow.fields);
  if (arrow.rows !== polars.rows)
    throw new Error(`${file}: apache-arrow found ${arrow.rows} rows, polars ${polars.rows}`);
  arrow.fields.forEach((field, index) => {
    if (polars.columns[index] !== null)
      compare(file, 'polars', field.name, arrow.columns[index], polars.columns[index]);
  });
  return arrow;
}

function check(file, expectedFile) {
  const found = read(file);
  const lines = readFileSync(expectedFile, 'utf8').split('\n').filter((line) => line !== '');
  if (lines.length !== found.rows)
    throw new Error(`${file}: expected ${lines.length} rows, found ${found.rows}`);
  const rows = lines.map((line) => JSON.parse(line));
  found.fields.forEach((field, index) => {
    const expected = rows.map((row) =>
      typeof row[field.name] === 'number' ? number(row[field.name]) : row[field.name]);
    compare(file, 'apache-arrow', field.name, expected, found.columns[index]);
  });
  console.log(`${file}: ${found.rows} rows, ${found.fields.length} columns, ok`);
}

function print(file) {
  const { fields, rows, columns } = read(file);
  for (let row = 0; row < rows; row++) {
    const values = fields.map((field, index) => [field.name, columns[index][row]]);
    process.stdout.write(JSON.stringify(Object.fromEntries(values)) + '\n');
  }
}

const words = process.argv.slice(2);
if (words[0] === '--expect' && words.length > 2) {
  for (const file of words.slice(2)) check(file, words[1]);
} else if (words.length > 0 && !words[0].startsWith('-')) {
  words.forEach(print);
} else {
  console.error('usage: read_arrow.mjs [--expect ROWS.ndjson] FILE...');
  process.exit(2);
}
