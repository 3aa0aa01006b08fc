/*
 * How structs grow: a client built against an older header (a shorter struct), a newer one (a longer
 * struct) and a careless one (struct_size not set) meet this library. Links the shared library and
 * sees public headers only.
 */
#include "check_main.h"

#include <mimic/mimic.h>
#include <stddef.h>
#include <string.h>

static mimic_context *new_context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

START_TEST(api__version_of_header_and_library_agree)
{
    ck_assert_str_eq(mimic_version(), MIMIC_VERSION_STRING);
    ck_assert_int_eq(mimic_abi_version(), MIMIC_ABI_VERSION);
}
END_TEST

START_TEST(api__shorter_options_of_an_old_client_work)
{
    mimic_context *ctx = new_context();
    struct {
        uint32_t struct_size;
        mimic_compression compression;
        unsigned char beyond[64];
    } old = {.compression = MIMIC_COMPRESSION_NONE};
    old.struct_size = (uint32_t)offsetof(mimic_source_options, max_bytes);
    memset(old.beyond, 0xa5, sizeof old.beyond); /* must not be taken for max_bytes */
    mimic_source *source = NULL;
    ck_assert_int_eq(mimic_source_from_memory(ctx, "abc", 3, "memory",
                                              (const mimic_source_options *)(const void *)&old,
                                              &source, NULL),
                     MIMIC_OK);
    char bytes[8];
    size_t size = 0;
    ck_assert_int_eq(mimic_source_read(source, bytes, sizeof bytes, &size, NULL), MIMIC_OK);
    ck_assert_uint_eq(size, 3);
    mimic_source_free(source);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(api__longer_options_work_while_the_rest_is_zero)
{
    mimic_context *ctx = new_context();
    struct {
        mimic_source_options known;
        uint64_t member_of_the_future;
    } newer = {.known = MIMIC_SOURCE_OPTIONS_INIT};
    newer.known.struct_size = (uint32_t)sizeof newer;
    mimic_source *source = NULL;
    ck_assert_int_eq(mimic_source_from_memory(ctx, "abc", 3, "memory", &newer.known, &source, NULL),
                     MIMIC_OK);
    mimic_source_free(source);
    source = NULL;
    newer.member_of_the_future = 1;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_source_from_memory(ctx, "abc", 3, "memory", &newer.known, &source, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(source);
    ck_assert_ptr_nonnull(strstr(err.message, "does not know"));
    mimic_context_free(ctx);
}
END_TEST

static mimic_status no_begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                             mimic_error *err)
{
    (void)self, (void)table, (void)host, (void)err;
    return MIMIC_OK;
}

static mimic_status no_write(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    (void)self, (void)batch, (void)chunk, (void)err;
    return MIMIC_OK;
}

static mimic_status no_commit(void *self, mimic_error *err)
{
    (void)self, (void)err;
    return MIMIC_OK;
}

/* What each call makes of a struct with a word behind the members that this library knows. */
static mimic_status hand_over(const mimic_context *ctx, int which, uint64_t beyond)
{
    const char *const input = "/nonexistent/labs.csv";
    mimic_status status = MIMIC_OK;
    mimic_registry *registry = NULL;
    mimic_report *report = NULL;
    mimic_sink *sink = NULL;
    mimic_scan *scan = NULL;
    mimic_context *other = NULL;
    struct {
        mimic_load_options known;
        uint64_t beyond;
    } load = {MIMIC_LOAD_OPTIONS_INIT, beyond};
    struct {
        mimic_sink_options known;
        uint64_t beyond;
    } sinks = {MIMIC_SINK_OPTIONS_INIT, beyond};
    struct {
        mimic_sink_vtable known;
        uint64_t beyond;
    } vtable = {{.begin = no_begin, .write = no_write, .commit = no_commit}, beyond};
    struct {
        mimic_scan_options known;
        uint64_t beyond;
    } scans = {MIMIC_SCAN_OPTIONS_INIT, beyond};
    struct {
        mimic_context_options known;
        uint64_t beyond;
    } contexts = {MIMIC_CONTEXT_OPTIONS_INIT, beyond};
    load.known.struct_size = (uint32_t)sizeof load;
    sinks.known.struct_size = (uint32_t)sizeof sinks;
    vtable.known.struct_size = (uint32_t)sizeof vtable;
    scans.known.struct_size = (uint32_t)sizeof scans;
    contexts.known.struct_size = (uint32_t)sizeof contexts;
    switch (which) {
    case 0:
        ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
        status = mimic_convert(ctx, registry, NULL, &input, 1, "null:", &load.known, &report, NULL);
        break;
    case 1:
        status = mimic_sink_open(ctx, "null:", &sinks.known, &sink, NULL);
        break;
    case 2:
        status = mimic_sink_new(ctx, &vtable.known, NULL, &sink, NULL);
        break;
    case 3:
        ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
        status = mimic_scan_open(ctx, registry, "csv:/nonexistent", &scans.known, &scan, NULL);
        break;
    default:
        status = mimic_context_new(&contexts.known, &other, NULL);
        break;
    }
    mimic_scan_free(scan);
    mimic_sink_free(sink);
    mimic_report_free(report);
    mimic_registry_free(registry);
    mimic_context_free(other);
    return status;
}

START_TEST(api__every_struct_of_a_newer_client_is_taken_while_the_rest_is_zero)
{
    static const mimic_status expected[] = {MIMIC_ERR_NOT_FOUND, MIMIC_OK, MIMIC_OK,
                                            MIMIC_ERR_NOT_FOUND, MIMIC_OK};
    mimic_context *ctx = new_context();
    for (int i = 0; i < 5; i++) {
        ck_assert_msg(hand_over(ctx, i, 0) == expected[i], "struct %d, zero behind it", i);
        /* An option that is not known is refused; a function of a sink is not called. */
        ck_assert_msg(hand_over(ctx, i, 1) == (i == 2 ? MIMIC_OK : MIMIC_ERR_ARGUMENT),
                      "struct %d, more behind it", i);
    }
    mimic_context_free(ctx);
}
END_TEST

/* What a newer client reads of an older library is as the client left it. */
START_TEST(api__a_longer_view_keeps_its_end)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    struct {
        mimic_field_info known;
        uint64_t beyond;
    } field = {MIMIC_FIELD_INFO_INIT, 7};
    field.known.struct_size = (uint32_t)sizeof field;
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/patients", &table, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(mimic_table_field(table, 0, &field.known), MIMIC_OK);
    ck_assert_str_eq(field.known.name, "subject_id");
    ck_assert_uint_eq(field.beyond, 7);
    ck_assert_uint_eq(field.known.struct_size, sizeof field);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(api__struct_size_that_was_not_set_is_refused)
{
    const uint32_t sizes[] = {0, 1, 3, 0x7fffffffu, 0xa5a5a5a5u, 0xffffffffu};
    mimic_context *ctx = new_context();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
        options.struct_size = sizes[i];
        mimic_source *source = NULL;
        ck_assert_int_eq(mimic_source_from_memory(ctx, "a", 1, "memory", &options, &source, &err),
                         MIMIC_ERR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(err.message, "struct_size"));
        mimic_context_options context_options = MIMIC_CONTEXT_OPTIONS_INIT;
        context_options.struct_size = sizes[i];
        mimic_context *other = NULL;
        ck_assert_int_eq(mimic_context_new(&context_options, &other, NULL), MIMIC_ERR_ARGUMENT);
        ck_assert_ptr_null(other);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(api__a_view_is_filled_as_far_as_the_client_knows_it)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = NULL;
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    const mimic_table *table = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/patients", &table, NULL),
                     MIMIC_OK);
    mimic_field_info field = MIMIC_FIELD_INFO_INIT;
    const uint32_t known = (uint32_t)offsetof(mimic_field_info, title);
    field.struct_size = known;
    field.title = "as it was";
    ck_assert_int_eq(mimic_table_field(table, 0, &field), MIMIC_OK);
    ck_assert_str_eq(field.name, "subject_id");
    ck_assert_str_eq(field.title, "as it was");
    ck_assert_uint_eq(field.struct_size, known);
    field.struct_size = 0;
    ck_assert_int_eq(mimic_table_field(table, 0, &field), MIMIC_ERR_ARGUMENT);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(api__null_is_freed_by_every_free)
{
    mimic_context_free(NULL);
    mimic_source_free(NULL);
    mimic_registry_free(NULL);
    mimic_drift_free(NULL);
    mimic_csv_reader_free(NULL);
    mimic_sink_free(NULL);
    mimic_report_free(NULL);
    mimic_free(NULL, NULL);
}
END_TEST

START_TEST(api__null_for_the_error_is_allowed)
{
    mimic_context *ctx = new_context();
    mimic_source *source = NULL;
    ck_assert_int_eq(mimic_source_open(ctx, "/nonexistent/file.csv", NULL, &source, NULL),
                     MIMIC_ERR_NOT_FOUND);
    mimic_sink *sink = NULL;
    ck_assert_int_eq(mimic_sink_open(ctx, "no such target", NULL, &sink, NULL), MIMIC_ERR_ARGUMENT);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(api_abi, api__version_of_header_and_library_agree,
                api__shorter_options_of_an_old_client_work,
                api__longer_options_work_while_the_rest_is_zero,
                api__every_struct_of_a_newer_client_is_taken_while_the_rest_is_zero,
                api__a_longer_view_keeps_its_end,
                api__struct_size_that_was_not_set_is_refused,
                api__a_view_is_filled_as_far_as_the_client_knows_it,
                api__null_is_freed_by_every_free, api__null_for_the_error_is_allowed)
