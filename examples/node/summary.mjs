/*
 * Reads an Arrow file that mimic wrote and prints a line for each item: rows, values, least, mean, largest.
 *
 *     mimic convert labs.csv labs.arrow --table mimic-iv@3.1/labevents --columns itemid,valuenum,valueuom
 *     npm ci && node summary.mjs labs.arrow
 */
import { readFileSync } from 'node:fs';
import { CompressionType, compressionRegistry, tableFromIPC } from 'apache-arrow';
import { decompress } from 'fzstd';

/* mimic compresses with Zstandard, for which apache-arrow wants to be told a decoder. */
compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompress(bytes) });

if (process.argv.length !== 3) {
  console.error('usage: summary.mjs FILE.arrow');
  process.exit(2);
}
const items = new Map();
for (const { itemid, valuenum, valueuom } of tableFromIPC(readFileSync(process.argv[2]))) {
  if (!items.has(itemid)) items.set(itemid, { unit: '', rows: 0, values: 0, sum: 0, least: Infinity, largest: -Infinity });
  const item = items.get(itemid);
  item.rows++;
  item.unit = valueuom ?? item.unit;
  if (valuenum !== null) {
    item.values++;
    item.sum += valuenum;
    item.least = Math.min(item.least, valuenum);
    item.largest = Math.max(item.largest, valuenum);
  }
}
for (const [itemid, item] of [...items].sort(([a], [b]) => a - b)) {
  if (item.values === 0) {
    console.log(`${itemid}: ${item.rows} rows, no value`);
    continue;
  }
  const [least, largest, mean] = [item.least, item.largest, item.sum / item.values].map((number) => number.toFixed(2));
  console.log(`${itemid}: ${item.rows} rows, ${item.values} values, ${least} to ${largest}, mean ${mean} ${item.unit}`);
}
