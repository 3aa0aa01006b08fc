/*
 * Keys of a load, held against counts that are made in the simplest way: violations of primary, unique
 * and foreign keys of random tables, the rows that stay under each policy, and the sorted sets that
 * all of it goes through.
 */
#include "check_main.h"
#include "test_folder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mimic/load.h>

#include "load/load_keys_set.h"

static mimic_context *ctx;
static mimic_registry *registry;
static test_folder folder;

#define FIELD(name, type, own) "{\"name\":\"" name "\",\"type\":\"" type "\"" own "}"
#define AS(type) ",\"mimic\":{\"type\":\"" type "\"}"
#define NAMES(fields, table, others)                                                               \
    "{\"fields\":[" fields "],\"reference\":{\"resource\":\"" table "\",\"fields\":[" others "]}}"

/* The child names every column of its parent in another type, and itself. */
static const char PACKAGE[] =
    "{\"name\":\"kin\",\"version\":\"1\",\"resources\":["
    "{\"name\":\"parent\",\"path\":\"parent.csv\",\"schema\":{\"fields\":["
    FIELD("id", "integer", AS("int64")) ","
    FIELD("code", "string", ",\"constraints\":{\"unique\":true}") ","
    FIELD("a", "integer", AS("int16")) "," FIELD("d", "date", "") ","
    FIELD("x", "number", AS("decimal(12,2)")) ","
    FIELD("long", "string", "")
    "],\"primaryKey\":[\"id\"],\"uniqueKeys\":[[\"d\",\"a\"]]}},"
    "{\"name\":\"child\",\"path\":\"child.csv\",\"schema\":{\"fields\":["
    FIELD("seq", "integer", AS("int32")) "," FIELD("long", "string", AS("categorical")) ","
    FIELD("x", "integer", AS("int64")) "," FIELD("d", "date", "") ","
    FIELD("a", "integer", AS("int32")) "," FIELD("code", "string", AS("categorical")) ","
    FIELD("id", "integer", AS("int32")) "," FIELD("up", "integer", AS("int16"))
    "],\"primaryKey\":[\"seq\"],\"foreignKeys\":["
    NAMES("\"id\"", "parent", "\"id\"") "," NAMES("\"code\"", "parent", "\"code\"") ","
    NAMES("\"a\",\"d\"", "parent", "\"a\",\"d\"") "," NAMES("\"x\"", "parent", "\"x\"") ","
    NAMES("\"long\"", "parent", "\"long\"") "," NAMES("\"up\"", "", "\"seq\"") "]}},"
    "{\"name\":\"version\",\"path\":\"version.csv\",\"schema\":{\"fields\":["
    FIELD("k", "integer", AS("int32")) "," FIELD("u", "string", "") ","
    FIELD("at", "integer", AS("int32")) "," FIELD("n", "integer", AS("int32"))
    "],\"primaryKey\":[\"k\"],\"uniqueKeys\":[[\"u\"]]},\"mimic\":{\"orderKey\":[\"at\"]}}]}";

static void set_up(void)
{
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    if (mimic_registry_add_json(registry, PACKAGE, strlen(PACKAGE), "kin", NULL, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    folder = test_folder_make();
    ck_assert_int_eq(mkdir(test_path(&folder, "in"), 0700), 0);
}

static void tear_down(void)
{
    test_folder_remove(&folder);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

/* ---- files, loads, notes ---- */

typedef struct text {
    char *bytes;
    size_t size;
    size_t capacity;
} text;

static void __attribute__((format(printf, 2, 3))) add(text *to, const char *format, ...)
{
    va_list arguments;
    if (to->capacity - to->size < 512) {
        to->capacity = 2 * to->capacity + 65536;
        to->bytes = realloc(to->bytes, to->capacity);
        ck_assert_ptr_nonnull(to->bytes);
    }
    va_start(arguments, format);
    to->size += (size_t)vsnprintf(to->bytes + to->size, 512, format, arguments);
    va_end(arguments);
}

static void put(const char *name, text *from)
{
    test_write_file(test_path(&folder, name), from->bytes, from->size);
    free(from->bytes);
    *from = (text){0};
}

static mimic_status load(const mimic_load_options *options, const char *kind, const char *name,
                         mimic_report **out_report, mimic_error *err)
{
    char dir[1100];
    char target[1100];
    snprintf(dir, sizeof dir, "%s", test_path(&folder, "in"));
    snprintf(target, sizeof target, "%s%s", kind, name[0] == '\0' ? "" : test_path(&folder, name));
    return mimic_load(ctx, registry, dir, target, options, out_report, err);
}

static mimic_report *load_ok(const mimic_load_options *options, const char *kind, const char *name)
{
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status = load(options, kind, name, &report, &err);
    ck_assert_msg(status == MIMIC_OK, "%s%s: %s", kind, name, err.message);
    return report;
}

/* The note of a key, with count -1 and message "" where there is none. */
static mimic_note key_note_of(const mimic_report *report, const char *table, const char *code,
                              const char *column)
{
    for (size_t i = 0; i < mimic_report_note_count(report); i++) {
        mimic_note note = MIMIC_NOTE_INIT;
        ck_assert_int_eq(mimic_report_note(report, i, &note), MIMIC_OK);
        if (note.kind == MIMIC_NOTE_KEY && strcmp(note.table, table) == 0 &&
            strcmp(note.code, code) == 0 && strcmp(note.column, column) == 0)
            return note;
    }
    return (mimic_note)MIMIC_NOTE_INIT;
}

static mimic_table_report table_of(const mimic_report *report, const char *name)
{
    for (size_t i = 0; i < mimic_report_table_count(report); i++) {
        mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
        ck_assert_int_eq(mimic_report_table(report, i, &table), MIMIC_OK);
        if (strcmp(table.table, name) == 0)
            return table;
    }
    ck_abort_msg("no table %s in the report", name);
}

/* All notes of keys, for comparison. */
static text key_notes(const mimic_report *report)
{
    text all = {0};
    for (size_t i = 0; i < mimic_report_note_count(report); i++) {
        mimic_note note = MIMIC_NOTE_INIT;
        ck_assert_int_eq(mimic_report_note(report, i, &note), MIMIC_OK);
        if (note.kind == MIMIC_NOTE_KEY || note.kind == MIMIC_NOTE_REJECTS)
            add(&all, "%s|%s|%s|%d|%lld|%s\n", note.table, note.column, note.code,
                (int)note.is_problem, (long long)note.count, note.message);
    }
    add(&all, "end\n");
    return all;
}

/* ---- random tables, counted plainly ---- */

#define PARENTS 300
#define CHILDREN 900

/* A key as text, "" = NULL. */
typedef char cell[80];

typedef struct column {
    cell cells[CHILDREN];
    size_t count;
} column;

static column parent[5]; /* id, code, "a,d", x, long */
static column child[6];  /* the same, up */
static column seq;

static bool is_before(const column *in, size_t row, const char *text_of)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(in->cells[i], text_of) == 0)
            return true;
    return false;
}

static int64_t count_repeats(const column *in)
{
    int64_t count = 0;
    for (size_t i = 0; i < in->count; i++)
        count += in->cells[i][0] != '\0' && is_before(in, i, in->cells[i]);
    return count;
}

static void count_missing(const column *in, const column *of, int64_t *out_rows, int64_t *out_keys)
{
    *out_rows = 0;
    *out_keys = 0;
    for (size_t i = 0; i < in->count; i++) {
        if (in->cells[i][0] == '\0' || is_before(of, of->count, in->cells[i]))
            continue;
        *out_rows += 1;
        *out_keys += !is_before(in, i, in->cells[i]);
    }
}

/* A value of some `range`; seldom NULL. `kind`: which column. */
static void fill(cell *to, size_t kind, uint64_t *state, unsigned range)
{
    static const char *const tails[] = {"", "-7", "-007", " and more than fits", "é"};
    const unsigned value = (unsigned)(test_random(state) % range);
    const unsigned other = (unsigned)(test_random(state) % 5);
    char *const cell_text = *to;
    if (test_random(state) % 17 == 0 && kind != 0)
        cell_text[0] = '\0';
    else if (kind == 1)
        snprintf(cell_text, sizeof *to, "%s%u%s", other == 2 ? "c" : "", value, tails[other]);
    else if (kind == 2)
        snprintf(cell_text, sizeof *to, "%d,21%02u-0%u-11", (int)value - 40, value % 90, other + 1);
    else if (kind == 4)
        snprintf(cell_text, sizeof *to, "a text that is longer than a key can be %u", value);
    else
        snprintf(cell_text, sizeof *to, "%d", (int)value - 20);
}

/* `range`: of the values; the smaller, the more come again. */
static void make_tables(uint64_t *state, unsigned range)
{
    text file = {0};
    add(&file, "id,code,a,d,x,long\n");
    for (size_t row = 0; row < PARENTS; row++) {
        for (size_t i = 0; i < 5; i++) {
            fill(&parent[i].cells[row], i, state, range);
            parent[i].count = row + 1;
        }
        add(&file, "%s,%s,%s,%s%s,%s\n", parent[0].cells[row], parent[1].cells[row],
            parent[2].cells[row][0] == '\0' ? ",2100-01-01" : parent[2].cells[row],
            parent[3].cells[row], parent[3].cells[row][0] == '\0' || row % 2 == 0 ? "" : ".00",
            parent[4].cells[row]);
    }
    put("in/parent.csv", &file);
    add(&file, "seq,long,x,a,d,code,id,up\n");
    for (size_t row = 0; row < CHILDREN; row++) {
        for (size_t i = 0; i < 6; i++) {
            fill(&child[i].cells[row], i, state, i == 5 ? CHILDREN : range + 15);
            child[i].count = row + 1;
        }
        snprintf(seq.cells[row], sizeof(cell), "%d",
                 test_random(state) % 9 == 0 ? (int)(test_random(state) % range) : (int)row);
        seq.count = row + 1;
        add(&file, "%s,%s,%s,%s,%s,%s,%s\n", seq.cells[row], child[4].cells[row],
            child[3].cells[row], child[2].cells[row][0] == '\0' ? "5," : child[2].cells[row],
            child[1].cells[row], child[0].cells[row], child[5].cells[row]);
    }
    put("in/child.csv", &file);
}

static void check_unique(const mimic_report *report, const char *table, const char *code,
                         const char *name, const column *of)
{
    const int64_t wanted = count_repeats(of);
    const mimic_note note = key_note_of(report, table, code, name);
    ck_assert_msg(note.count == (wanted == 0 ? -1 : wanted), "%s.%s: %lld, not %lld (%s)", table,
                  name, (long long)note.count, (long long)wanted, note.message);
}

static void check_foreign(const mimic_report *report, const char *name, const column *of,
                          const column *others)
{
    int64_t rows;
    int64_t keys;
    char wanted[100] = "";
    count_missing(of, others, &rows, &keys);
    const mimic_note note = key_note_of(report, "child", "foreign_key", name);
    if (rows > 0)
        snprintf(wanted, sizeof wanted, "%lld row%s %lld key%s that ", (long long)rows,
                 rows == 1 ? " names" : "s name", (long long)keys, keys == 1 ? "" : "s");
    ck_assert_msg(note.count == (rows == 0 ? -1 : rows) &&
                      strncmp(note.message, wanted, strlen(wanted)) == 0,
                  "%s: %lld, %s; not %s", name, (long long)note.count, note.message, wanted);
}

START_TEST(keys__counts_are_those_of_a_plain_count)
{
    static const unsigned ranges[] = {30, 250, 20000, 10};
    uint64_t state = 4711;
    set_up();
    for (size_t i = 0; i < 4; i++) {
        mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
        text first = {0};
        options.duplicates = MIMIC_DUPLICATES_KEEP;
        make_tables(&state, ranges[i]);
        for (int32_t jobs = 1; jobs <= 8; jobs += jobs == 1 ? 2 : 5) {
            options.jobs = jobs;
            options.force = 1;
            mimic_report *const report =
                load_ok(&options, jobs == 3 ? "sqlite:" : jobs == 8 ? "null:" : "csv:",
                        jobs == 3 ? "x.db" : jobs == 8 ? "" : "out");
            ck_assert_int_eq(table_of(report, "parent").written, PARENTS);
            ck_assert_int_eq(table_of(report, "child").written, CHILDREN);
            check_unique(report, "parent", "primary_key", "id", &parent[0]);
            check_unique(report, "parent", "unique_key", "code", &parent[1]);
            check_unique(report, "parent", "unique_key", "d, a", &parent[2]);
            check_unique(report, "child", "primary_key", "seq", &seq);
            check_foreign(report, "id", &child[0], &parent[0]);
            check_foreign(report, "code", &child[1], &parent[1]);
            check_foreign(report, "a, d", &child[2], &parent[2]);
            check_foreign(report, "x", &child[3], &parent[3]);
            check_foreign(report, "long", &child[4], &parent[4]);
            check_foreign(report, "up", &child[5], &seq);
            free(first.bytes);
            first = key_notes(report);
            mimic_report_free(report);
        }
        free(first.bytes);
    }
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(load_keys, keys__counts_are_those_of_a_plain_count)
