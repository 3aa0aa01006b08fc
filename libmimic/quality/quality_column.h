/*
 * The profile of one column while its table passes by. What a batch holds is written down on any
 * thread (look) and added to the column in the order of rows (take). The result depends on the rows
 * alone, not on how they were cut into batches.
 *
 * Values are kept with their exact counts as long as at most QUALITY_VALUES_MAX differ. When there
 * are more, the first that were met stay and go on being counted, the others are counted together,
 * and sketches say how many differ and where they lie. A column of which nearly every value differs
 * when the set is full (an id) is not counted any further.
 */
#ifndef MIMIC_QUALITY_COLUMN_H
#define MIMIC_QUALITY_COLUMN_H

#include <stdatomic.h>

#include <mimic/batch.h>

#include "base/arena.h"
#include "quality/quality_exact.h"
#include "quality/quality_sketch.h"
#include "schema/schema_model.h"

#define QUALITY_VALUES_MAX 4096
#define QUALITY_SLOTS 8192
#define QUALITY_TEXT_MAX 64 /* bytes that are kept of a text */

typedef enum quality_kind {
    QUALITY_NUMBER, /* integers, boolean: int64 */
    QUALITY_TIME,   /* date, time, timestamps: int64 */
    QUALITY_REAL,   /* float and decimal: double */
    QUALITY_TEXT,   /* string, categorical, binary: a hash */
} quality_kind;

quality_kind mimic__quality_kind(mimic_type type);

/* Keys in the order in which they came. */
typedef struct quality_set {
    uint32_t count;
    uint64_t keys[QUALITY_VALUES_MAX];
    uint16_t slots[QUALITY_SLOTS]; /* number of the key + 1; 0 = free */
} quality_set;

/* What sums and extremes tell; of a batch or of the whole column. */
typedef struct quality_facts {
    int64_t rows;
    int64_t nulls;
    int64_t zeros;      /* numbers */
    int64_t negatives;  /* numbers */
    int64_t not_finite; /* reals; in none of the figures below */
    int64_t early;      /* dates and timestamps before 1900 */
    int64_t characters; /* texts */
    int64_t shortest;   /* characters; -1 = no text */
    int64_t longest;
    int64_t finite;   /* values that least and greatest are of */
    int64_t least;    /* numbers and times; bits of a double for reals */
    int64_t greatest;
    quality_whole whole;
    quality_real *real; /* NULL until there is one */
} quality_facts;

static inline int64_t mimic__facts_present(const quality_facts *facts)
{
    return facts->rows - facts->nulls;
}

typedef struct quality_text {
    const char *data; /* the first QUALITY_TEXT_MAX bytes, whole characters */
    uint32_t size;
    bool is_cut;
} quality_text;

typedef enum quality_state {
    QUALITY_OPEN,   /* every value is in the set */
    QUALITY_FULL,   /* the set stays as it is, its counts go on */
    QUALITY_UNTOLD, /* nor do its counts mean anything */
} quality_state;

typedef struct quality_column {
    const mimic_context *ctx;
    const mimic_field *field;
    quality_kind kind;
    quality_facts facts;
    quality_set *set; /* changed by take while open, by nobody after */
    int64_t *counts;
    quality_text *texts; /* texts only */
    mimic_arena arena;
    atomic_int state;
    int64_t others; /* values that are not in the set */
    uint8_t *registers;       /* full and untold */
    quality_buckets sides[2]; /* full and untold: numbers below 0, negated; all others above 0 */
} quality_column;

bool mimic__column_init(quality_column *column, const mimic_context *ctx, const mimic_field *field);
void mimic__column_free(quality_column *column);

/* What a batch holds of a column; `arena` of the batch's notes holds all but the real sums and
 * buckets. */
typedef struct quality_notes {
    quality_facts facts;
    uint32_t entry_count; /* its first distinct values, unless `tallies` is there */
    uint64_t *keys;
    uint32_t *counts;
    uint32_t *rows;     /* of the first appearance */
    uint32_t *ordinals; /* the same among the values present */
    uint32_t *tallies;  /* counts of the column's set, which was full */
    bool has_others;    /* values that are in neither */
    uint32_t first_other; /* ordinal */
    int64_t others;
    uint8_t *registers; /* NULL = the entries say it all */
    quality_buckets sides[2];
} quality_notes;

/* Memory for the work of one look, used for one column after another. Equal values that follow each
 * other are a run. */
typedef struct quality_scratch {
    uint64_t *keys;        /* the values present; then one a run */
    uint32_t *starts;      /* of the runs among the values present, and the end of the last */
    uint32_t *lengths;     /* of the runs */
    uint32_t *every;       /* 0, 1, 2 … */
    uint32_t *places;      /* rows with a value */
    const uint32_t *rows;  /* one of both */
    size_t count;          /* values present */
    size_t runs;
    uint64_t hashes[QUALITY_VALUES_MAX]; /* of the first categories; 0 = not yet */
    quality_set set;
    uint32_t counts[QUALITY_VALUES_MAX];
    uint32_t firsts[QUALITY_VALUES_MAX]; /* ordinals */
} quality_scratch;

/* False when memory ran out; notes->sides and facts.real are to be freed either way. */
bool mimic__column_look(const quality_column *column, const mimic_column *data, int64_t row_count,
                        quality_scratch *scratch, mimic_arena *arena, quality_notes *notes);
void mimic__notes_free(const mimic_context *ctx, quality_notes *notes);
bool mimic__column_take(quality_column *column, const mimic_column *data,
                        const quality_notes *notes);

void mimic__set_clear(quality_set *set);
/* Number of a key in a set, or QUALITY_SLOTS. */
uint32_t mimic__set_find(const quality_set *set, uint64_t key);
/* The same, added if there is room. *out_new says so. */
uint32_t mimic__set_insert(quality_set *set, uint64_t key, bool *out_new);

/* The side and the key of a value among the buckets; false for zero of a number, for what is not
 * finite and for texts. */
bool mimic__bucket_key(quality_kind kind, uint64_t value, int *out_side, uint64_t *out_key);
double mimic__real_of_bits(uint64_t bits);

/* A text or the name of a category of a row. */
const char *mimic__cell_text(const mimic_column *data, int64_t row, size_t *out_size);

#endif
