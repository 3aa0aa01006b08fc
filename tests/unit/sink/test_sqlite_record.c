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

MIMIC_TEST_MAIN(sqlite_record, sqlite_record__stays_above_its_floor)
