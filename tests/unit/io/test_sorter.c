/* The external sorter: whatever the memory and the pool, what comes out is what qsort makes of it.
 */
#include "check_main.h"
#include "failing_allocator.h"
#include "test_folder.h"

#include <sys/resource.h>
#include <signal.h>

#include "base/buffer.h"
#include "io/sorter.h"

typedef enum shape { RANDOM, FEW_VALUES, ASCENDING, DESCENDING, EQUAL, NEARLY, SHAPES } shape;

typedef struct fixture {
    test_folder folder;
    mimic_context *ctx;
    mimic_pool *pool;
    uint64_t random;
} fixture;

static void set_up(fixture *f, int jobs)
{
    *f = (fixture){.folder = test_folder_make(), .random = 7};
    ck_assert_int_eq(mimic_context_new(NULL, &f->ctx, NULL), MIMIC_OK);
    if (jobs > 0)
        ck_assert_int_eq(mimic__pool_new(f->ctx, jobs, &f->pool, NULL), MIMIC_OK);
}

static void tear_down(fixture *f)
{
    mimic__pool_free(f->pool);
    mimic_context_free(f->ctx);
    test_folder_remove(&f->folder);
}

static mimic_sorter *new_sorter(fixture *f, bool of_strings, size_t memory)
{
    mimic_sorter *sorter = NULL;
    const mimic_sorter_options options = {of_strings, memory, test_path(&f->folder, "base"),
                                          f->pool};
    ck_assert_int_eq(mimic__sorter_new(f->ctx, &options, &sorter, NULL), MIMIC_OK);
    return sorter;
}

/* ---- pairs ---- */

static uint64_t value_of(fixture *f, shape form, uint64_t index)
{
    const uint64_t middle = UINT64_C(1) << 63;
    switch (form) {
    case FEW_VALUES:
        return middle + test_random(&f->random) % 5;
    case ASCENDING:
        return middle + index / 3;
    case DESCENDING:
        return middle - index;
    case EQUAL:
        return middle;
    case NEARLY:
        return middle + index * 16 + test_random(&f->random) % 100;
    default:
        return test_random(&f->random) >> (test_random(&f->random) % 64);
    }
}

static int compare_pairs(const void *left, const void *right)
{
    const mimic_sort_pair *a = left;
    const mimic_sort_pair *b = right;
    if (a->hi != b->hi)
        return a->hi < b->hi ? -1 : 1;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

static void check_pairs(fixture *f, shape form, size_t count, size_t memory)
{
    mimic_sort_pair *pairs = calloc(count + 1, sizeof *pairs);
    mimic_sorter *sorter = new_sorter(f, false, memory);
    for (size_t i = 0; i < count; i++) {
        const uint64_t top = test_random(&f->random) % 3 == 0 ? UINT64_C(1) << 63 : 0;
        pairs[i] = (mimic_sort_pair){value_of(f, form, i), top | (uint64_t)i << 16 | i % 7};
    }
    for (size_t i = 0, step; i < count; i += step) {
        step = 1 + test_random(&f->random) % 300;
        step = step < count - i ? step : count - i;
        ck_assert_int_eq(mimic__sorter_add_pairs(sorter, pairs + i, step, NULL), MIMIC_OK);
    }
    ck_assert_int_eq(mimic__sorter_finish(sorter, NULL), MIMIC_OK);
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    mimic_sort_pair out[100];
    size_t got = 0;
    for (size_t at = 0;; at += got) {
        ck_assert_int_eq(mimic__sorter_next_pairs(sorter, out, 100, &got, NULL), MIMIC_OK);
        ck_assert_uint_le(got, count - at);
        ck_assert_int_eq(memcmp(out, pairs + at, got * sizeof *out), 0);
        if (got == 0) {
            ck_assert_uint_eq(at, count);
            break;
        }
    }
    mimic__sorter_free(sorter);
    free(pairs);
}

static void check_all_pairs(int jobs)
{
    static const size_t counts[] = {0, 1, 2, 15, 16, 17, 1000, 40000};
    static const size_t memories[] = {0, 5000, 100000, MIMIC_SORTER_BYTES};
    fixture f;
    set_up(&f, jobs);
    for (int form = 0; form < SHAPES; form++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (size_t m = 0; m < sizeof memories / sizeof memories[0]; m++)
                check_pairs(&f, (shape)form, counts[c], memories[m]);
    ck_assert(!test_exists(test_path(&f.folder, "base")));
    tear_down(&f);
}

START_TEST(sorter__pairs_like_qsort)
{
    check_all_pairs(0);
}
END_TEST

START_TEST(sorter__pairs_on_threads)
{
    check_all_pairs(3);
}
END_TEST

/* ---- strings ---- */

typedef struct string {
    unsigned char *bytes;
    size_t size;
} string;

static int compare_strings(const void *left, const void *right)
{
    const string *a = left;
    const string *b = right;
    return mimic__sort_compare(a->bytes, a->size, b->bytes, b->size);
}

/* Strings that share beginnings of any length. */
static string make_string(fixture *f, shape form, uint64_t index)
{
    const uint64_t number = value_of(f, form, index);
    const uint64_t kind = test_random(&f->random) % 1000;
    const size_t body = form == EQUAL ? 20 : (size_t)(test_random(&f->random) % 24);
    const size_t tail = kind == 0 ? 40000 : kind < 10 ? 500 : 0;
    string made = {calloc(body + 8 + tail + 1, 1), form == ASCENDING ? 8 : body + 8 + tail};
    for (size_t i = 0; i < made.size; i++)
        made.bytes[i] = (unsigned char)(i < 8 ? number >> (56 - 8 * i) : (i * 31) % 251);
    if (form != ASCENDING && form != EQUAL && number % 2 == 0)
        memset(made.bytes, 'x', body);
    return made;
}

static void check_strings(fixture *f, shape form, size_t count, size_t memory)
{
    string *strings = calloc(count + 1, sizeof *strings);
    mimic_sorter *sorter = new_sorter(f, true, memory);
    for (size_t i = 0; i < count; i++) {
        strings[i] = make_string(f, form, i);
        ck_assert_int_eq(mimic__sorter_add_string(sorter, strings[i].bytes, strings[i].size, NULL),
                         MIMIC_OK);
    }
    ck_assert_int_eq(mimic__sorter_finish(sorter, NULL), MIMIC_OK);
    qsort(strings, count, sizeof *strings, compare_strings);
    for (size_t i = 0; i <= count; i++) {
        const unsigned char *bytes = NULL;
        size_t size = 0;
        ck_assert_int_eq(mimic__sorter_next_string(sorter, &bytes, &size, NULL), MIMIC_OK);
        ck_assert_int_eq(bytes == NULL, i == count);
        if (bytes == NULL)
            break;
        ck_assert_uint_eq(size, strings[i].size);
        ck_assert_int_eq(memcmp(bytes, strings[i].bytes, size), 0);
        free(strings[i].bytes);
    }
    mimic__sorter_free(sorter);
    free(strings);
}

static void check_all_strings(int jobs)
{
    static const size_t counts[] = {0, 1, 2, 17, 1000, 8000};
    static const size_t memories[] = {0, 20000, 200000, MIMIC_SORTER_BYTES};
    fixture f;
    set_up(&f, jobs);
    for (int form = 0; form < SHAPES; form++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (size_t m = 0; m < sizeof memories / sizeof memories[0]; m++)
                check_strings(&f, (shape)form, counts[c], memories[m]);
    tear_down(&f);
}

START_TEST(sorter__strings_like_qsort)
{
    check_all_strings(0);
}
END_TEST

START_TEST(sorter__strings_on_threads)
{
    check_all_strings(2);
}
END_TEST

/* An empty string is an entry, not the end. */
START_TEST(sorter__strings_that_are_empty)
{
    fixture f;
    set_up(&f, 0);
    for (size_t memory = 0; memory <= MIMIC_SORTER_BYTES; memory += MIMIC_SORTER_BYTES) {
        const unsigned char *found = NULL;
        size_t size = 0;
        mimic_sorter *sorter = new_sorter(&f, true, memory);
        for (int i = 0; i < 100; i++)
            ck_assert_int_eq(
                mimic__sorter_add_string(sorter, (const unsigned char *)"", 0, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic__sorter_finish(sorter, NULL), MIMIC_OK);
        for (int i = 0; i <= 100; i++) {
            ck_assert_int_eq(mimic__sorter_next_string(sorter, &found, &size, NULL), MIMIC_OK);
            ck_assert_int_eq(found == NULL, i == 100);
            ck_assert_uint_eq(size, 0);
        }
        mimic__sorter_free(sorter);
    }
    tear_down(&f);
}
END_TEST

START_TEST(sorter__order_makes_one_run)
{
    fixture f;
    set_up(&f, 2);
    mimic_sorter *pairs = new_sorter(&f, false, 10000);
    mimic_sorter *strings = new_sorter(&f, true, 10000);
    for (uint64_t i = 0; i < 50000; i++) {
        const mimic_sort_pair pair = {i / 9, i << 16};
        const unsigned char text[4] = {(unsigned char)(i >> 16), (unsigned char)(i >> 8),
                                       (unsigned char)i, 1};
        ck_assert_int_eq(mimic__sorter_add_pairs(pairs, &pair, 1, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic__sorter_add_string(strings, text, sizeof text, NULL), MIMIC_OK);
    }
    ck_assert_int_eq(mimic__sorter_finish(pairs, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__sorter_finish(strings, NULL), MIMIC_OK);
    ck_assert_uint_eq(mimic__sorter_run_count(pairs), 1);
    ck_assert_uint_eq(mimic__sorter_run_count(strings), 1);
    mimic__sorter_free(pairs);
    mimic__sorter_free(strings);
    tear_down(&f);
}
END_TEST

/* ---- what goes wrong ---- */

static mimic_status fill(mimic_sorter *sorter, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    for (uint64_t i = 0; i < 30000 && status == MIMIC_OK; i++) {
        const mimic_sort_pair pair = {i * UINT64_C(0x9e3779b97f4a7c15), i << 16};
        status = mimic__sorter_add_pairs(sorter, &pair, 1, err);
    }
    return status == MIMIC_OK ? mimic__sorter_finish(sorter, err) : status;
}

START_TEST(sorter__no_folder)
{
    fixture f;
    set_up(&f, 2);
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_sorter *sorter = NULL;
    const mimic_sorter_options options = {false, 1000, "/no/such/folder/base", f.pool};
    ck_assert_int_eq(mimic__sorter_new(f.ctx, &options, &sorter, NULL), MIMIC_OK);
    ck_assert_int_eq(fill(sorter, &err), MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "/no/such/folder/base"));
    ck_assert_int_eq(mimic__sorter_finish(sorter, &err), MIMIC_ERR_IO);
    mimic__sorter_free(sorter);
    tear_down(&f);
}
END_TEST

START_TEST(sorter__full_disk)
{
    fixture f;
    struct rlimit before;
    mimic_error err = MIMIC_ERROR_INIT;
    set_up(&f, 2);
    mimic_sorter *sorter = new_sorter(&f, false, 1000);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {100000, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const mimic_status status = fill(sorter, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(status, MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot write"));
    mimic__sorter_free(sorter);
    tear_down(&f);
}
END_TEST

static char memory_path[1100];

static mimic_status sort_in_little_memory(const mimic_context *ctx, mimic_error *err)
{
    mimic_sorter *sorters[2] = {NULL, NULL};
    mimic_status status = MIMIC_OK;
    for (int i = 0; i < 2 && status == MIMIC_OK; i++) {
        const mimic_sorter_options options = {i == 1, 1000, memory_path, NULL};
        status = mimic__sorter_new(ctx, &options, &sorters[i], err);
    }
    for (uint64_t i = 0; i < 200 && status == MIMIC_OK; i++) {
        const mimic_sort_pair pair = {i * UINT64_C(0x9e3779b97f4a7c15), i << 16};
        status = mimic__sorter_add_pairs(sorters[0], &pair, 1, err);
        if (status == MIMIC_OK)
            status = mimic__sorter_add_string(sorters[1], (const unsigned char *)&pair, sizeof pair,
                                              err);
    }
    for (int i = 0; i < 2 && status == MIMIC_OK; i++)
        status = mimic__sorter_finish(sorters[i], err);
    mimic__sorter_free(sorters[0]);
    mimic__sorter_free(sorters[1]);
    return status;
}

START_TEST(sorter__no_memory)
{
    fixture f;
    set_up(&f, 0);
    snprintf(memory_path, sizeof memory_path, "%s", test_path(&f.folder, "base"));
    ck_assert_int_gt(replay_failing_allocations(sort_in_little_memory), 20);
    tear_down(&f);
}
END_TEST

MIMIC_TEST_MAIN(sorter, sorter__pairs_like_qsort, sorter__pairs_on_threads,
                sorter__strings_like_qsort, sorter__strings_on_threads,
                sorter__strings_that_are_empty, sorter__order_makes_one_run, sorter__no_folder,
                sorter__full_disk, sorter__no_memory)
