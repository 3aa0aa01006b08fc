/*
 * Checks that a folder is a MEDS 0.4 dataset in Arrow IPC files, with a reader that shares no code with
 * libmimic; of a dataset that libmimic has made it checks the extension columns and the order too.
 *
 *     node meds_check.mjs OUT [--files]
 *
 * Prints one line of counts. Status 1 and what is wrong where a rule is broken, at most 20 times.
 * --files: the layout with a file a patient, admission or stay, where a subject may have several files.
 */
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CompressionType, DataType, Precision, TimeUnit, compressionRegistry, tableFromIPC }
  from 'apache-arrow';
import { decompress } from 'fzstd';

compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompress(bytes) });

const isInt = (bits) => (type) => DataType.isInt(type) && type.bitWidth === bits && type.isSigned;
const isTime = (type) =>
  DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND && !type.timezone;
const isFloat = (precision) => (type) => DataType.isFloat(type) && type.precision === precision;
const isText = (type) => DataType.isUtf8(type);
const isCoded = (type) => DataType.isDictionary(type) && DataType.isUtf8(type.dictionary) &&
  DataType.isInt(type.indices) && [8, 32].includes(type.indices.bitWidth);
const isTextList = (type) => DataType.isList(type) && DataType.isUtf8(type.children[0].type);

/* Name, type, required column, no NULL allowed. */
const DATA = [
  ['subject_id', isInt(64), true, true],
  ['time', isTime, true, false],
  ['code', isText, true, true],
  ['numeric_value', isFloat(Precision.SINGLE), false, false],
  ['text_value', (type) => DataType.isLargeUtf8(type), false, false],
];
const EXTENSIONS = [
  ['value', isFloat(Precision.DOUBLE), true, false],
  ['unit', isText, true, false],
  ['available_time', isTime, true, false],
  ['hadm_id', isInt(64), true, false],
  ['stay_id', isInt(64), true, false],
  ['source_table', isCoded, true, true],
  ['source_row', isInt(64), true, true],
  ['link_id', isInt(64), true, false],
  ['order_rank', isInt(16), true, true],
  ['marks', isInt(32), true, true],
  ['properties', isText, true, false],
  ['trajectory_version', isCoded, true, true],
];
const CODES = [
  ['code', isText, true, true],
  ['description', isText, false, false],
  ['parent_codes', isTextList, false, false],
];
const SPLITS = [['subject_id', isInt(64), true, true], ['split', isText, true, true]];
const CARD_TEXTS = ['dataset_name', 'dataset_version', 'etl_name', 'etl_version', 'meds_version',
  'created_at', 'license', 'location_uri', 'description_uri'];
const CARD_LISTS = ['raw_source_id_columns', 'code_modifier_columns',
  'additional_value_modality_columns', 'site_id_columns', 'other_extension_columns'];

const words = process.argv.slice(2);
const hasFiles = words.includes('--files');
const out = words.find((word) => !word.startsWith('-'));
let faults = 0;

function fault(message) {
  if (++faults <= 20) console.error(`meds_check: ${message}`);
  return false;
}

function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function readTable(path, rules, allowsOthers) {
  const name = relative(out, path);
  const table = tableFromIPC(readFileSync(path));
  const fields = new Map(table.schema.fields.map((field) => [field.name, field]));
  if (fields.size !== table.schema.fields.length) fault(`${name}: a column comes twice`);
  for (const [column, fits, isRequired, isFull] of rules) {
    const field = fields.get(column);
    if (field === undefined) {
      if (isRequired) fault(`${name}: column ${column} is missing`);
      continue;
    }
    if (!fits(field.type)) fault(`${name}: column ${column} has type ${field.type}`);
    if (isFull && table.getChild(column).nullCount > 0) fault(`${name}: ${column} has NULLs`);
    if (isFull && field.nullable) fault(`${name}: column ${column} is declared nullable`);
  }
  if (!allowsOthers)
    for (const column of fields.keys())
      if (!rules.some((rule) => rule[0] === column)) fault(`${name}: column ${column} is too many`);
  return table;
}

/* All values of a column; times and integers as they are stored. */
function values(table, column) {
  const vector = table.getChild(column);
  if (vector === null) return null;
  const all = [];
  for (const data of vector.data) {
    const isRaw = !DataType.isDictionary(data.type) && data.values !== undefined &&
      (DataType.isInt(data.type) || DataType.isFloat(data.type) || DataType.isTimestamp(data.type));
    for (let i = 0; i < data.length; i++) {
      if (!data.getValid(i)) all.push(null);
      else if (isRaw) all.push(data.values[i]);
      else all.push(undefined); /* below, through the vector */
    }
  }
  for (let i = 0; i < all.length; i++) if (all[i] === undefined) all[i] = vector.get(i);
  return all;
}

function checkCodes() {
  const path = join(out, 'metadata', 'codes.arrow');
  const counts = new Map();
  if (!existsSync(path)) return fault('metadata/codes.arrow is missing') || { counts, said: null };
  const table = readTable(path, CODES, true);
  const codes = values(table, 'code');
  for (const code of codes) {
    if (counts.has(code)) fault(`metadata/codes.arrow: ${code} comes twice`);
    counts.set(code, 0);
  }
  const events = values(table, 'events');
  return { counts, said: events && new Map(codes.map((code, i) => [code, Number(events[i])])) };
}

function checkSplits() {
  const path = join(out, 'metadata', 'subject_splits.arrow');
  const splits = new Map();
  if (!existsSync(path)) return fault('metadata/subject_splits.arrow is missing') || splits;
  const table = readTable(path, SPLITS, false);
  const subjects = values(table, 'subject_id');
  const names = values(table, 'split');
  subjects.forEach((subject, i) => {
    if (splits.has(subject)) fault(`metadata/subject_splits.arrow: ${subject} comes twice`);
    splits.set(subject, names[i]);
  });
  return splits;
}

function checkCard(columns) {
  const path = join(out, 'metadata', 'dataset.json');
  if (!existsSync(path)) return fault('metadata/dataset.json is missing') || {};
  const card = JSON.parse(readFileSync(path, 'utf8'));
  for (const [key, value] of Object.entries(card)) {
    if (CARD_TEXTS.includes(key)) {
      if (typeof value !== 'string') fault(`dataset.json: ${key} is no text`);
    } else if (!CARD_LISTS.includes(key)) {
      fault(`dataset.json: MEDS has no ${key}`);
    } else if (!Array.isArray(value)) {
      fault(`dataset.json: ${key} is no list`);
    } else {
      for (const column of value)
        if (columns.size > 0 && !columns.has(column))
          fault(`dataset.json: ${key} names ${column}, which the data lack`);
    }
  }
  if (card.meds_version !== undefined && !card.meds_version.startsWith('0.4'))
    fault(`dataset.json: meds_version is ${card.meds_version}`);
  if (card.created_at !== undefined && Number.isNaN(Date.parse(card.created_at)))
    fault('dataset.json: created_at is no time');
  return card;
}

/* -1, 0, 1; NULL is the least. */
function compare(left, right) {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  return left < right ? -1 : 1;
}

/* Rules 1 to 3 of MEDS: subjects in one file, together, by time; known codes. */
function checkRows(name, subjects, times, codes, known) {
  const here = new Set();
  for (let i = 0; i < subjects.length; i++) {
    const isSame = i > 0 && subjects[i] === subjects[i - 1];
    if (!isSame && here.has(subjects[i]))
      fault(`${name}: row ${i + 1}: subject ${subjects[i]} stands in two places`);
    if (isSame && compare(times[i - 1], times[i]) > 0)
      fault(`${name}: row ${i + 1}: the time turns back`);
    here.add(subjects[i]);
    const count = known.counts.get(codes[i]);
    if (count === undefined) fault(`${name}: row ${i + 1}: code ${codes[i]} is not in codes.arrow`);
    else known.counts.set(codes[i], count + 1);
  }
  return here;
}

/* What libmimic promises of its own columns. */
function checkExtensions(name, table, subjects, times) {
  const [value, numeric, ranks, tables, rows, links, properties, marks] =
    ['value', 'numeric_value', 'order_rank', 'source_table', 'source_row', 'link_id', 'properties',
      'marks'].map((column) => values(table, column));
  const dictionary = table.getChild('source_table').data[0]?.dictionary;
  const order = new Map((dictionary ? [...dictionary] : []).map((text, i) => [text, i]));
  for (let i = 0; i < subjects.length; i++) {
    const place = `${name}: row ${i + 1}`;
    if ((value[i] === null) !== (numeric[i] === null) ||
        (value[i] !== null && !Object.is(Math.fround(value[i]), numeric[i])))
      fault(`${place}: numeric_value ${numeric[i]} is not value ${value[i]} as float32`);
    if (rows[i] < 1n) fault(`${place}: source_row ${rows[i]}`);
    if (links[i] !== null && (links[i] >> 40n) !== BigInt(order.get(tables[i])))
      fault(`${place}: link_id ${links[i]} is not of table ${tables[i]}`);
    if (properties[i] !== null && Array.isArray(JSON.parse(properties[i])))
      fault(`${place}: properties are no JSON object`);
    if (marks[i] < 0) fault(`${place}: marks ${marks[i]}`);
    if (i === 0) continue;
    const before = compare(subjects[i - 1], subjects[i]) || compare(times[i - 1], times[i]) ||
      compare(ranks[i - 1], ranks[i]) ||
      compare(order.get(tables[i - 1]), order.get(tables[i])) || compare(rows[i - 1], rows[i]);
    if (before > 0) fault(`${place}: it should stand before the row before it`);
  }
}

function checkData(known, splits, isOurs) {
  const folder = hasFiles ? 'files' : 'data';
  const paths = filesBelow(join(out, folder), '.arrow');
  const seen = new Map();
  let rows = 0;
  let columns = new Set();
  if (paths.length === 0) fault(`no file below ${folder}/`);
  for (const path of paths) {
    const name = relative(out, path);
    const table = readTable(path, isOurs ? [...DATA, ...EXTENSIONS] : DATA, true);
    columns = new Set(table.schema.fields.map((field) => field.name));
    if (isOurs && [...columns].join() !== [...DATA, ...EXTENSIONS].map((rule) => rule[0]).join())
      fault(`${name}: the columns are ${[...columns]}`);
    const subjects = values(table, 'subject_id');
    const times = values(table, 'time');
    for (const subject of checkRows(name, subjects, times, values(table, 'code'), known)) {
      if (seen.has(subject) && !hasFiles)
        fault(`${name}: subject ${subject} is in ${seen.get(subject)} too`);
      seen.set(subject, name);
      const split = splits.get(subject);
      if (split === undefined) fault(`${name}: subject ${subject} is in no split`);
      else if (!hasFiles && name.split(/[\\/]/)[1] !== split)
        fault(`${name}: subject ${subject} is of split ${split}`);
    }
    if (isOurs) checkExtensions(name, table, subjects, times);
    rows += subjects.length;
  }
  return { files: paths.length, rows, subjects: seen.size, columns };
}

if (out === undefined) {
  console.error('usage: meds_check.mjs OUT [--files]');
  process.exit(2);
}
const known = checkCodes();
const splits = checkSplits();
const cardPath = join(out, 'metadata', 'dataset.json');
const isOurs = existsSync(cardPath) &&
  JSON.parse(readFileSync(cardPath, 'utf8')).etl_name === 'libmimic';
const data = checkData(known, splits, isOurs);
checkCard(data.columns);
if (known.said !== null && !hasFiles)
  for (const [code, count] of known.counts)
    if (known.said.get(code) !== count)
      fault(`codes.arrow: ${code} has ${known.said.get(code)} events, the data ${count}`);
console.log(`${data.files} files, ${data.subjects} subjects, ${data.rows} events, ` +
  `${known.counts.size} codes`);
if (faults > 0) {
  console.error(`meds_check: ${faults} faults`);
  process.exit(1);
}
