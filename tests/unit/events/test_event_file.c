/* The files that partition leaves: the same bytes however they were made, everything in them comes back,
 * and nothing in them is trusted. */
#include "check_main.h"
#include "failing_allocator.h"
#include "test_events.h"
#include "io/output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "events/event_file.h"
#include "events/event_records.h"

#define LANES 3
#define READ_MEMORY ((size_t)8 << 20) /* a block of more is refused */

static const unsigned lane_count = LANES;

/* Codes and units of a run, in an order of its own. */
typedef struct names {
    mimic_event_codes *codes;
    mimic_event_codes *units;
    uint32_t code_numbers[400];
    uint32_t unit_numbers[20];
} names;

static mimic_status make_names(const mimic_context *ctx, const test_spec *spec, uint32_t turn,
                               names *out, mimic_error *err)
{
    char text[40];
    char key[20];
    mimic_status status = mimic__event_codes_new(ctx, 1 << 20, &out->codes, err);
    if (status == MIMIC_OK)
        status = mimic__event_codes_new(ctx, 1 << 20, &out->units, err);
    for (uint32_t i = 0; i < spec->code_count && status == MIMIC_OK; i++) {
        const uint32_t code = (i + turn) % spec->code_count;
        const int key_size = snprintf(key, sizeof key, "%u", code * 3);
        const mimic_event_origin origin = {(uint16_t)(code % 3), key, (size_t)key_size};
        const int size = snprintf(text, sizeof text, "LAB//%u", code);
        status = mimic__event_codes_add(out->codes, text, (size_t)size, &origin,
                                        &out->code_numbers[code], err);
    }
    for (uint32_t i = 0; i < spec->unit_count && status == MIMIC_OK; i++) {
        const int size = snprintf(text, sizeof text, "unit %u", i);
        status = mimic__event_codes_add(out->units, text, (size_t)size, NULL,
                                        &out->unit_numbers[i], err);
    }
    return status;
}

static void free_names(names *of)
{
    mimic__event_codes_free(of->codes);
    mimic__event_codes_free(of->units);
}

/* A time (or number of a row) that some event is given; 0 = none is. */
static int64_t forged_time;

static void forge(test_events *events, const char *place)
{
    const bool is_anchor = strcmp(place, "anchor") == 0; /* of context, which others are joined with */
    size_t i = 0;
    while (is_anchor && events->events[i].kind < MIMIC_EVENT_CONTEXT)
        i++;
    mimic_event *const event = &events->events[i];
    *(is_anchor                          ? &event->anchor
      : strcmp(place, "available") == 0 ? &event->available
      : strcmp(place, "row") == 0       ? &event->row
                                         : &event->time) = forged_time;
}

static const char *forged_place;

/* The events with the numbers of these names. */
static test_events named(const test_spec *spec, const names *of)
{
    test_events events = test_events_make(spec);
    for (size_t i = 0; i < events.count; i++) {
        mimic_event *const event = &events.events[i];
        if (event->code != MIMIC_EVENT_NO_TEXT)
            event->code = of->code_numbers[event->code];
        if (event->unit != MIMIC_EVENT_NO_TEXT)
            event->unit = of->unit_numbers[event->unit];
    }
    if (forged_time != 0)
        forge(&events, forged_place);
    return events;
}

typedef struct making {
    const mimic_context *ctx;
    const test_spec *spec;
    uint32_t turn; /* of the codes' numbers */
    int jobs;
    size_t memory;
    size_t chunk;
    const char *path;
} making;

static mimic_status add_all(const making *how, const test_events *events,
                            mimic_event_sorter *sorter, mimic_error *err)
{
    for (size_t at = 0; at < events->count;) {
        const size_t left = events->count - at;
        const size_t count = left < how->chunk ? left : how->chunk;
        mimic_event_chunk *const chunk = test_chunk(how->ctx, events, at, count);
        if (chunk == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__event_sorter_add(sorter, chunk, err));
        at += count;
    }
    return mimic__event_sorter_finish(sorter, err);
}

static mimic_status make_file(const making *how, mimic_error *err)
{
    static const mimic_event_file_head head = {"{\"table\": \"labevents\"}", 22};
    names of = {0};
    mimic_pool *pool = NULL;
    mimic_event_sorter *sorter = NULL;
    test_events events = {0};
    const mimic_event_sorter_options options = {
        .memory = how->memory, .path = how->path, .lane_count = LANES, .lane = test_lane,
        .lane_ctx = &lane_count};
    mimic_event_sorter_options with_pool = options;
    mimic_status status = make_names(how->ctx, how->spec, how->turn, &of, err);
    if (status == MIMIC_OK && how->jobs > 0)
        status = mimic__pool_new(how->ctx, how->jobs, &pool, err);
    with_pool.pool = pool;
    if (status == MIMIC_OK)
        status = mimic__event_sorter_new(how->ctx, &with_pool, &sorter, err);
    if (status == MIMIC_OK) {
        events = named(how->spec, &of);
        status = add_all(how, &events, sorter, err);
    }
    if (status == MIMIC_OK)
        status = mimic__event_file_write(sorter, how->path, of.codes, of.units, &head, err);
    mimic__event_sorter_free(sorter);
    mimic__pool_free(pool);
    free_names(&of);
    test_events_free(&events);
    return status;
}

/* Reads every lane to its end; adds the events up. */
static mimic_status read_file(const mimic_context *ctx, const char *path,
                              const mimic_event_map *map, size_t *out_events, mimic_error *err)
{
    names of = {0};
    mimic_event_file *file = NULL;
    *out_events = 0;
    mimic_status status = mimic__event_codes_new(ctx, 1 << 20, &of.codes, err);
    if (status == MIMIC_OK)
        status = mimic__event_codes_new(ctx, 1 << 20, &of.units, err);
    const mimic_event_file_options options = {path, of.codes, of.units, map, NULL, READ_MEMORY};
    if (status == MIMIC_OK)
        status = mimic__event_file_open(ctx, &options, &file, err);
    for (unsigned lane = 0; lane < LANES && status == MIMIC_OK; lane++) {
        mimic_event_stream *stream = NULL;
        mimic_event_chunk *chunk = NULL;
        status = mimic__event_file_stream(file, lane, INT64_MIN, INT64_MAX, 1 << 20, &stream, err);
        while (status == MIMIC_OK &&
               (status = stream->next(stream, &chunk, err)) == MIMIC_OK && chunk != NULL) {
            *out_events += chunk->count;
            mimic__chunk_release(chunk);
        }
        if (stream != NULL)
            stream->free(stream);
    }
    mimic__event_file_free(file);
    free_names(&of);
    return status;
}

START_TEST(event_file__same_bytes)
{
    static const making ways[] = {
        {.turn = 0, .jobs = 0, .memory = (size_t)64 << 20, .chunk = 700},
        {.turn = 7, .jobs = 3, .memory = (size_t)64 << 20, .chunk = 5000},
        {.turn = 50, .jobs = 3, .memory = (size_t)1 << 20, .chunk = 333},
        {.turn = 99, .jobs = 1, .memory = 0, .chunk = 4000},
    };
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        const test_spec spec = {(test_shape)shape, 20000, shape == 1 ? 100000 : 30, 3, 300, 9};
        char *first = NULL;
        size_t first_size = 0;
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            making how = ways[w];
            mimic_error err = MIMIC_ERROR_INIT;
            size_t size = 0;
            size_t count = 0;
            char *text = NULL;
            how.ctx = ctx;
            how.spec = &spec;
            how.path = test_path(&folder, "table.events");
            ck_assert_msg(make_file(&how, &err) == MIMIC_OK, "%s", err.message);
            ck_assert_int_eq(mimic__read_file(ctx, how.path, 0, &text, &size, NULL), MIMIC_OK);
            ck_assert_msg(read_file(ctx, how.path, NULL, &count, &err) == MIMIC_OK, "%s",
                          err.message);
            ck_assert_uint_eq(count, spec.count);
            if (first == NULL) {
                first = text;
                first_size = size;
                continue;
            }
            ck_assert_uint_eq(size, first_size);
            ck_assert_int_eq(memcmp(text, first, size), 0);
            mimic_free(ctx, text);
        }
        mimic_free(ctx, first);
    }
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

/* ---- what comes back ---- */

static mimic_event_file *open_file(const making *how, const names *into)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_event_file *file = NULL;
    const mimic_event_file_options options = {how->path, into->codes, into->units, NULL, NULL, 0};
    ck_assert_msg(mimic__event_file_open(how->ctx, &options, &file, &err) == MIMIC_OK, "%s",
                  err.message);
    return file;
}

/* Lanes and ranges of subjects, with the numbers of codes that the reader has. */
START_TEST(event_file__what_comes_back)
{
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        const test_spec spec = {(test_shape)shape, 30000, 0, 3, 300, 9};
        const making how = {ctx, &spec, 5, 3, (size_t)1 << 20, 3000, test_path(&folder, "t")};
        names of = {0};
        ck_assert_int_eq(make_file(&how, NULL), MIMIC_OK);
        ck_assert_int_eq(make_names(ctx, &spec, 77, &of, NULL), MIMIC_OK);
        test_events events = named(&spec, &of);
        mimic_event *const sorted = test_in_order(&events);
        mimic_event_file *const file = open_file(&how, &of);
        ck_assert_str_eq(mimic__event_file_head(file).json, "{\"table\": \"labevents\"}");
        ck_assert_uint_eq(mimic__event_file_head(file).json_size, 22);
        size_t found = 0;
        for (unsigned turn = 0; turn < 4 * LANES; turn++) {
            const unsigned lanes[2] = {turn % LANES, LANES};
            const size_t from = spec.count / 5 * (turn / LANES);
            const int64_t bounds[2] = {
                turn < LANES ? INT64_MIN : sorted[from].subject,
                turn < LANES ? INT64_MAX : sorted[from + spec.count / 9 * (turn % 4)].subject};
            mimic_event_stream *stream = NULL;
            ck_assert_int_eq(mimic__event_file_stream(file, lanes[0], bounds[0], bounds[1], 1 << 20,
                                                      &stream, NULL),
                             MIMIC_OK);
            const size_t count = test_check_stream(stream, &events, sorted, bounds, lanes);
            found += turn < LANES ? count : 0;
        }
        ck_assert_uint_eq(found, spec.count);
        mimic__event_file_free(file);
        free_names(&of);
        free(sorted);
        test_events_free(&events);
    }
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

/* A table without a single event has a file, too. */
START_TEST(event_file__empty)
{
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    size_t count = 1;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const test_spec spec = {ONE_SUBJECT, 0, 0, 3, 300, 9};
    const making how = {ctx, &spec, 5, 0, 0, 3000, test_path(&folder, "t")};
    ck_assert_int_eq(make_file(&how, NULL), MIMIC_OK);
    ck_assert_int_eq(read_file(ctx, how.path, NULL, &count, NULL), MIMIC_OK);
    ck_assert_uint_eq(count, 0);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(read_file(ctx, "/no/such/file", NULL, &count, &err), MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "/no/such/file"));
    ck_assert_int_eq(read_file(ctx, folder.path, NULL, &count, &err), MIMIC_ERR_CORRUPT);
    const char *const pipe = test_path(&folder, "pipe"); /* which nobody writes to: no waiting */
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert_int_eq(read_file(ctx, pipe, NULL, &count, &err), MIMIC_ERR_CORRUPT);
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

/* Kinds of the map: 0 to 2 are of table 4, whose rows are context 0; 3 is another table's. */
typedef struct small_map {
    mimic_event_kind kinds[4];
    const mimic_event_kind *kind_list[4];
    mimic_event_table tables[5];
    mimic_event_map map;
} small_map;

static void make_map(small_map *out)
{
    *out = (small_map){0};
    for (uint16_t i = 0; i < 4; i++) {
        out->kinds[i].number = i;
        out->kinds[i].table = i < 3 ? 4 : 1;
        out->kind_list[i] = &out->kinds[i];
    }
    out->tables[4].number = 4;
    out->map.tables = out->tables;
    out->map.table_count = 5;
    out->map.kinds = out->kind_list;
    out->map.kind_count = 4;
}

START_TEST(event_file__of_another_map)
{
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    size_t count = 0;
    small_map map;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const test_spec spec = {IN_ORDER, 1000, 0, 3, 300, 9};
    const making how = {ctx, &spec, 5, 0, 0, 3000, test_path(&folder, "t")};
    ck_assert_int_eq(make_file(&how, NULL), MIMIC_OK);
    make_map(&map);
    ck_assert_msg(read_file(ctx, how.path, &map.map, &count, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_uint_eq(count, spec.count);
    map.tables[4].context = -1; /* its rows are no context */
    ck_assert_int_eq(read_file(ctx, how.path, &map.map, &count, NULL), MIMIC_ERR_CORRUPT);
    make_map(&map);
    map.map.kind_count = 2;
    ck_assert_int_eq(read_file(ctx, how.path, &map.map, &count, NULL), MIMIC_ERR_CORRUPT);
    make_map(&map);
    map.kinds[2].table = 1;
    ck_assert_int_eq(read_file(ctx, how.path, &map.map, &count, NULL), MIMIC_ERR_CORRUPT);
    make_map(&map);
    map.map.table_count = 4;
    ck_assert_int_eq(read_file(ctx, how.path, &map.map, &count, NULL), MIMIC_ERR_CORRUPT);
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

/* ---- damage ---- */

/* In place: a file that is made anew each time is flushed by some file systems. */
static void write_bytes(const char *path, const char *bytes, size_t size)
{
    const int file = open(path, O_WRONLY);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, size, 0), (ssize_t)size);
    ck_assert_int_eq(ftruncate(file, (off_t)size), 0);
    ck_assert_int_eq(close(file), 0);
}

typedef struct small_file {
    test_folder folder;
    mimic_context *ctx;
    char path[1024];
    char *bytes;
    size_t size;
} small_file;

static void make_small(small_file *f, size_t events)
{
    const test_spec spec = {FEW_SUBJECTS, events, 0, 3, 5, 3};
    f->folder = test_folder_make();
    ck_assert_int_eq(mimic_context_new(NULL, &f->ctx, NULL), MIMIC_OK);
    snprintf(f->path, sizeof f->path, "%s", test_path(&f->folder, "t"));
    const making how = {f->ctx, &spec, 0, 0, 0, 3000, f->path};
    ck_assert_int_eq(make_file(&how, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__read_file(f->ctx, f->path, 0, &f->bytes, &f->size, NULL), MIMIC_OK);
}

static void free_small(small_file *f)
{
    mimic_free(f->ctx, f->bytes);
    mimic_context_free(f->ctx);
    test_folder_remove(&f->folder);
}

START_TEST(event_file__each_byte_changed)
{
    small_file f;
    size_t count = 0;
    make_small(&f, 12);
    for (size_t i = 0; i < f.size; i++) {
        mimic_error err = MIMIC_ERROR_INIT;
        const char before = f.bytes[i];
        f.bytes[i] ^= (char)(1 << i % 8);
        write_bytes(f.path, f.bytes, f.size);
        f.bytes[i] = before;
        ck_assert_msg(read_file(f.ctx, f.path, NULL, &count, &err) == MIMIC_ERR_CORRUPT,
                      "byte %zu of %zu: %s", i, f.size, err.message);
        ck_assert_str_eq(err.source, f.path);
    }
    free_small(&f);
}
END_TEST

START_TEST(event_file__cut_off_or_too_long)
{
    small_file f;
    size_t count = 0;
    make_small(&f, 12);
    for (size_t size = f.size; size-- > 0; size -= size < 400 || size + 450 > f.size ? 0 : 36) {
        write_bytes(f.path, f.bytes, size);
        ck_assert_int_eq(read_file(f.ctx, f.path, NULL, &count, NULL), MIMIC_ERR_CORRUPT);
    }
    char *const longer = calloc(1, 2 * f.size);
    memcpy(longer, f.bytes, f.size);
    write_bytes(f.path, longer, f.size + 1);
    ck_assert_int_eq(read_file(f.ctx, f.path, NULL, &count, NULL), MIMIC_ERR_CORRUPT);
    memcpy(longer + f.size, f.bytes, f.size);
    write_bytes(f.path, longer, 2 * f.size);
    ck_assert_int_eq(read_file(f.ctx, f.path, NULL, &count, NULL), MIMIC_ERR_CORRUPT);
    free(longer);
    free_small(&f);
}
END_TEST

/* As the file has it, on any machine; and back. */
static uint64_t little(uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    memcpy(&number, bytes, 8);
    return number;
}

/* Numbers of footer and index are made up, and their checksums made right. */
START_TEST(event_file__made_up_numbers)
{
    small_file f;
    uint64_t random = 4;
    size_t count = 0;
    make_small(&f, 40);
    char *const changed = malloc(f.size);
    unsigned char *const footer = (unsigned char *)changed + f.size - MIMIC_EVENT_FOOTER_BYTES;
    for (int turn = 0; turn < 3000; turn++) {
        memcpy(changed, f.bytes, f.size);
        uint64_t pages = 0;
        memcpy(&pages, footer + 16 + 8 * (turn % LANES), 8);
        pages = little(pages);
        ck_assert_uint_lt(pages, f.size);
        unsigned char *const page = (unsigned char *)changed + pages;
        const bool in_page = turn % 2 == 0 && pages > 0;
        unsigned char *const numbers = in_page ? page + 8 : footer;
        const size_t size = in_page ? 16 + 56 * 2 : MIMIC_EVENT_FOOTER_BYTES - 8;
        for (int i = 0; i < 1 + turn % 3; i++) {
            uint64_t value = test_random(&random) >> (test_random(&random) % 64);
            if (turn % 5 == 0)
                value = test_random(&random) % f.size;
            value = little(value);
            const size_t width = in_page && turn % 4 == 0 ? 4 : 8;
            memcpy(numbers + test_random(&random) % (size / width) * width, &value, width);
        }
        const uint64_t hash =
            little(in_page ? mimic__hash64(page + 8, MIMIC_PAGE_BYTES - 8)
                           : mimic__hash64(footer, MIMIC_EVENT_FOOTER_BYTES - 8));
        memcpy(in_page ? page : footer + MIMIC_EVENT_FOOTER_BYTES - 8, &hash, 8);
        write_bytes(f.path, changed, f.size);
        const mimic_status status = read_file(f.ctx, f.path, NULL, &count, NULL);
        ck_assert_msg(status == MIMIC_OK || status == MIMIC_ERR_CORRUPT || status == MIMIC_ERR_LIMIT ||
                          status == MIMIC_ERR_MEMORY,
                      "%s", mimic_status_name(status));
    }
    free(changed);
    free_small(&f);
}
END_TEST

/* An allocator that knows how many bytes are taken, and were at most. */
typedef struct measure {
    size_t now;
    size_t most;
} measure;

static void *measured_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    measure *const self = ctx;
    size_t *const old = memory == NULL ? NULL : (size_t *)memory - 2;
    (void)old_size;
    self->now += new_size - (old == NULL ? 0 : *old);
    self->most = self->now > self->most ? self->now : self->most;
    size_t *const grown = realloc(old, new_size + 2 * sizeof *grown);
    ck_assert_ptr_nonnull(grown);
    *grown = new_size;
    return grown + 2;
}

static void *measured_alloc(size_t size, void *ctx)
{
    return measured_realloc(NULL, 0, size, ctx);
}

static void measured_free(void *memory, void *ctx)
{
    ((measure *)ctx)->now -= *((size_t *)memory - 2);
    free((size_t *)memory - 2);
}

static void put_little(unsigned char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

/* Of the first block, what its index says: it is not taken at its word. */
static mimic_status read_with_block(const small_file *f, const mimic_context *ctx, uint32_t packed,
                                    uint32_t events, uint32_t bytes)
{
    char *const changed = malloc(f->size);
    unsigned char *const footer = (unsigned char *)changed + f->size - MIMIC_EVENT_FOOTER_BYTES;
    uint64_t place = 0;
    size_t count;
    memcpy(changed, f->bytes, f->size);
    for (int lane = 0; lane < LANES && place == 0; lane++) {
        memcpy(&place, footer + 16 + 8 * lane, 8);
        place = little(place);
    }
    unsigned char *const page = (unsigned char *)changed + place;
    if (packed > 0)
        put_little(page + 60, packed);
    put_little(page + 64, events);
    put_little(page + 68, 1);
    put_little(page + 72, bytes);
    const uint64_t hash = little(mimic__hash64(page + 8, MIMIC_PAGE_BYTES - 8));
    memcpy(page, &hash, 8);
    write_bytes(f->path, changed, f->size);
    free(changed);
    return read_file(ctx, f->path, NULL, &count, NULL);
}

static mimic_status read_records(const mimic_context *ctx, const char *path)
{
    event_records *records = NULL;
    const char *bytes;
    size_t size;
    MIMIC_TRY(mimic__records_open(ctx, path, &records, NULL));
    const mimic_status status = mimic__records_next(records, &bytes, &size, NULL);
    mimic__records_free(records);
    return status;
}

START_TEST(event_file__takes_no_more_memory_than_there_is_in_it)
{
    small_file f;
    measure taken = {0};
    mimic_context *ctx = NULL;
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){measured_alloc, measured_realloc, measured_free, &taken};
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    make_small(&f, 2000);
    ck_assert_int_eq(read_with_block(&f, ctx, 0, 65536, 1), MIMIC_ERR_CORRUPT);
    ck_assert_uint_lt(taken.most, (size_t)4 << 20);
    ck_assert_int_eq(read_with_block(&f, ctx, (uint32_t)4 << 20, 2, (uint32_t)4 << 20),
                     MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(read_with_block(&f, ctx, (uint32_t)READ_MEMORY, 1, (uint32_t)READ_MEMORY),
                     MIMIC_ERR_LIMIT);
    ck_assert_uint_lt(taken.most, (size_t)4 << 20);
    taken.most = 0;
    char claim[17] = "1234 and not much";
    memcpy(claim, &(uint32_t){48 << 20}, sizeof(uint32_t)); /* in this machine's byte order */
    write_bytes(f.path, claim, sizeof claim);
    ck_assert_int_eq(read_records(ctx, f.path), MIMIC_ERR_CORRUPT);
    ck_assert_uint_lt(taken.most, (size_t)2 << 20);
    mimic_context_free(ctx);
    ck_assert_uint_eq(taken.now, 0);
    free_small(&f);
}
END_TEST

/* Checksums and all are right, but no calendar has this time. */
START_TEST(event_file__made_up_times)
{
    static const char *const places[] = {"time", "available", "anchor"};
    static const int64_t times[] = {INT64_MAX, INT64_MIN + 1, INT64_C(253402300800000000),
                                    INT64_C(-62135596800000001)};
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const test_spec spec = {IN_ORDER, 1000, 0, 3, 300, 9};
    const making how = {ctx, &spec, 5, 0, 0, 3000, test_path(&folder, "t")};
    for (size_t i = 0; i < 3 * 4; i++) {
        mimic_error err = MIMIC_ERROR_INIT;
        size_t count = 0;
        for (int is_bad = 0; is_bad < 2; is_bad++) {
            const int64_t time = times[i / 3];
            forged_place = places[i % 3];
            forged_time = is_bad ? time : time < 0 ? INT64_C(-62135596800000000)
                                                   : INT64_C(253402300799999999);
            ck_assert_int_eq(make_file(&how, NULL), MIMIC_OK);
            ck_assert_int_eq(read_file(ctx, how.path, NULL, &count, &err),
                             is_bad ? MIMIC_ERR_CORRUPT : MIMIC_OK);
        }
        ck_assert_ptr_nonnull(strstr(err.message, "a time that the calendar has not"));
    }
    forged_time = 0;
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

/* The numbers of rows make link ids, those of one table apart from those of the next. */
START_TEST(event_file__made_up_rows)
{
    static const int64_t rows[] = {MIMIC_EVENT_ROWS_MAX - 1, MIMIC_EVENT_ROWS_MAX, INT64_MAX, -1};
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const test_spec spec = {IN_ORDER, 1000, 0, 3, 300, 9};
    const making how = {ctx, &spec, 5, 0, 0, 3000, test_path(&folder, "t")};
    forged_place = "row";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t count = 0;
        forged_time = rows[i];
        ck_assert_int_eq(make_file(&how, NULL), MIMIC_OK);
        ck_assert_int_eq(read_file(ctx, how.path, NULL, &count, NULL),
                         i == 0 ? MIMIC_OK : MIMIC_ERR_CORRUPT);
    }
    forged_time = 0;
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

/* ---- what goes wrong ---- */

static char memory_path[1100];

static mimic_status write_and_read(const mimic_context *ctx, mimic_error *err)
{
    const test_spec spec = {IN_PIECES, 600, 0, 3, 10, 3};
    const making how = {ctx, &spec, 5, 0, 0, 100, memory_path};
    size_t count = 0;
    MIMIC_TRY(make_file(&how, err));
    MIMIC_TRY(read_file(ctx, how.path, NULL, &count, err));
    ck_assert_uint_eq(count, 600);
    return MIMIC_OK;
}

START_TEST(event_file__no_memory)
{
    test_folder folder = test_folder_make();
    snprintf(memory_path, sizeof memory_path, "%s", test_path(&folder, "t"));
    ck_assert_int_gt(replay_failing_allocations(write_and_read), 100);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(event_file__no_folder)
{
    mimic_context *ctx = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const test_spec spec = {IN_PIECES, 600, 0, 3, 10, 3};
    const making how = {ctx, &spec, 5, 0, (size_t)64 << 20, 100, "/proc/no/such/folder/t"};
    ck_assert_int_eq(make_file(&how, &err), MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "/proc/no"));
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(event_file, event_file__same_bytes, event_file__what_comes_back, event_file__empty,
                event_file__of_another_map, event_file__each_byte_changed,
                event_file__cut_off_or_too_long, event_file__made_up_numbers,
                event_file__takes_no_more_memory_than_there_is_in_it, event_file__made_up_times, event_file__made_up_rows,
                event_file__no_memory, event_file__no_folder)
