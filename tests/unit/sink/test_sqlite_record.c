/* Records where room is short, and rows that SQLite refuses for their size. */
#include "check_main.h"

#include "test_batch.h"
#include "test_files.h"

#include "sink/sink_sqlite_fault.h"
#include "sink/sqlite_record.h"

#define GUARD_BYTES 16384
#define GUARD 0xa5

/* ---- the floor ---- */

typedef struct room {
    unsigned char *bytes; /* GUARD_BYTES of them below the floor */
    size_t size;          /* above it */
} room;

static room room_make(size_t size)
{
    room r = {malloc(GUARD_BYTES + size), size};
    memset(r.bytes, GUARD, GUARD_BYTES);
    return r;
}

static void expect_guard(const room *r, size_t text_size)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_msg(r->bytes[i] == GUARD, "a text of %zu bytes: written %zu bytes below the room",
                      text_size, GUARD_BYTES - i);
}

/* Columns of a row, from the last one written to the first: a text that nearly fills the room, then
 * times, which are written without a look at the floor, then a text that has no room any more. */
START_TEST(sqlite_record__stays_above_its_floor)
{
    enum { ROOM = 6000, FIRST = 9000 };
    static char text[FIRST];
    test_table t;
    test_table_make(&t, "t");
    test_table_field(&t, "first", MIMIC_TYPE_STRING, false);
    test_table_field(&t, "decimal", MIMIC_TYPE_DECIMAL, false);
    test_table_field(&t, "time", MIMIC_TYPE_TIMESTAMP, false);
    test_table_field(&t, "last", MIMIC_TYPE_STRING, false);
    const size_t count = t.table.field_count;
    const size_t fixed = mimic__sqlite_record_fixed_bound(count);
    memset(text, 'x', sizeof text);
    for (size_t size = ROOM - 300; size < ROOM + 20; size++) {
        for (size_t first = 0; first <= FIRST; first = first == 0 ? 1 : first * 20) {
            test_batch b;
            mimic_sqlite_cell cells[4];
            test_batch_make(&b, &t.table, 1);
            test_set_bytes(&b, 0, 0, text, first);
            test_cell_at(&b, 1, 0)->decimal.low = UINT64_MAX;
            test_set_integer(&b, 2, 0, 1234567890123456);
            test_set_bytes(&b, 3, 0, text, size);
            test_batch_view(&b);
            for (size_t i = 0; i < count; i++) {
                mimic__sqlite_cell_init(&cells[i], t.fields[i].type, false);
                mimic__sqlite_cell_bind(&cells[i], &b.columns[i]);
            }
            const room r = room_make(fixed + ROOM);
            unsigned char *const floor = r.bytes + GUARD_BYTES;
            const unsigned char *const start =
                mimic__sqlite_record_put(cells, count, 0, floor + r.size, floor);
            expect_guard(&r, first);
            ck_assert(start == NULL || start > floor);
            if (first + size > ROOM)
                ck_assert_ptr_null(start);
            free(r.bytes);
            test_batch_free(&b);
        }
    }
}
END_TEST

/* ---- rows larger than SQLite's ---- */

static int note_refusal(void *self, int64_t row, mimic_reject_code code, const char *column,
                        const char *message)
{
    char *const text = self;
    snprintf(text, 200, "%lld %s %s: %s", (long long)row, mimic_reject_code_name(code), column,
             message);
    return 0;
}

/* The limit holds for a whole row: two texts that are small enough each are not, together. Nobody
 * looks at the texts, so there are none. */
START_TEST(sqlite_record__row_has_a_limit)
{
    static const int32_t offsets[2][4] = {{0, 600000000, 600000000, 1200000000},
                                          {0, 1, 600000001, 1200000001}};
    static const uint8_t validity = 3;
    char refusal[200] = "";
    const mimic_sink_host host = {sizeof host, note_refusal, refusal};
    mimic_context *const ctx = test_context_make(NULL);
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_sqlite_rules rules;
    test_table t;
    test_table_make(&t, "t");
    test_table_field(&t, "a", MIMIC_TYPE_STRING, false);
    test_table_field(&t, "b", MIMIC_TYPE_STRING, false);
    mimic_column columns[2] = {{.type = MIMIC_TYPE_STRING, .offsets = offsets[0]},
                               {.type = MIMIC_TYPE_STRING, .offsets = offsets[1]}};
    const mimic_batch batch = {
        .row_count = 3, .column_count = 2, .columns = columns, .table = &t.table};
    size_t column = 0;
    ck_assert_int_eq(mimic__sqlite_rules_init(&rules, ctx, &t.table, &err), MIMIC_OK);
    ck_assert(mimic__sqlite_may_have_faults(&rules, &batch));
    ck_assert_int_eq(mimic__sqlite_find_fault(&rules, &batch, 0, &column), 2);
    ck_assert_uint_eq(column, 1);
    ck_assert_int_eq(mimic__sqlite_refuse_fault(&rules, &host, &batch, 2, column, &err), MIMIC_OK);
    ck_assert_str_eq(refusal, "2 sink b: SQLite cannot hold a row of this size");
    columns[1].validity = &validity; /* bytes of a NULL do not count */
    ck_assert_int_eq(mimic__sqlite_find_fault(&rules, &batch, 0, &column), 3);
    mimic__sqlite_rules_free(&rules, ctx);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(sqlite_record, sqlite_record__stays_above_its_floor,
                sqlite_record__row_has_a_limit)
