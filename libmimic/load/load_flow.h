/*
 * What happens to a batch of one table between the reader and the sink. Stages look at every row that
 * is written: the half of the work that needs no order runs on the workers (`look`), the rest in the
 * order of the rows (`take`). Rows that are to be skipped, and rows that the sink refuses, are taken
 * out before a stage sees them.
 *
 *     workers:  batch ► without the rows to be skipped ► look, look, … ► sink's encode ► chunk
 *     in order: chunk ► sink's write ► take, take, …
 */
#ifndef MIMIC_LOAD_FLOW_H
#define MIMIC_LOAD_FLOW_H

#include <mimic/sink.h>

#include "batch/batch_take.h"
#include "load/load_skip.h"

#define LOAD_STAGES_MAX 4

typedef struct load_stage {
    void *self;
    /* Before the first batch, and again, with everything forgotten, when the table is written anew. */
    mimic_status (*begin)(void *self, mimic_error *err);
    /* Pure: any thread, several at once. NULL allowed, as for all but take. */
    mimic_status (*look)(void *self, const mimic_batch *batch, void **out_notes, mimic_error *err);
    /* Takes the notes over. Row i of the batch is row first_row + rows[i] of those that the reader
     * delivers; rows NULL = first_row + i. */
    mimic_status (*take)(void *self, const mimic_batch *batch, const uint32_t *rows, void *notes,
                         mimic_error *err);
    void (*drop)(void *self, void *notes); /* those that take never sees; never NULL ones */
    /* After the last batch, before the table is committed. *out_again (false at first): it is to be
     * written anew, with what the stage set in the flow. */
    mimic_status (*end)(void *self, bool *out_again, mimic_error *err);
} load_stage;

/* Of one table; the conversion's. Zeroed but for ctx and sink. */
typedef struct load_flow {
    const mimic_context *ctx;
    mimic_sink *sink;
    load_stage stages[LOAD_STAGES_MAX];
    size_t stage_count;
    const load_skip *skip;    /* NULL = all rows are written */
    bool skipped_are_rejects; /* else they count as duplicates */
    /* Says why a row is skipped, where that makes a reject; `row` is among the rows that the reader
     * delivers. *out_column is "" where it is not one. */
    mimic_status (*explain)(void *ctx, int64_t row, char *message, size_t message_size,
                            const char **out_column, mimic_error *err);
    void *explain_ctx;
    /* Where row `row` of the batch that was read last stands in the input, as a number that ascends:
     * see LOAD_PLACE. The conversion's. */
    uint64_t (*place)(void *ctx, int64_t row);
    void *place_ctx;
    bool is_read_once; /* the input cannot be read again, whatever its name is */
    const mimic_table *table; /* NULL = as read; what the sink is told the table is */
} load_flow;

/* A batch on its way. */
typedef struct load_chunk {
    mimic_batch_part *part; /* rows were skipped: those that are left; NULL = all */
    void *encoded;          /* the sink's */
    void *notes[LOAD_STAGES_MAX];
} load_chunk;

/* An encoder of the reader (csv_encoder): *out_chunk is a load_chunk. */
mimic_status mimic__flow_encode(void *flow, const mimic_batch *batch, void **out_chunk,
                                mimic_error *err);
void mimic__flow_free_chunk(void *flow, void *chunk);

/* The batch that the sink writes: `batch`, without the rows that were skipped. */
const mimic_batch *mimic__flow_batch(const load_chunk *chunk, const mimic_batch *batch);
/* The sink's write, in the order of the rows. */
mimic_status mimic__flow_write(load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                               mimic_error *err);
/* Then the stages'. `kept`: rows of the batch that was written, ascending, which the sink did not
 * refuse; NULL = all. */
mimic_status mimic__flow_take(load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                              const uint32_t *kept, size_t kept_count, mimic_error *err);

mimic_status mimic__flow_begin(load_flow *flow, mimic_error *err);
mimic_status mimic__flow_end(load_flow *flow, bool *out_again, mimic_error *err);

#endif
