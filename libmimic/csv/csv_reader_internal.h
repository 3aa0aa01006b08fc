/* The reader's parts, shared by the files that open it, run it, filter and reject. */
#ifndef MIMIC_CSV_READER_INTERNAL_H
#define MIMIC_CSV_READER_INTERNAL_H

#include "base/arena.h"
#include "base/pool.h"
#include "base/value_set.h"
#include "coerce/coerce_memory.h"
#include "csv/csv_index.h"

/* One filter, bound to a column of the file. */
typedef struct csv_filter {
    const mimic_field *field;
    size_t file_field;
    mimic_integer_set values;
    bool is_plain; /* short integers need no closer look */
    bool has_lexis; /* others may have units or group characters */
} csv_filter;

typedef struct csv_text_filter {
    const mimic_field *field;
    size_t file_field;
    mimic_text_set values;
    size_t longest; /* of the values, in bytes */
} csv_text_filter;

/* One row to be rejected; gathered from all stages, then put in order. */
typedef struct csv_reject_entry {
    size_t start; /* of the record, offset in the block */
    size_t end;
    size_t rows_before; /* rows of the block, filtered ones included, that come before it */
    bool is_row;        /* itself one of those rows */
    mimic_reject_code code;
    mimic_on_error policy;
    size_t column;     /* of the plan; SIZE_MAX = not found by coercion */
    size_t file_field; /* SIZE_MAX = the record as a whole */
    size_t value_start; /* the value at fault, as it stands in the block */
    size_t value_end;
} csv_reject_entry;

/* How far mimic_csv_reader_place went through the batch at hand: rows are asked for in order as a
 * rule, and a target may refuse all of them. */
typedef struct csv_place_cursor {
    size_t batch_rows;   /* rows of the batch before `row` */
    size_t row;          /* of the index */
    size_t start;        /* of that row, offset in the block */
    size_t lines_before; /* physical lines of the block before it */
    size_t faults_before;
} csv_place_cursor;

/*
 * One block on its way from bytes to a batch, with all the memory that it takes; a reader has as many
 * as may be on their way at once. See csv_pipeline.c for the way, and for who may touch what when.
 */
typedef struct csv_slot {
    mimic_task task; /* parsing, then finishing */
    mimic_csv_reader *reader; /* what was settled when it was opened; nothing of it that changes */
    mimic_status status; /* of the step that came last; MIMIC_END for a slot behind the input */
    mimic_error error;

    /* read */
    csv_block_memory memory;
    csv_block block;
    int64_t bytes_read; /* of the source, when the block was read: decompressed, and stored */
    int64_t stored_bytes;

    /* parsed */
    csv_index index;
    mimic_coerce_plan *plan; /* made when first needed */
    mimic_row_faults faults;
    size_t block_rows;     /* rows of the block before filters */
    uint32_t *row_numbers; /* of the rows that filters kept; NULL = all were kept */
    uint32_t *row_number_memory;
    size_t row_number_capacity;
    char *filter_text; /* room for a decoded field; NULL until a text filter needs it */
    mimic_buffer filter_field;  /* room for a long field that a filter on integers looks at, */
    mimic_buffer filter_number; /* and for its number without units */
    csv_reject_entry *rejects;
    size_t reject_count;
    size_t reject_capacity;

    /* settled */
    bool is_settled;
    int64_t first_record; /* 1-based, of the block */
    int64_t first_line;
    int64_t first_row; /* 0-based, of the batch */
    int64_t records;   /* read for this batch */
    int64_t filtered;
    bool is_last; /* the limit is reached */

    /* finished */
    mimic_column *columns;
    mimic_batch batch;
    void *chunk; /* what the encoder made of it */
    csv_place_cursor place;
} csv_slot;

/* Turns a finished batch into something of the caller's, on any thread, several at once. */
typedef struct csv_encoder {
    mimic_status (*encode)(void *ctx, const mimic_batch *batch, void **out_chunk,
                           mimic_error *err); /* NULL = no encoder */
    void (*free_chunk)(void *ctx, void *chunk);
    void *ctx;
} csv_encoder;

struct mimic_csv_reader {
    /* settled when it is opened */
    const mimic_context *ctx;
    mimic_source *source;
    const mimic_table *source_table; /* as given by the caller */
    mimic_csv_options options;
    csv_dialect dialect;
    const csv_kernel *kernel;
    mimic_coerce_options coerce_options;
    csv_encoder encoder;
    mimic_unique_mode unique;
    mimic_arena arena;
    const mimic_table *table; /* of the batches */
    mimic_drift *drift;
    const char **header; /* names in the file; NULL without a header */
    size_t field_count;  /* of a record in the file */
    size_t *file_fields; /* one a column of `table`; SIZE_MAX = not in the file */
    csv_filter *filters; /* as many as the options have */
    csv_text_filter *text_filters;
    size_t text_filter_count;
    size_t longest_field; /* as it stands in a file, that a text filter may want */
    const struct mimic_strip_kernel *numbers; /* for filters */

    /* of the pipeline */
    mimic_pool *pool; /* NULL = no threads */
    bool owns_pool;
    csv_slot *slots;
    csv_slot **ring; /* the same; block n travels in the one at n modulo their number */
    size_t slot_count;
    mimic_task input_task;
    bool input_is_callers; /* bytes are read on the caller's thread only */
    int64_t input_until;   /* blocks are numbered: the first that may not be read yet */
    int64_t read_end;      /* the first that is not read: of the input task */
    bool input_ended;      /* the same */
    csv_splitter *splitter; /* the same */
    int64_t seen_end;       /* read_end as the caller's thread knows it */
    int64_t settled_end;
    bool settling_ended;
    size_t block_footprint; /* bytes that a slot takes, going by the last ones; 0 = not known */
    int64_t front;     /* the next to be delivered */
    csv_slot *current; /* delivered last, until the next call */

    /* of settling, which goes in order on the caller's thread */
    mimic_coerce_memory *memory;
    int64_t next_record;
    int64_t next_line;
    int64_t next_row;
    int64_t rows_settled; /* of this reader, that is without the parts before */

    /* of what was delivered */
    mimic_csv_counts counts;
    int64_t stored_bytes;
    mimic_status status;
    mimic_error error; /* of that status, for later calls */
};

/* True for a row of the index that is dropped: faulty, or behind the limit. */
static inline bool mimic_csv__row_is_bad(const csv_slot *slot, size_t row)
{
    return (slot->faults.bad[row / 64] >> (row % 64) & 1) != 0;
}

/* ---- csv_reader.c ---- */

/* What mimic_csv_reader_open has no option for. */
typedef struct csv_setup {
    mimic_pool *pool; /* used in place of options.jobs; outlives the reader; NULL = none */
    csv_encoder encoder;
    mimic_unique_mode unique;
} csv_setup;

mimic_status mimic_csv__reader_open(const mimic_context *ctx, mimic_source *source,
                                    const mimic_table *table, const mimic_csv_options *options,
                                    const csv_setup *setup, mimic_csv_reader **out_reader,
                                    mimic_error *err);
/* Before the first batch. */
void mimic_csv__reader_set_on_reject(mimic_csv_reader *reader, mimic_reject_fn on_reject,
                                     void *ctx);
/* The chunk of the batch at hand, which is the caller's from then on. */
void *mimic_csv__reader_take_chunk(mimic_csv_reader *reader);
/* Record number of a row of the batch at hand; cheap where no record of it was left out. */
int64_t mimic_csv__reader_record(const mimic_csv_reader *reader, int64_t row);
/* Stored bytes of the source that were read for the batches so far. */
int64_t mimic_csv__reader_stored_bytes(const mimic_csv_reader *reader);
/* Names of the file's columns; NULL without a header. Borrowed from the reader. */
const char *const *mimic_csv__reader_header(const mimic_csv_reader *reader, size_t *out_count);
/*
 * Lets `reader` go on with what `before` remembers: values that may come once, texts of categorical
 * columns, the number of rows. For the next part of one table, opened with the same table and
 * options, before its first batch. `before` can only be freed.
 */
void mimic_csv__reader_continue(mimic_csv_reader *reader, mimic_csv_reader *before);

/* ---- csv_pipeline.c ---- */

mimic_status mimic_csv__pipeline_open(mimic_csv_reader *reader, const csv_setup *setup,
                                      mimic_error *err);
/* Waits for what is on its way, and frees everything. */
void mimic_csv__pipeline_free(mimic_csv_reader *reader);
/* Begins to read ahead, as far as memory may be used; nothing is settled or encoded before
 * mimic_csv_reader_next. */
void mimic_csv__pipeline_feed(mimic_csv_reader *reader);
/* The next slot, finished; what the step that failed says, or MIMIC_END. Borrowed until the next. */
mimic_status mimic_csv__pipeline_next(mimic_csv_reader *reader, csv_slot **out_slot,
                                      mimic_error *err);

/* ---- csv_slot.c: the steps ---- */

/* When the table is known; slot->reader is set. */
mimic_status mimic_csv__slot_init(csv_slot *slot, mimic_error *err);
void mimic_csv__slot_free(csv_slot *slot);
/* Gives back what a slot holds beside the bytes of its block, which is done with. */
void mimic_csv__slot_trim(csv_slot *slot);
/* Bytes that it holds, about. */
size_t mimic_csv__slot_bytes(const csv_slot *slot);
mimic_status mimic_csv__slot_parse(csv_slot *slot, mimic_error *err);
mimic_status mimic_csv__slot_settle(csv_slot *slot, mimic_error *err);
mimic_status mimic_csv__slot_finish(csv_slot *slot, mimic_error *err);

/* ---- csv_filter.c ---- */

/* ---- options (csv_reader.c) ---- */

/* Puts the table's dialect and the defaults where nothing was said, and checks. */
mimic_status mimic_csv__options_complete(mimic_csv_options *options, const mimic_table *table,
                                         mimic_error *err);
csv_dialect mimic_csv__options_dialect(const mimic_csv_options *options);
/* Dictionaries only grow: what a table may keep of them is shared by its columns. */
mimic_coerce_options mimic_csv__coerce_options(const mimic_csv_options *options,
                                               const mimic_table *table, mimic_unique_mode unique);

/* A record that is rejected before coercion; `size` counts its line end, where it has one. */
typedef struct csv_bad_record {
    mimic_reject_code code;
    const csv_dialect *dialect;
    const char *bytes;
    size_t size;
    size_t found_fields; /* 0 = to be counted */
    size_t field_count;  /* that were expected */
    uint64_t max_record_bytes;
} csv_bad_record;

/* The sentence for it. */
void mimic_csv__describe_record(const csv_bad_record *record, char *out, size_t capacity);
/* So many bytes of `raw` are shown: without its line end, and cut between characters. */
size_t mimic_csv__raw_size(const char *raw, size_t size, size_t limit, int32_t *out_is_cut);


/* Binds options.filters; the field numbers of the file must be known. */
mimic_status mimic_csv__filters_bind(mimic_csv_reader *reader, mimic_error *err);
void mimic_csv__filters_free(mimic_csv_reader *reader);
/* Drops the rows of the index that a filter leaves out, and notes those it cannot judge. */
mimic_status mimic_csv__filters_apply(csv_slot *slot, mimic_error *err);

/* ---- csv_reject.c ---- */

mimic_status mimic_csv__reject_add(csv_slot *slot, csv_reject_entry entry, mimic_error *err);
/* An entry for a row of the index, not yet filtered; marks are that row's. */
csv_reject_entry mimic_csv__row_entry(const csv_slot *slot, const uint32_t *marks,
                                      size_t file_field);
/* Number within the block, filters not regarded, of a row of the index. */
size_t mimic_csv__row_number(const csv_slot *slot, size_t row);
/* Puts the entries in order, reports them, and applies the policy "fail". */
mimic_status mimic_csv__rejects_deliver(mimic_csv_reader *reader, csv_slot *slot,
                                        mimic_error *err);

#endif
