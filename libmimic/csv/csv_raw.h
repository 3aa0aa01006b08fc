/*
 * Records without types: the header's names and, block by block, the fields as they stand in the file.
 * Recognition, counting and inference use it; what it finds is never written anywhere.
 */
#ifndef MIMIC_CSV_RAW_H
#define MIMIC_CSV_RAW_H

#include "base/arena.h"
#include "csv/csv_index.h"

/*
 * Names of a header line, decoded and NUL-terminated, in the arena. MIMIC_ERR_CSV_HEADER when there
 * are too many or when they are not text; `source` stands in the message.
 */
mimic_status mimic_csv__decode_header(mimic_arena *arena, const csv_dialect *dialect,
                                      const char *bytes, size_t size, const char *source,
                                      size_t max_columns, const char ***out_names,
                                      size_t *out_count, mimic_error *err);

typedef struct csv_raw_reader {
    mimic_arena arena;
    csv_splitter *splitter;
    csv_block_memory memory;
    csv_index index; /* of the block at hand */
    csv_block block;
    const char **header;
    size_t header_count;
} csv_raw_reader;

/* RFC 4180 with a header line. The source is borrowed and must outlive the reader. */
mimic_status mimic_csv__raw_open(const mimic_context *ctx, mimic_source *source,
                                 csv_raw_reader *out_reader, mimic_error *err);
/* Fills block and index with the next block; MIMIC_END after the last. */
mimic_status mimic_csv__raw_next(csv_raw_reader *reader, mimic_error *err);
/* Bytes of a field of the block at hand, quotes and all. */
const char *mimic_csv__raw_field(const csv_raw_reader *reader, size_t row, size_t field,
                                 size_t *out_size);
/* May be called on a reader that failed to open, or that is zeroed. */
void mimic_csv__raw_close(csv_raw_reader *reader);

#endif
