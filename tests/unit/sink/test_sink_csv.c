/* Canonical CSV byte for byte, and where its files go. */
#include "check_main.h"

#include "test_batch.h"
#include "test_files.h"

#include <mimic/sink.h>

static mimic_context *ctx;
static mimic_error err;
static char folder[TEST_PATH_BYTES];

static void setup(void)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    ctx = test_context_make(NULL);
    test_folder_make(folder);
}

static void teardown(void)
{
    mimic_context_free(ctx);
    test_folder_walk(folder, 1);
}

#define CK_OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)

static const char *in_folder(const char *prefix, const char *path)
{
    static char text[TEST_PATH_BYTES + 64];
    snprintf(text, sizeof text, "%s%s/%s", prefix, folder, path);
    return text;
}

static void write_to(const char *target, const mimic_batch *batch, const mimic_reject *reject)
{
    mimic_sink *sink = NULL;
    CK_OK(mimic_sink_open(ctx, target, NULL, &sink, &err));
    CK_OK(mimic_sink_begin(sink, batch->table, NULL, &err));
    CK_OK(mimic_sink_write(sink, batch, &err));
    if (reject != NULL)
        CK_OK(mimic_sink_reject(sink, reject, &err));
    CK_OK(mimic_sink_commit(sink, &err));
    CK_OK(mimic_sink_finish(sink, NULL, NULL, &err));
    mimic_sink_free(sink);
}

static void expect_file(const char *path, const char *expected)
{
    char *found = test_file_read(in_folder("", path));
    if (expected == NULL)
        ck_assert_ptr_null(found);
    else
        ck_assert_msg(found != NULL && strcmp(found, expected) == 0, "%s holds\n%s", path,
                      found == NULL ? "nothing" : found);
    free(found);
}

static void make_two_columns(test_table *t, test_batch *b)
{
    test_table_make(t, "labs");
    t->table.module = "hosp";
    test_table_field(t, "id", MIMIC_TYPE_INT32, true);
    test_table_field(t, "text", MIMIC_TYPE_STRING, false);
    test_batch_make(b, &t->table, 2);
    test_set_integer(b, 0, 0, 1);
    test_set_integer(b, 0, 1, 2);
    test_set_text(b, 1, 1, "say \"hi\", all");
    test_batch_view(b);
}

START_TEST(csv__canonical_bytes)
{
    setup();
    test_table t;
    test_batch b;
    static const char *const iso[] = {"default"};
    test_table_make(&t, "x");
    test_table_field(&t, "a,b", MIMIC_TYPE_BOOLEAN, false);
    test_table_field(&t, "f", MIMIC_TYPE_FLOAT64, false);
    test_table_field(&t, "d", MIMIC_TYPE_DECIMAL, false);
    test_table_field(&t, "t1", MIMIC_TYPE_TIMESTAMP, false);
    test_table_field(&t, "t2", MIMIC_TYPE_TIMESTAMPTZ, false)->formats = iso;
    test_table_field(&t, "s", MIMIC_TYPE_STRING, false);
    test_table_field(&t, "raw", MIMIC_TYPE_BINARY, false);
    test_batch_make(&b, &t.table, 3);
    test_set_integer(&b, 0, 0, 1);
    test_set_real(&b, 1, 0, 98.0);
    test_cell_at(&b, 2, 0)->decimal = (mimic_int128){.low = 1500};
    test_set_integer(&b, 3, 0, INT64_C(1500000));
    test_set_integer(&b, 4, 0, 0);
    test_set_text(&b, 5, 0, "");
    test_set_bytes(&b, 6, 0, "\0\xff", 2);
    test_set_integer(&b, 0, 2, 0);
    test_set_real(&b, 1, 2, -0.0);
    test_set_text(&b, 5, 2, "line\nbreak");
    test_set_bytes(&b, 6, 2, "", 0);
    write_to(in_folder("csv:", "out"), test_batch_view(&b), NULL);
    expect_file("out/x.csv", "\"a,b\",f,d,t1,t2,s,raw\n"
                             "true,98,1.500,1970-01-01 00:00:01.5,1970-01-01T00:00:00Z,\"\",AP8=\n"
                             ",,,,,,\n"
                             "false,-0,,,,\"line\nbreak\",\"\"\n");
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(csv__files_by_module_and_rejects)
{
    setup();
    test_table t;
    test_batch b;
    make_two_columns(&t, &b);
    const mimic_reject reject = {.struct_size = sizeof reject,
                                 .code = MIMIC_REJECT_TYPE,
                                 .source = "labs.csv.gz",
                                 .record = 3,
                                 .line = 4,
                                 .byte_offset = 20,
                                 .column = "id",
                                 .message = "no, not an int32",
                                 .raw = "x,\"y\"",
                                 .raw_size = 5};
    write_to(in_folder("csv:", "out"), &b.batch, &reject);
    expect_file("out/hosp/labs.csv", "id,text\n1,\n2,\"say \"\"hi\"\", all\"\n");
    expect_file("out/rejects/labs.csv",
                "source,record,line,byte_offset,column,code,message,raw\n"
                "labs.csv.gz,3,4,20,id,type,\"no, not an int32\",\"x,\"\"y\"\"\"\n");
    write_to(in_folder("csv:", "out"), &b.batch, NULL); /* a clean load leaves no stale rejects */
    expect_file("out/rejects/labs.csv", NULL);
    write_to(in_folder("", "one.csv"), &b.batch, &reject);
    expect_file("one.csv", "id,text\n1,\n2,\"say \"\"hi\"\", all\"\n");
    ck_assert_int_eq(access(in_folder("", "one.rejects.csv"), R_OK), 0);
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(csv__single_file_holds_one_table)
{
    setup();
    test_table t;
    test_batch b;
    mimic_sink *sink = NULL;
    make_two_columns(&t, &b);
    CK_OK(mimic_sink_open(ctx, in_folder("", "one.csv"), NULL, &sink, &err));
    CK_OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    mimic_sink_abort(sink); /* given up: the place is free again */
    CK_OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    CK_OK(mimic_sink_commit(sink, &err));
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_ERR_STATE);
    mimic_sink_abort(sink);
    CK_OK(mimic_sink_finish(sink, NULL, NULL, &err));
    mimic_sink_free(sink);
    expect_file("one.csv", "id,text\n");
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(csv__compressed_files)
{
    setup();
    test_table t;
    test_batch b;
    make_two_columns(&t, &b);
    static const char *const names[] = {"one.csv.gz", "one.csv.zst"};
    for (size_t i = 0; i < 2; i++) {
        char text[256] = "";
        size_t size = 0;
        mimic_source *source = NULL;
        write_to(in_folder("", names[i]), &b.batch, NULL);
        CK_OK(mimic_source_open(ctx, in_folder("", names[i]), NULL, &source, &err));
        CK_OK(mimic_source_read(source, text, sizeof text - 1, &size, &err));
        ck_assert_str_eq(text, "id,text\n1,\n2,\"say \"\"hi\"\", all\"\n");
        mimic_source_free(source);
    }
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    mimic_sink *sink = NULL;
    options.compression = MIMIC_SINK_COMPRESSION_NONE;
    ck_assert_int_eq(mimic_sink_open(ctx, in_folder("", "two.csv.gz"), &options, &sink, &err),
                     MIMIC_ERR_ARGUMENT);
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(csv__targets_in_the_way)
{
    setup();
    mimic_sink *sink = NULL;
    test_file_write(in_folder("", "file"), "x");
    ck_assert_int_eq(mimic_sink_open(ctx, in_folder("csv:", "file"), NULL, &sink, &err),
                     MIMIC_ERR_IO);
    ck_assert_int_eq(mkdir(in_folder("", "dir.csv"), 0700), 0);
    ck_assert_int_eq(mimic_sink_open(ctx, in_folder("", "dir.csv"), NULL, &sink, &err),
                     MIMIC_ERR_IO);
    expect_file("file", "x");
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(sink_csv, csv__canonical_bytes, csv__files_by_module_and_rejects,
                csv__single_file_holds_one_table, csv__compressed_files, csv__targets_in_the_way)
