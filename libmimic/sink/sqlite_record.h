/*
 * Rows of a batch as SQLite records: byte for byte what SQLite itself would store in a STRICT
 * table.
 *
 * A record is its header (its size, then a serial type for each column, as varints) and the values.
 * It is written from its end to its start, so that each size is known when it is written.
 *
 *     mimic_sqlite_cell cells[...];
 *     mimic__sqlite_cell_init(&cells[i], type, integer_times);     // for a table
 *     mimic__sqlite_cell_bind(&cells[i], &batch->columns[i]);      // for a batch
 *     start = mimic__sqlite_record_put(cells, count, row, end, floor);
 */
#ifndef MIMIC_SINK_SQLITE_RECORD_H
#define MIMIC_SINK_SQLITE_RECORD_H

#include <stdbool.h>

#include <mimic/batch.h>

#include "sink/sink_format.h"
#include "sink/sqlite_format.h"

/* How a column is stored. */
typedef enum mimic_sqlite_storage {
    MIMIC_SQLITE_AS_NOTHING, /* always NULL: the rowid by another name */
    MIMIC_SQLITE_AS_BIT,
    MIMIC_SQLITE_AS_INT16,
    MIMIC_SQLITE_AS_INT32,
    MIMIC_SQLITE_AS_INT64,
    MIMIC_SQLITE_AS_FLOAT32,
    MIMIC_SQLITE_AS_FLOAT64,
    MIMIC_SQLITE_AS_DECIMAL, /* from here on texts */
    MIMIC_SQLITE_AS_DATE,
    MIMIC_SQLITE_AS_TIME,
    MIMIC_SQLITE_AS_TIMESTAMP,
    MIMIC_SQLITE_AS_TEXT,
    MIMIC_SQLITE_AS_CATEGORICAL,
    MIMIC_SQLITE_AS_BLOB
} mimic_sqlite_storage;

typedef struct mimic_sqlite_cell {
    mimic_sqlite_storage storage;
    mimic_type type;
    /* of the batch at hand */
    const uint8_t *validity; /* NULL = no NULL */
    const void *values;
    const int32_t *offsets; /* of texts, or of the dictionary */
    const char *bytes;
    int32_t scale;
    /* The last date or time as text: measurements of one moment stand together. */
    int32_t text_size; /* 0 = none */
    int64_t text_value;
    char text[MIMIC_FORMAT_BYTES];
} mimic_sqlite_cell;

void mimic__sqlite_cell_init(mimic_sqlite_cell *cell, mimic_type type, bool integer_times);
void mimic__sqlite_cell_bind(mimic_sqlite_cell *cell, const mimic_column *column);

/* A date or time as the text that is stored; MIMIC_FORMAT_BYTES are enough. Its size. */
size_t mimic__sqlite_time_text(const mimic_sqlite_cell *cell, int64_t value, char *out);

/* Room that `cell_count` values need beside the bytes of STRING, BINARY and CATEGORICAL ones,
 * header included. */
size_t mimic__sqlite_record_fixed_bound(size_t cell_count);
/* Bytes that the record of a row can have at most; the exact size may be less. */
size_t mimic__sqlite_record_bound(const mimic_sqlite_cell *cells, size_t cell_count, int64_t row);

/*
 * Writes the record of `row` so that it ends before `end`, and returns where it begins; NULL when
 * it might reach below `floor`, for which at least mimic__sqlite_record_fixed_bound(cell_count)
 * bytes must lie between the two. Bytes between floor and the start may be overwritten.
 */
unsigned char *mimic__sqlite_record_put(mimic_sqlite_cell *cells, size_t cell_count, int64_t row,
                                        unsigned char *end, unsigned char *floor);

#endif
