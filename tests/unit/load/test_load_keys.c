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
#include <mimic/scan.h>

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

/* ---- duplicates ---- */

#define VERSIONS 400

typedef struct version {
    int32_t k; /* -1 = NULL, as of the others */
    int32_t u;
    int32_t at;
} version;

static version versions[VERSIONS];

static void make_versions(uint64_t *state, int32_t keys, int32_t texts)
{
    text file = {0};
    add(&file, "k,u,at,n\n");
    for (size_t i = 0; i < VERSIONS; i++) {
        version *const v = &versions[i];
        char u[40] = "";
        char at[12] = "";
        *v = (version){(int32_t)(test_random(state) % (unsigned)keys),
                       (int32_t)(test_random(state) % (unsigned)texts), -1};
        if (test_random(state) % 9 == 0)
            v->u = -1;
        if (test_random(state) % 6 != 0)
            v->at = (int32_t)(test_random(state) % 4);
        if (v->u >= 0)
            snprintf(u, sizeof u, v->u % 3 == 0 ? "a somewhat longer text %d" : "t%d", v->u);
        if (v->at >= 0)
            snprintf(at, sizeof at, "%d", v->at);
        add(&file, "%d,%s,%s,%zu\n", v->k, u, at, i);
    }
    put("in/version.csv", &file);
}

static bool is_preferred(size_t a, size_t b, bool is_latest)
{
    if (!is_latest)
        return a < b;
    return versions[a].at != versions[b].at ? versions[a].at > versions[b].at : a > b;
}

/* Which rows stay; returns how many. */
static int64_t choose(bool is_latest, bool *stays)
{
    size_t order[VERSIONS];
    int64_t count = 0;
    for (size_t i = 0; i < VERSIONS; i++) {
        size_t at = i;
        for (; at > 0 && is_preferred(i, order[at - 1], is_latest); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < VERSIONS; i++) {
        const version *const v = &versions[order[i]];
        stays[order[i]] = true;
        for (size_t j = 0; j < i; j++) {
            const version *const other = &versions[order[j]];
            if (stays[order[j]] && (other->k == v->k || (v->u >= 0 && other->u == v->u)))
                stays[order[i]] = false;
        }
        count += stays[order[i]];
    }
    return count;
}

/* The rows of the target are those that stay, each once. */
static void check_rows(const char *target, const bool *stays)
{
    static const char *const columns[] = {"n"};
    mimic_scan_stream *stream = NULL;
    mimic_scan *scan = NULL;
    const mimic_batch *batch;
    mimic_error err = MIMIC_ERROR_INIT;
    int times[VERSIONS] = {0};
    ck_assert_msg(mimic_scan_open(ctx, registry, target, NULL, &scan, &err) == MIMIC_OK, "%s",
                  err.message);
    ck_assert_msg(mimic_scan_read(scan, mimic_scan_find_table(scan, "version"), columns, 1, &stream,
                                  &err) == MIMIC_OK,
                  "%s", err.message);
    while (mimic_scan_next(stream, &batch, &err) == MIMIC_OK)
        for (int64_t row = 0; row < batch->row_count; row++)
            times[((const int32_t *)batch->columns[0].values)[row]]++;
    for (size_t i = 0; i < VERSIONS; i++)
        ck_assert_msg(times[i] == stays[i], "%s: row %zu is there %d times", target, i, times[i]);
    mimic_scan_stream_free(stream);
    mimic_scan_free(scan);
}

static const char *const kinds[][2] = {
    {"csv:", "out"}, {"sqlite:", "x.db"}, {"arrow:", "arrows"}, {"null:", ""}, {"null:", ""}};
static const int32_t all_jobs[] = {1, 3, 8, 1, 3};

static void check_policy(mimic_duplicates policy)
{
    const bool is_latest = policy == MIMIC_DUPLICATES_LATEST;
    const bool is_kept = policy == MIMIC_DUPLICATES_KEEP;
    bool stays[VERSIONS] = {false};
    const int64_t count = choose(is_latest, stays);
    text first = {0};
    for (size_t i = 0; is_kept && i < VERSIONS; i++)
        stays[i] = true;
    for (size_t i = 0; i < 5; i++) {
        const char *const *const kind = kinds[i];
        mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
        options.duplicates = policy;
        options.jobs = all_jobs[i];
        options.force = 1;
        mimic_report *const report = load_ok(&options, kind[0], kind[1]);
        const mimic_table_report entry = table_of(report, "version");
        ck_assert_int_eq(entry.read, VERSIONS);
        ck_assert_int_eq(entry.written, is_kept ? VERSIONS : count);
        ck_assert_int_eq(entry.duplicates, is_latest ? VERSIONS - count : 0);
        ck_assert_int_eq(entry.rejected, is_latest || is_kept ? 0 : VERSIONS - count);
        text notes = key_notes(report);
        /* A database that refuses rows by itself says so in its own words. */
        if (first.bytes == NULL)
            first = notes;
        else if (kind[0][0] != 's' || policy != MIMIC_DUPLICATES_REJECT)
            ck_assert_str_eq(notes.bytes, first.bytes);
        if (notes.bytes != first.bytes)
            free(notes.bytes);
        mimic_report_free(report);
        if (kind[1][0] == '\0')
            continue;
        char target[1100];
        snprintf(target, sizeof target, "%s%s", kind[0], test_path(&folder, kind[1]));
        check_rows(target, stays);
    }
    free(first.bytes);
}

START_TEST(keys__rows_that_stay_are_those_of_the_policy)
{
    uint64_t state = 99;
    set_up();
    /* Both keys come again; only the first; only the second. */
    for (size_t i = 0; i < 3; i++) {
        make_versions(&state, i == 2 ? 1 << 30 : 120, i == 1 ? 1 << 30 : 150);
        check_policy(MIMIC_DUPLICATES_REJECT);
        check_policy(MIMIC_DUPLICATES_LATEST);
        check_policy(MIMIC_DUPLICATES_KEEP);
    }
    tear_down();
}
END_TEST

/* ---- what fails ---- */

static void expect_failure(const mimic_load_options *options, mimic_status wanted,
                           const char *part_of_message)
{
    static const char *const absent[] = {"out/child.csv", "x.db", "arrows/child.arrow"};
    for (size_t i = 0; i < 4; i++) {
        mimic_report *report = NULL;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_status status = load(options, kinds[i][0], kinds[i][1], &report, &err);
        ck_assert_msg(status == wanted, "%s: %d, %s", kinds[i][0], (int)status, err.message);
        ck_assert_msg(strstr(err.message, part_of_message) != NULL, "%s", err.message);
        ck_assert_msg(i == 3 || !test_exists(test_path(&folder, absent[i])), "%s is there",
                      absent[i]);
        mimic_report_free(report);
    }
}

static void put_text(const char *name, const char *bytes)
{
    test_write_file(test_path(&folder, name), bytes, strlen(bytes));
}

START_TEST(keys__enforce_leaves_no_target)
{
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    set_up();
    options.keys = MIMIC_KEYS_ENFORCE;
    put_text("in/parent.csv", "id,code,a,d,x,long\n1,c,1,2100-01-01,1,l\n");
    put_text("in/child.csv", "seq,long,x,a,d,code,id,up\n1,l,1,1,2100-01-01,c,1,1\n2,,,,,,7,1\n");
    for (options.jobs = 1; options.jobs <= 3; options.jobs += 2)
        expect_failure(&options, MIMIC_ERR_VALUE, "1 row names 1 key that parent (id) does not");
    put_text("in/child.csv", "seq,long,x,a,d,code,id,up\n1,l,1,1,2100-01-01,c,1,1\n1,,,,,,1,1\n");
    options.duplicates = MIMIC_DUPLICATES_KEEP;
    expect_failure(&options, MIMIC_ERR_VALUE, "primary key (seq) of another row");
    options.duplicates = MIMIC_DUPLICATES_LATEST;
    mimic_report *const report = load_ok(&options, "csv:", "out");
    ck_assert_int_eq(table_of(report, "child").duplicates, 1);
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(keys__options_that_contradict_are_refused)
{
    static const char *const columns[] = {"at", "nowhere"};
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    set_up();
    put_text("in/version.csv", "k,u,at,n\n1,a,1,0\n1,b,2,1\n");
    options.order_by = columns;
    options.order_by_count = 1;
    expect_failure(&options, MIMIC_ERR_ARGUMENT, "order_by");
    options.duplicates = MIMIC_DUPLICATES_LATEST;
    options.order_by_count = 2;
    expect_failure(&options, MIMIC_ERR_NOT_FOUND, "no table has the columns \"at\"");
    options.order_by_count = 0;
    options.keys = MIMIC_KEYS_OFF;
    expect_failure(&options, MIMIC_ERR_ARGUMENT, "not looked at");
    options.keys = 4;
    expect_failure(&options, MIMIC_ERR_ARGUMENT, "none of the known");
    options.keys = MIMIC_KEYS_OFF;
    options.duplicates = MIMIC_DUPLICATES_DEFAULT;
    mimic_report *const report = load_ok(&options, "csv:", "out");
    ck_assert_int_eq(table_of(report, "version").written, 2);
    mimic_report_free(report);
    tear_down();
}
END_TEST

/* ---- sets by themselves ---- */

typedef struct plain_entry {
    load_key key;
    uint64_t first;
    uint64_t extra;
    unsigned char payload[24];
    size_t payload_size;
} plain_entry;

static int compare_plain(const void *a, const void *b)
{
    const plain_entry *const left = a;
    const plain_entry *const right = b;
    const int order = mimic__key_compare(&left->key, &right->key);
    const size_t least = left->payload_size < right->payload_size ? left->payload_size
                                                                  : right->payload_size;
    const int bytes = memcmp(left->payload, right->payload, least);
    if (order != 0)
        return order;
    if (bytes != 0 || left->payload_size != right->payload_size)
        return bytes != 0 ? bytes : left->payload_size < right->payload_size ? -1 : 1;
    return (left->first > right->first) - (left->first < right->first);
}

/* Distinct: one entry of a key, with the first place, its payload, and all rows. */
static size_t combine_plain(plain_entry *entries, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        plain_entry *const last = kept == 0 ? NULL : &entries[kept - 1];
        if (last == NULL || mimic__key_compare(&last->key, &entries[i].key) != 0) {
            entries[kept++] = entries[i];
            continue;
        }
        const uint64_t extra = last->extra + entries[i].extra;
        if (entries[i].first < last->first)
            *last = entries[i];
        last->extra = extra;
    }
    return kept;
}

static void check_set(uint64_t *state, size_t count, bool is_distinct, unsigned disorder,
                      size_t memory)
{
    plain_entry *const entries = calloc(count, sizeof *entries);
    const load_key_set_options options = {
        .is_distinct = is_distinct, .memory_bytes = memory, .path = folder.path};
    load_key_set *set;
    const load_key_entry *entry;
    ck_assert_ptr_nonnull(entries);
    ck_assert_int_eq(mimic__key_set_new(ctx, &options, &set, NULL), MIMIC_OK);
    for (size_t i = 0; i < count; i++) {
        plain_entry *const e = &entries[i];
        const uint64_t any = test_random(state);
        const uint64_t at = i / 2 + (any % (disorder * disorder + 1) < disorder ? any % 977 : 0);
        e->key = (load_key){at / 3 * (disorder % 2 == 0 ? 1 : UINT64_C(0x100000001)),
                            any % 5 == 0 ? UINT64_MAX - at % 3 : at % 3};
        e->first = 100 + i + i / 7;
        e->extra = is_distinct ? 1 + any % 3 : i;
        /* As those that order rows: none is the beginning of another. */
        e->payload_size = disorder == 0 ? 0 : 1 + (size_t)(any >> 40) % 23;
        memset(e->payload, 1 + (int)(any >> 50) % 3, e->payload_size);
        e->payload[disorder == 0 ? 0 : e->payload_size - 1] = 0;
        const load_key_entry given = {e->key, e->first, e->extra, e->payload, e->payload_size};
        if (!is_distinct || !mimic__key_set_count(set, &e->key, e->extra))
            ck_assert_int_eq(mimic__key_set_add(set, &given, NULL), MIMIC_OK);
    }
    qsort(entries, count, sizeof *entries, compare_plain);
    const size_t wanted = is_distinct ? combine_plain(entries, count) : count;
    ck_assert_int_eq(mimic__key_set_end(set, NULL), MIMIC_OK);
    for (size_t i = 0; i < wanted; i++) {
        ck_assert_int_eq(mimic__key_set_next(set, &entry, NULL), MIMIC_OK);
        ck_assert_ptr_nonnull(entry);
        ck_assert_int_eq(mimic__key_compare(&entry->key, &entries[i].key), 0);
        ck_assert_uint_eq(entry->first, entries[i].first);
        ck_assert_uint_eq(entry->extra, entries[i].extra);
        ck_assert_uint_eq(entry->payload_size, entries[i].payload_size);
        if (entry->payload_size > 0)
            ck_assert_mem_eq(entry->payload, entries[i].payload, entry->payload_size);
    }
    ck_assert_int_eq(mimic__key_set_next(set, &entry, NULL), MIMIC_OK);
    ck_assert_ptr_null(entry);
    mimic__key_set_free(set);
    free(entries);
}

START_TEST(keys__sets_give_what_a_sort_gives)
{
    uint64_t state = 12;
    set_up();
    for (size_t count = 1; count < 30000; count = 9 * count + 3)
        for (unsigned disorder = 0; disorder < 4; disorder++)
            for (size_t memory = 1024; memory < 4u << 20; memory *= 40) {
                check_set(&state, count, false, disorder, memory);
                check_set(&state, count, true, disorder, memory);
            }
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(load_keys, keys__counts_are_those_of_a_plain_count,
                keys__rows_that_stay_are_those_of_the_policy, keys__enforce_leaves_no_target,
                keys__options_that_contradict_are_refused, keys__sets_give_what_a_sort_gives)
