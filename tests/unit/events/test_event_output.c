/* Shards, files of single patients, metadata: what is written is what was given. */
#include "check_main.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include <mimic/scan.h>
#include <mimic/version.h>

#include "events/event_columns.h"
#include "events/event_files.h"
#include "base/hash.h"
#include "failing_allocator.h"
#include "json/json.h"
#include "made_events.h"
#include "test_folder.h"

#define PATIENTS 60

static mimic_context *context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static mimic_event_plan *plan_of(const mimic_context *ctx, size_t count)
{
    int64_t subjects[1000];
    const mimic_event_shares shares = {600, 200, 5};
    mimic_event_plan *plan = NULL;
    for (size_t i = 0; i < count; i++)
        subjects[i] = 10000000 + (int64_t)i * 7;
    ck_assert_int_eq(mimic__event_plan_new(ctx, subjects, count, &shares, &plan, NULL), MIMIC_OK);
    return plan;
}

static mimic_event_output_options options_of(made_events *h, const mimic_event_plan *plan,
                                             const char *path)
{
    return (mimic_event_output_options){.path = path,
                                        .layout = MIMIC_LAYOUT_SHARDS,
                                        .version = "v1",
                                        .map = &h->map,
                                        .plan = plan,
                                        .codes = h->codes,
                                        .units = h->units,
                                        .end_file = mimic__event_plan_all_files(plan),
                                        .no_sync = true};
}

static mimic_status write_all(made_events *h, const mimic_event_output_options *options,
                              size_t most, mimic_event_output_totals *totals, mimic_error *err)
{
    mimic_event_output *output = NULL;
    mimic_status status = mimic__event_output_new(h->ctx, options, &output, err);
    if (status != MIMIC_OK)
        return status;
    status = made_write(h, options->plan, mimic__event_output_target(output), most, err);
    if (status == MIMIC_OK)
        status = mimic__event_output_finish(output, err);
    if (totals != NULL)
        *totals = mimic__event_output_totals(output);
    mimic__event_output_free(output);
    return status;
}

static void must_write(made_events *h, const mimic_event_output_options *options, size_t most,
                       mimic_event_output_totals *totals)
{
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(write_all(h, options, most, totals, &err) == MIMIC_OK, "%s", err.message);
}

/* ---- reading back ---- */

typedef struct reading {
    mimic_scan *scan;
    mimic_scan_stream *stream;
} reading;

static reading open_file(const mimic_context *ctx, const char *path)
{
    reading r = {NULL, NULL};
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(mimic_scan_open(ctx, NULL, path, NULL, &r.scan, &err) == MIMIC_OK, "%s",
                  err.message);
    ck_assert_uint_eq(mimic_scan_table_count(r.scan), 1);
    ck_assert_msg(mimic_scan_read(r.scan, mimic_scan_table(r.scan, 0), NULL, 0, &r.stream, &err) ==
                      MIMIC_OK,
                  "%s: %s", path, err.message);
    return r;
}

static void close_file(reading *r)
{
    mimic_scan_stream_free(r->stream);
    mimic_scan_free(r->scan);
}

static int64_t whole_number(const mimic_column *column, int64_t row)
{
    switch (column->type) {
    case MIMIC_TYPE_INT16:
        return ((const int16_t *)column->values)[row];
    case MIMIC_TYPE_INT32:
        return ((const int32_t *)column->values)[row];
    default:
        return ((const int64_t *)column->values)[row];
    }
}

static void check_number(const mimic_column *column, int64_t row, int64_t expected)
{
    ck_assert_int_eq(mimic_column_is_valid(column, row), expected != MIMIC_EVENT_NONE);
    if (expected != MIMIC_EVENT_NONE)
        ck_assert_int_eq(whole_number(column, row), expected);
}

static void check_text(const mimic_column *column, int64_t row, const char *expected, size_t size)
{
    ck_assert_int_eq(mimic_column_is_valid(column, row), expected != NULL);
    if (expected == NULL)
        return;
    const int32_t *offsets = column->offsets;
    const char *bytes = column->values;
    if (column->type == MIMIC_TYPE_CATEGORICAL) {
        offsets = column->dictionary->offsets;
        bytes = column->dictionary->bytes;
        row = ((const int32_t *)column->values)[row];
    }
    ck_assert_int_eq(offsets[row + 1] - offsets[row], (int64_t)size);
    ck_assert(memcmp(bytes + offsets[row], expected, size) == 0);
}

static void check_code(const mimic_column *column, int64_t row, const mimic_event_codes *codes,
                       uint32_t number)
{
    size_t size = 0;
    const char *text =
        number == MIMIC_EVENT_NO_TEXT ? NULL : mimic__event_codes_text(codes, number, &size);
    check_text(column, row, text, size);
}

static void check_event(const made_events *h, const made_event *item, const mimic_batch *batch,
                        int64_t row)
{
    static const char *const tables[] = {"patients", "patients", "labevents", "inputevents",
                                         "inputevents"};
    const mimic_event *event = &item->event;
    const mimic_column *c = batch->columns;
    const bool has_value = (event->flags & MIMIC_EVENT_HAS_VALUE) != 0;
    const bool has_text = event->text_size != MIMIC_EVENT_NO_TEXT;
    const size_t text_size = has_text ? event->text_size : 0;
    ck_assert_uint_eq(batch->column_count, MIMIC_EVENT_COLUMNS);
    check_number(&c[0], row, event->subject);
    check_number(&c[1], row, event->time);
    check_code(&c[2], row, h->codes, event->code);
    ck_assert_int_eq(mimic_column_is_valid(&c[3], row), has_value);
    ck_assert_int_eq(mimic_column_is_valid(&c[5], row), has_value);
    if (has_value) {
        ck_assert_float_eq(((const float *)c[3].values)[row], (float)event->value);
        ck_assert_double_eq(((const double *)c[5].values)[row], event->value);
    }
    check_text(&c[4], row, has_text ? item->bytes : NULL, text_size);
    check_code(&c[6], row, h->units, event->unit);
    check_number(&c[7], row, event->available);
    check_number(&c[8], row, event->admission);
    check_number(&c[9], row, event->stay);
    check_text(&c[10], row, tables[event->kind], strlen(tables[event->kind]));
    check_number(&c[11], row, event->row);
    check_number(&c[12], row,
                 event->kind >= MADE_START ? (INT64_C(2) << 40) + event->row : MIMIC_EVENT_NONE);
    check_number(&c[13], row, h->kinds[event->kind].rank);
    check_number(&c[14], row, event->flags & 0x7fff);
    check_text(&c[15], row, event->properties_size > 0 ? item->bytes + text_size : NULL,
               event->properties_size);
    check_text(&c[16], row, "v1", 2);
}

/* Compares a file with items chosen by `takes`, in their order; returns how many there were. */
static size_t check_file(const made_events *h, const char *path,
                         bool (*takes)(const mimic_event *event, const void *ctx), const void *ctx)
{
    reading r = open_file(h->ctx, path);
    const mimic_batch *batch = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status;
    size_t next = 0;
    size_t count = 0;
    while ((status = mimic_scan_next(r.stream, &batch, &err)) == MIMIC_OK)
        for (int64_t row = 0; row < batch->row_count; row++, next++, count++) {
            while (next < h->count && !takes(&h->items[next].event, ctx))
                next++;
            ck_assert_uint_lt(next, h->count);
            check_event(h, &h->items[next], batch, row);
        }
    ck_assert_msg(status == MIMIC_END, "%s: %s", path, err.message);
    while (next < h->count && !takes(&h->items[next].event, ctx))
        next++;
    ck_assert_uint_eq(next, h->count);
    close_file(&r);
    return count;
}

typedef struct file_place {
    const mimic_event_plan *plan;
    uint32_t index;
} file_place;

static bool is_in_file(const mimic_event *event, const void *ctx)
{
    const file_place *place = ctx;
    return mimic__event_plan_place(place->plan, event->subject).index == place->index;
}

static size_t check_shards(const made_events *h, const mimic_event_plan *plan, test_folder *folder)
{
    size_t count = 0;
    uint32_t index = 0;
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        for (uint32_t file = 0; file < mimic__event_plan_files(plan, split); file++, index++) {
            char name[64];
            const file_place place = {plan, index};
            snprintf(name, sizeof name, "data/%s/%u.arrow", mimic__event_split_name(split), file);
            count += check_file(h, test_path(folder, name), is_in_file, &place);
        }
    return count;
}

START_TEST(event_output__shards_hold_what_was_given)
{
    static const size_t sizes[] = {0, 1, 9, 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mimic_context *ctx = context();
        test_folder folder = test_folder_make();
        made_events h;
        made_events_begin(&h, ctx);
        made_patients(&h, PATIENTS);
        mimic_event_plan *plan = plan_of(ctx, PATIENTS + 100); /* the last files stay empty */
        const mimic_event_output_options options = options_of(&h, plan, folder.path);
        mimic_event_output_totals totals;
        must_write(&h, &options, sizes[i], &totals);
        ck_assert_uint_eq(check_shards(&h, plan, &folder), h.count);
        ck_assert_int_eq(totals.files, mimic__event_plan_all_files(plan));
        ck_assert_int_eq(totals.subjects, PATIENTS);
        ck_assert_int_gt(totals.bytes, 0);
        made_events_end(&h);
        mimic__event_plan_free(plan);
        test_folder_remove(&folder);
        mimic_context_free(ctx);
    }
}
END_TEST

/* Two folders have the same files with the same bytes. */
static void check_same(test_folder *left, test_folder *right, const mimic_event_plan *plan)
{
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        for (uint32_t file = 0; file < mimic__event_plan_files(plan, split); file++) {
            char name[64];
            size_t sizes[2];
            snprintf(name, sizeof name, "data/%s/%u.arrow", mimic__event_split_name(split), file);
            char *a = test_read_file(test_path(left, name), &sizes[0]);
            char *b = test_read_file(test_path(right, name), &sizes[1]);
            ck_assert_uint_eq(sizes[0], sizes[1]);
            ck_assert(memcmp(a, b, sizes[0]) == 0);
            free(a);
            free(b);
        }
}

START_TEST(event_output__parts_make_the_same_files)
{
    mimic_context *ctx = context();
    test_folder whole = test_folder_make();
    test_folder parts = test_folder_make();
    made_events h;
    made_events_begin(&h, ctx);
    made_patients(&h, PATIENTS);
    mimic_event_plan *plan = plan_of(ctx, PATIENTS);
    mimic_event_output_options options = options_of(&h, plan, whole.path);
    must_write(&h, &options, MADE_BY_SUBJECT, NULL);
    options.path = parts.path;
    const uint32_t all = options.end_file;
    int64_t files = 0;
    for (uint32_t first = 0; first < all; first += 4) {
        made_events part = h; /* those of the part alone */
        part.items = malloc(h.count * sizeof *part.items);
        part.count = 0;
        part.events = NULL;
        part.texts = NULL;
        options.first_file = first;
        options.end_file = first + 4 < all ? first + 4 : all;
        for (size_t i = 0; i < h.count; i++) {
            const uint32_t index =
                mimic__event_plan_place(plan, h.items[i].event.subject).index;
            if (index >= options.first_file && index < options.end_file)
                part.items[part.count++] = h.items[i];
        }
        mimic_event_output_totals totals;
        must_write(&part, &options, MADE_BY_SUBJECT, &totals);
        files += totals.files;
        free(part.items);
        free(part.events);
        free(part.texts);
    }
    ck_assert_int_eq(files, all);
    check_same(&whole, &parts, plan);
    made_events_end(&h);
    mimic__event_plan_free(plan);
    test_folder_remove(&whole);
    test_folder_remove(&parts);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_output__events_of_another_part_are_an_error)
{
    mimic_context *ctx = context();
    test_folder folder = test_folder_make();
    made_events h;
    made_events_begin(&h, ctx);
    made_patients(&h, PATIENTS);
    mimic_event_plan *plan = plan_of(ctx, PATIENTS);
    mimic_event_output_options options = options_of(&h, plan, folder.path);
    mimic_error err = MIMIC_ERROR_INIT;
    options.first_file = 2;
    ck_assert_int_eq(write_all(&h, &options, 0, NULL, &err), MIMIC_ERR_INTERNAL);
    options.first_file = 0;
    options.end_file = 2;
    ck_assert_int_eq(write_all(&h, &options, 0, NULL, &err), MIMIC_ERR_INTERNAL);
    made_events_end(&h);
    mimic__event_plan_free(plan);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* ---- record batches ---- */

START_TEST(event_output__batches_end_by_rows_and_by_bytes)
{
    mimic_context *ctx = context();
    made_events h;
    made_events_begin(&h, ctx);
    const size_t text_size = 3 << 20;
    char *text = malloc(text_size + 1);
    memset(text, 'x', text_size);
    text[text_size] = '\0';
    made_add(&h, 1, 1, MADE_RESULT, "A");
    made_text(&h, text, NULL);
    const size_t count = 3 * MIMIC_PACKET_EVENTS;
    mimic_event *events = malloc(count * sizeof *events);
    const char **texts = malloc(count * sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        events[i] = h.items[0].event;
        events[i].text_size = i < 2 * MIMIC_PACKET_EVENTS ? MIMIC_EVENT_NO_TEXT : 100;
        texts[i] = h.items[0].bytes;
    }
    mimic_event_terms terms;
    mimic_event_columns *columns = NULL;
    ck_assert_int_eq(mimic__event_terms_init(&terms, ctx, &h.map, "v1", NULL), MIMIC_OK);
    terms.codes = h.codes;
    terms.units = h.units;
    ck_assert_int_eq(mimic__event_columns_new(ctx, &terms, &columns, NULL), MIMIC_OK);
    static const size_t rows[][2] = {{1, 1},
                                     {2 * MIMIC_PACKET_EVENTS, 2 * MIMIC_PACKET_EVENTS},
                                     {2 * MIMIC_PACKET_EVENTS + 1, MIMIC_PACKET_EVENTS},
                                     {3 * MIMIC_PACKET_EVENTS, MIMIC_PACKET_EVENTS}};
    mimic_ipc_ready ready;
    size_t done = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const mimic_event_slice slice = {events, texts, rows[i][0]};
        ck_assert_int_eq(mimic__event_columns_encode(columns, &slice, &ready, &done, NULL),
                         MIMIC_OK);
        ck_assert_uint_eq(done, rows[i][1]);
        mimic__ipc_ready_free(&ready);
    }
    /* 10 texts of 3 MiB and their codes fit into 32 MiB; larger ones than that go alone. */
    for (size_t i = 0; i < 20; i++)
        events[i].text_size = (uint32_t)text_size;
    const mimic_event_slice slice = {events, texts, 20};
    ck_assert_int_eq(mimic__event_columns_encode(columns, &slice, &ready, &done, NULL), MIMIC_OK);
    ck_assert_uint_eq(done, 10);
    mimic__ipc_ready_free(&ready);
    mimic__event_columns_free(columns);
    mimic__event_terms_free(&terms, ctx);
    free(events);
    free(texts);
    free(text);
    made_events_end(&h);
    mimic_context_free(ctx);
}
END_TEST

/* What is NULL in every row, or alike, takes next to nothing. */
START_TEST(event_output__what_is_alike_takes_no_room)
{
    mimic_context *ctx = context();
    made_events h;
    made_events_begin(&h, ctx);
    made_add(&h, 5, MIMIC_EVENT_NONE, MADE_GENDER, "GENDER//F");
    mimic_event *events = malloc(MIMIC_PACKET_EVENTS * sizeof *events);
    const char **texts = calloc(MIMIC_PACKET_EVENTS, sizeof *texts);
    for (size_t i = 0; i < MIMIC_PACKET_EVENTS; i++)
        events[i] = h.items[0].event;
    mimic_event_terms terms;
    mimic_event_columns *columns = NULL;
    mimic_ipc_ready ready;
    size_t done = 0;
    ck_assert_int_eq(mimic__event_terms_init(&terms, ctx, &h.map, "v1", NULL), MIMIC_OK);
    terms.codes = h.codes;
    terms.units = h.units;
    ck_assert_int_eq(mimic__event_columns_new(ctx, &terms, &columns, NULL), MIMIC_OK);
    const mimic_event_slice slice = {events, texts, MIMIC_PACKET_EVENTS};
    ck_assert_int_eq(mimic__event_columns_encode(columns, &slice, &ready, &done, NULL), MIMIC_OK);
    const uint16_t one = 1; /* frames without a search are for little-endian machines */
    const int64_t most = *(const unsigned char *)&one == 1 ? 3 : 4;
    if (mimic__zstd_is_built_in()) /* 124 bytes an event before */
        ck_assert_int_lt(ready.body_length, most * MIMIC_PACKET_EVENTS);
    mimic__ipc_ready_free(&ready);
    mimic__event_columns_free(columns);
    mimic__event_terms_free(&terms, ctx);
    free(events);
    free(texts);
    made_events_end(&h);
    mimic_context_free(ctx);
}
END_TEST

/* ---- files of single patients ---- */

typedef struct group_place {
    mimic_group group;
    int64_t subject;
    int64_t id;
} group_place;

static bool is_in_group(const mimic_event *event, const void *ctx)
{
    const group_place *place = ctx;
    if (event->subject != place->subject)
        return false;
    if (place->group == MIMIC_GROUP_SUBJECT || event->time == MIMIC_EVENT_NONE)
        return true;
    return (place->group == MIMIC_GROUP_ADMISSION ? event->admission : event->stay) == place->id;
}

static void file_name(char name[96], const group_place *place)
{
    uint64_t id = (uint64_t)place->subject;
    unsigned char bytes[8];
    for (size_t i = 0; i < 8; i++, id >>= 8)
        bytes[i] = (unsigned char)id;
    const unsigned fan_out = (unsigned)(mimic__hash64(bytes, 8) & 0xff);
    if (place->group == MIMIC_GROUP_SUBJECT)
        snprintf(name, 96, "files/%02x/%lld.arrow", fan_out, (long long)place->subject);
    else
        snprintf(name, 96, "files/%02x/%lld-%lld.arrow", fan_out, (long long)place->subject,
                 (long long)place->id);
}

/* Every event that belongs to a file is in it, whatever sets they come in. */
static void check_groups(mimic_group group, size_t most)
{
    mimic_context *ctx = context();
    test_folder folder = test_folder_make();
    made_events h;
    made_events_begin(&h, ctx);
    made_patients(&h, 7);
    mimic_event_plan *plan = plan_of(ctx, 7);
    mimic_event_output_options options = options_of(&h, plan, folder.path);
    options.layout = MIMIC_LAYOUT_FILES;
    options.group = group;
    mimic_event_output_totals totals;
    must_write(&h, &options, most, &totals);
    int64_t files = 0;
    for (size_t i = 0; i < h.count; i++) {
        const mimic_event *event = &h.items[i].event;
        const group_place place = {group, event->subject,
                                   group == MIMIC_GROUP_ADMISSION ? event->admission
                                   : group == MIMIC_GROUP_STAY    ? event->stay
                                                                  : event->subject};
        char name[96];
        bool is_first = event->time != MIMIC_EVENT_NONE && place.id != MIMIC_EVENT_NONE;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = h.items[j].event.time == MIMIC_EVENT_NONE ||
                       !is_in_group(&h.items[j].event, &place);
        if (!is_first)
            continue;
        file_name(name, &place);
        check_file(&h, test_path(&folder, name), is_in_group, &place);
        files++;
    }
    ck_assert_int_eq(totals.files, files);
    ck_assert_int_eq(files, group == MIMIC_GROUP_ADMISSION ? 14 : 7);
    made_events_end(&h);
    mimic__event_plan_free(plan);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}

START_TEST(event_output__files_hold_one_patient_or_group)
{
    static const size_t sizes[] = {0, 1, 2, 3, 5, 11};
    for (mimic_group group = MIMIC_GROUP_SUBJECT; group <= MIMIC_GROUP_STAY; group++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            check_groups(group, sizes[i]);
}
END_TEST

START_TEST(event_output__lines_are_json)
{
    mimic_context *ctx = context();
    test_folder folder = test_folder_make();
    made_events h;
    made_events_begin(&h, ctx);
    made_add(&h, 1, MIMIC_EVENT_NONE, MADE_GENDER, "GENDER//\"F\"\\");
    mimic_event *event = made_add(&h, 1, MADE_TIME + 1500000, MADE_RESULT, "LAB//1");
    event->admission = 7;
    event->stay = -8;
    event->flags = MIMIC_MARK_OUTSIDE;
    made_text(&h, "a\n\x01\x7f\xc3\xa9", "{\"n\":1}");
    made_value(&h, 0.1, "mg\"");
    made_add(&h, 1, MADE_TIME + MADE_HOUR, MADE_END, "");
    made_text(&h, "", NULL);
    made_value(&h, INFINITY, NULL);
    mimic_event_plan *plan = plan_of(ctx, 1);
    mimic_event_output_options options = options_of(&h, plan, folder.path);
    options.layout = MIMIC_LAYOUT_FILES;
    options.format = MIMIC_EVENT_FORMAT_NDJSON;
    must_write(&h, &options, 2, NULL);
    char name[96];
    size_t size = 0;
    file_name(name, &(group_place){MIMIC_GROUP_SUBJECT, 1, 1});
    memcpy(strrchr(name, '.'), ".ndjson", 8);
    char *text = test_read_file(test_path(&folder, name), &size);
    ck_assert_str_eq(
        text,
        "{\"subject_id\":1,\"code\":\"GENDER//\\\"F\\\"\\\\\",\"source_table\":\"patients\","
        "\"source_row\":1,\"order_rank\":0,\"marks\":0,\"trajectory_version\":\"v1\"}\n"
        "{\"subject_id\":1,\"time\":\"2150-01-01T00:00:01.5\",\"code\":\"LAB//1\","
        "\"numeric_value\":0.1,\"text_value\":\"a\\u000a\\u0001\x7f\xc3\xa9\",\"value\":0.1,"
        "\"unit\":\"mg\\\"\",\"available_time\":\"2150-01-01T00:00:01.5\",\"hadm_id\":7,"
        "\"stay_id\":-8,\"source_table\":\"labevents\",\"source_row\":2,\"order_rank\":130,"
        "\"marks\":4,\"properties\":{\"n\":1},\"trajectory_version\":\"v1\"}\n"
        "{\"subject_id\":1,\"time\":\"2150-01-01T01:00:00\",\"code\":\"\","
        "\"numeric_value\":\"INF\",\"text_value\":\"\",\"value\":\"INF\","
        "\"available_time\":\"2150-01-01T01:00:00\",\"source_table\":\"inputevents\","
        "\"source_row\":3,\"link_id\":2199023255555,\"order_rank\":140,\"marks\":0,"
        "\"trajectory_version\":\"v1\"}\n");
    free(text);
    made_events_end(&h);
    mimic__event_plan_free(plan);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* Texts that do not compress, so that what waits does not fit into memory. */
START_TEST(event_output__a_large_patient_waits_in_a_scratch_file)
{
    mimic_context *ctx = context();
    test_folder folder = test_folder_make();
    made_events h;
    made_events_begin(&h, ctx);
    uint64_t random = 1;
    const size_t text_size = 1 << 20;
    char *text = malloc(text_size + 1);
    made_add(&h, 3, MIMIC_EVENT_NONE, MADE_GENDER, "GENDER//F");
    for (int64_t i = 0; i < 20; i++) {
        for (size_t j = 0; j < text_size; j++)
            text[j] = (char)(33 + test_random(&random) % 93);
        text[text_size] = '\0';
        made_add(&h, 3, MADE_TIME + i, MADE_RESULT, "NOTE")->admission = i % 3;
        made_text(&h, text, NULL);
    }
    mimic_event_plan *plan = plan_of(ctx, 1);
    mimic_event_output_options options = options_of(&h, plan, folder.path);
    options.layout = MIMIC_LAYOUT_FILES;
    options.group = MIMIC_GROUP_ADMISSION;
    must_write(&h, &options, 2, NULL);
    for (int64_t id = 0; id < 3; id++) {
        const group_place place = {MIMIC_GROUP_ADMISSION, 3, id};
        char name[96];
        file_name(name, &place);
        ck_assert_uint_eq(check_file(&h, test_path(&folder, name), is_in_group, &place),
                          id == 2 ? 7 : 8);
    }
    free(text);
    made_events_end(&h);
    mimic__event_plan_free(plan);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* ---- metadata ---- */

START_TEST(event_output__splits_and_card)
{
    mimic_context *ctx = context();
    test_folder folder = test_folder_make();
    mimic_event_plan *plan = plan_of(ctx, 3);
    static const int64_t subjects[] = {10000000, 10000007, 10000014};
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__splits_file_write(ctx, test_path(&folder, "splits.arrow"), subjects, 3,
                                              plan, &err),
                     MIMIC_OK);
    reading r = open_file(ctx, test_path(&folder, "splits.arrow"));
    const mimic_batch *batch = NULL;
    ck_assert_int_eq(mimic_scan_next(r.stream, &batch, &err), MIMIC_OK);
    ck_assert_int_eq(batch->row_count, 3);
    ck_assert_uint_eq(batch->column_count, 2);
    for (int64_t i = 0; i < 3; i++) {
        const char *name = mimic__event_split_name(mimic__event_plan_split(plan, subjects[i]));
        check_number(&batch->columns[0], i, subjects[i]);
        check_text(&batch->columns[1], i, name, strlen(name));
    }
    close_file(&r);

    const mimic_dataset_card card = {"a \"name\"", "3.1", "v2", ""};
    ck_assert_int_eq(
        mimic__dataset_card_write(ctx, test_path(&folder, "dataset.json"), &card, &err), MIMIC_OK);
    size_t size = 0;
    char *text = test_read_file(test_path(&folder, "dataset.json"), &size);
    mimic_arena arena;
    const mimic_json *root = NULL;
    mimic__arena_init(&arena, ctx);
    ck_assert_int_eq(mimic__json_parse(&arena, text, size, "dataset.json", &root, &err), MIMIC_OK);
    ck_assert_str_eq(mimic__json_get(root, "dataset_name")->text, "a \"name\"");
    ck_assert_str_eq(mimic__json_get(root, "etl_name")->text, "libmimic");
    ck_assert_str_eq(mimic__json_get(root, "etl_version")->text, MIMIC_VERSION_STRING "+v2");
    ck_assert_str_eq(mimic__json_get(root, "meds_version")->text, "0.4");
    ck_assert_ptr_null(mimic__json_get(root, "license"));
    ck_assert_ptr_null(mimic__json_get(root, "created_at"));
    ck_assert_str_eq(mimic__json_get(root, "code_modifier_columns")->first->text, "unit");
    mimic__arena_free(&arena);
    free(text);
    mimic__event_plan_free(plan);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* ---- misfortune ---- */

static mimic_status write_everything(const mimic_context *ctx, const char *path, mimic_error *err)
{
    mimic_context *plain = context(); /* codes and events are not the matter here */
    made_events h;
    made_events_begin(&h, plain);
    made_patients(&h, 6);
    mimic_event_plan *plan = plan_of(plain, 6);
    h.ctx = ctx;
    mimic_event_output_options options = options_of(&h, plan, path);
    mimic_status status = write_all(&h, &options, 20, NULL, err);
    options.layout = MIMIC_LAYOUT_FILES;
    options.group = MIMIC_GROUP_ADMISSION;
    if (status == MIMIC_OK)
        status = write_all(&h, &options, 5, NULL, err);
    options.format = MIMIC_EVENT_FORMAT_NDJSON;
    if (status == MIMIC_OK)
        status = write_all(&h, &options, 5, NULL, err);
    char file[512];
    snprintf(file, sizeof file, "%s/metadata", path);
    static const char *const parents[] = {"P", "Q"};
    const mimic_code_line lines[] = {{"A", 1, NULL, NULL, 0, 1}, {"B", 1, "b", parents, 2, 2}};
    static const int64_t subjects[] = {1, 2, 3};
    const mimic_dataset_card card = {"n", "1", "v1", "CC0"};
    if (status == MIMIC_OK)
        status = mimic__codes_file_write(ctx, file, lines, 2, err);
    if (status == MIMIC_OK)
        status = mimic__splits_file_write(ctx, file, subjects, 3, plan, err);
    if (status == MIMIC_OK)
        status = mimic__dataset_card_write(ctx, file, &card, err);
    h.ctx = plain;
    made_events_end(&h);
    mimic__event_plan_free(plan);
    mimic_context_free(plain);
    return status;
}

static test_folder failing_folder;

static mimic_status failing_scenario(const mimic_context *ctx, mimic_error *err)
{
    return write_everything(ctx, failing_folder.path, err);
}

START_TEST(event_output__every_allocation_may_fail)
{
    failing_folder = test_folder_make();
    replay_failing_allocations(failing_scenario);
    test_folder_remove(&failing_folder);
}
END_TEST

static int count_files(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)place;
    (void)path;
    return kind == FTW_F ? 1 : 0;
}

/* The first file that passes the limit fails; nothing half written stays. */
START_TEST(event_output__a_full_disk_leaves_nothing)
{
    mimic_context *ctx = context();
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    static const rlim_t limits[] = {0, 8, 1000, 4000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        test_folder folder = test_folder_make();
        mimic_error err = MIMIC_ERROR_INIT;
        const struct rlimit limit = {limits[i], before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const mimic_status status = write_everything(ctx, folder.path, &err);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        ck_assert_msg(status == MIMIC_ERR_IO, "%s", err.message);
        ck_assert_int_eq(nftw(folder.path, count_files, 16, FTW_PHYS), 0);
        test_folder_remove(&folder);
    }
    signal(SIGXFSZ, handler);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(event_output, event_output__shards_hold_what_was_given,
                event_output__parts_make_the_same_files,
                event_output__events_of_another_part_are_an_error,
                event_output__batches_end_by_rows_and_by_bytes,
                event_output__what_is_alike_takes_no_room,
                event_output__files_hold_one_patient_or_group, event_output__lines_are_json,
                event_output__a_large_patient_waits_in_a_scratch_file,
                event_output__splits_and_card,
                event_output__every_allocation_may_fail, event_output__a_full_disk_leaves_nothing)
