/*
 * Keys that were there before, against a list of all of them: what is said to be new is new, what
 * is said to be there is there, and in data as it is (ascending, or patient by patient) nothing is
 * unsure.
 */
#include "check_main.h"
#include "test_folder.h"

#include "sink/sqlite_unique.h"

#define ROWS_KEPT 500
#define BATCH 64

typedef enum order { ASCENDING, NEARLY, PATIENTS, RANDOM, ORDERS } order;

typedef struct run {
    mimic_context *ctx;
    mimic_sqlite_unique *unique;
    uint64_t random;
    order order;
    size_t column_count;
    int64_t seen[40000]; /* keys that were added */
    size_t seen_count;
    size_t unsure; /* batches */
    size_t clashes;
} run;

/* A number that stands for the key: patient * 100000 + rest. */
static int64_t number_at(run *r, int64_t row)
{
    const uint64_t value = test_random(&r->random);
    switch (r->order) {
    case ASCENDING:
        return row;
    case NEARLY:
        return row / 50 * 50 + (int64_t)(value % 400);
    case PATIENTS:
        return row / 90 * 7919 % 10007 * 100000 + (int64_t)(value % 5000);
    default:
        return (int64_t)(value % 1000000);
    }
}

static void make_key(mimic_sqlite_key *key, int64_t number, size_t column_count)
{
    const int64_t values[] = {column_count == 1 ? number : number / 100000, number % 100000};
    mimic_sqlite_cell cells[2];
    for (size_t i = 0; i < column_count; i++) {
        const mimic_column column = {.type = MIMIC_TYPE_INT64, .values = &values[i]};
        mimic__sqlite_cell_init(&cells[i], MIMIC_TYPE_INT64, false);
        mimic__sqlite_cell_bind(&cells[i], &column);
    }
    ck_assert(mimic__sqlite_key_make(key, cells, column_count, 0));
}

static bool was_seen(const run *r, int64_t number)
{
    for (size_t i = r->seen_count; i-- > 0;)
        if (r->seen[i] == number)
            return true;
    return false;
}

static void add_row(run *r, const mimic_sqlite_key_facts *facts, int64_t row, int64_t number,
                    bool must_look)
{
    const bool is_there =
        must_look && mimic__sqlite_unique_find(r->unique, facts->hashes[row]) == MIMIC_SQLITE_SEEN;
    ck_assert_msg(is_there == was_seen(r, number), "%lld", (long long)number);
    r->clashes += is_there;
    if (is_there)
        return;
    ck_assert_int_eq(mimic__sqlite_unique_add(r->unique, facts->hashes[row]),
                     MIMIC_SQLITE_NOT_SEEN);
    r->seen[r->seen_count++] = number;
}

static void add_batch(run *r, int64_t first)
{
    static mimic_sqlite_key key;
    mimic_sqlite_key_facts facts;
    int64_t numbers[BATCH];
    ck_assert(mimic__sqlite_facts_init(&facts, r->ctx, BATCH));
    for (int64_t i = 0; i < BATCH; i++) {
        numbers[i] = number_at(r, first + i);
        make_key(&key, numbers[i], r->column_count);
        ck_assert(mimic__sqlite_facts_add(&facts, i, &key, r->column_count));
    }
    const mimic_sqlite_seen seen = mimic__sqlite_unique_begin(r->unique, &facts);
    if (seen == MIMIC_SQLITE_UNSURE) {
        r->unsure++;
    } else {
        for (int64_t i = 0; i < BATCH; i++)
            add_row(r, &facts, i, numbers[i], seen == MIMIC_SQLITE_SEEN);
        ck_assert_int_eq(mimic__sqlite_unique_end(r->unique, &facts), MIMIC_SQLITE_NOT_SEEN);
    }
    mimic__sqlite_facts_free(&facts, r->ctx);
}

static void check_order(order kind, size_t column_count)
{
    static run r;
    r = (run){.random = 5, .order = kind, .column_count = column_count};
    ck_assert_int_eq(mimic_context_new(NULL, &r.ctx, NULL), MIMIC_OK);
    r.unique = mimic__sqlite_unique_new(r.ctx, ROWS_KEPT);
    ck_assert_ptr_nonnull(r.unique);
    for (int64_t row = 0; row < 12000 && r.unsure == 0; row += BATCH)
        add_batch(&r, row);
    if (kind == ASCENDING || (kind == NEARLY && column_count == 1) ||
        (kind == PATIENTS && column_count == 2))
        ck_assert_uint_eq(r.unsure, 0);
    if (kind == RANDOM)
        ck_assert_uint_eq(r.unsure, 1);
    if (kind == NEARLY)
        ck_assert_uint_gt(r.clashes, 0);
    mimic__sqlite_unique_free(r.unique);
    mimic_context_free(r.ctx);
}

START_TEST(sqlite_unique__says_what_is_so)
{
    for (int i = 0; i < ORDERS; i++)
        for (size_t column_count = 1; column_count <= 2; column_count++)
            check_order((order)i, column_count);
}
END_TEST

MIMIC_TEST_MAIN(sqlite_unique, sqlite_unique__says_what_is_so)
