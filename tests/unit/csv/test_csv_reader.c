/*
 * The reader as a whole: what RFC 4180 allows, and what well-known readers take in silence and this
 * one must not. Every case is read whole and in pieces of one byte, with and without SIMD, in small
 * blocks and large ones, and must come out the same. In the inputs, `~` stands for a NUL byte.
 */
#include "check_main.h"
#include "read_csv.h"

#define ABC                                                                                        \
    "{\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"              \
    "{\"name\":\"b\",\"type\":\"string\"},{\"name\":\"c\",\"type\":\"number\"}]}"
#define ONE "{\"fields\":[{\"name\":\"x\",\"type\":\"string\"}]}"
#define TIME                                                                                       \
    "{\"fields\":[{\"name\":\"t\",\"type\":\"datetime\",\"format\":\"%Y-%m-%d %H:%M:%S\","            \
    "\"constraints\":{\"required\":true}}]}"

typedef struct reader_case {
    const char *name;
    const char *schema;
    const char *input;
    const char *wanted;
} reader_case;

static const reader_case cases[] = {
    {"plain", ABC, "a,b,c\n1,x,2.5\n-2,,\n", "1|<x>|2.5\n-2|NULL|NULL\n2 = 2 + 0 + 0\n"},
    {"no final line end", ABC, "a,b,c\n1,x,2", "1|<x>|2\n1 = 1 + 0 + 0\n"},
    {"crlf, lf and cr in one file", ABC, "a,b,c\r\n1,x,2\r\n2,y,3\n3,z,4\r4,w,5\r",
     "1|<x>|2\n2|<y>|3\n3|<z>|4\n4|<w>|5\n4 = 4 + 0 + 0\n"},
    {"byte order mark", ABC, "\xef\xbb\xbf" "a,b,c\n1,x,2\n", "1|<x>|2\n1 = 1 + 0 + 0\n"},
    {"byte order mark before a quote", ABC, "\xef\xbb\xbf\"a\",b,c\n1,x,2\n",
     "1|<x>|2\n1 = 1 + 0 + 0\n"},
    {"names in any case and order", ABC, "C,A,B\n2,1,x\n", "1|<x>|2\n1 = 1 + 0 + 0\n"},
    {"quoted empty is a text, unquoted is NULL", ABC, "a,b,c\n1,\"\",2\n1,,2\n",
     "1|<>|2\n1|NULL|2\n2 = 2 + 0 + 0\n"},
    {"quoted empty is no number", ABC, "a,b,c\n\"\",x,2\n",
     "reject type record 1 line 2 byte 6 column 'a' raw '\"\",x,2'\n1 = 0 + 1 + 0\n"},
    {"everything quoted", ABC, "\"a\",\"b\",\"c\"\n\"1\",\"x\"\"y\",\"2\"\n",
     "1|<x\"y>|2\n1 = 1 + 0 + 0\n"},
    {"delimiter and line ends inside quotes", ABC, "a,b,c\n1,\"x,\ny\r\nz\",2\n3,w,4\n",
     "1|<x,\ny\r\nz>|2\n3|<w>|4\n2 = 2 + 0 + 0\n"},
    {"line numbers count line ends inside quotes", ABC, "a,b,c\n1,\"x\ny\",2\nq,w,4\n",
     "reject type record 2 line 4 byte 16 column 'a' raw 'q,w,4'\n1|<x\ny>|2\n2 = 1 + 1 + 0\n"},
    {"blanks are kept in text and refused in numbers", ABC, "a,b,c\n1, x ,2\n 7 ,x,2\n",
     "reject type record 2 line 3 byte 14 column 'a' raw ' 7 ,x,2'\n1|< x >|2\n2 = 1 + 1 + 0\n"},
    {"2.5 is no integer", ABC, "a,b,c\n2.5,x,2\n",
     "reject type record 1 line 2 byte 6 column 'a' raw '2.5,x,2'\n1 = 0 + 1 + 0\n"},
    {"1_000 and nan are no numbers", ABC, "a,b,c\n1_000,x,2\n1,x,nan\n1,x,1_0\n",
     "reject type record 1 line 2 byte 6 column 'a' raw '1_000,x,2'\n"
     "reject type record 2 line 3 byte 16 column 'c' raw '1,x,nan'\n"
     "reject type record 3 line 4 byte 24 column 'c' raw '1,x,1_0'\n3 = 0 + 3 + 0\n"},
    {"too large for the type", ABC, "a,b,c\n3000000000,x,1e400\n",
     "reject range record 1 line 2 byte 6 column 'a' raw '3000000000,x,1e400'\n1 = 0 + 1 + 0\n"},
    {"stray quote", ABC, "a,b,c\n1,x\"y,2\n3,w,4\n",
     "reject stray_quote record 1 line 2 byte 6 column 'b' raw '1,x\"y,2'\n3|<w>|4\n"
     "2 = 1 + 1 + 0\n"},
    {"text after a closing quote", ABC, "a,b,c\n1,\"x\"y,2\n3,w,4\n",
     "reject after_quote record 1 line 2 byte 6 column 'b' raw '1,\"x\"y,2'\n3|<w>|4\n"
     "2 = 1 + 1 + 0\n"},
    {"a blank before a quote is a stray quote", ABC, "a,b,c\n1, \"x\",2\n",
     "reject stray_quote record 1 line 2 byte 6 column 'b' raw '1, \"x\",2'\n1 = 0 + 1 + 0\n"},
    {"a quote that never closes costs one line", ABC, "a,b,c\n1,\"x,2\n3,w,4\n5,v,6\n",
     "reject unclosed_quote record 1 line 2 byte 6 column 'b' raw '1,\"x,2'\n3|<w>|4\n5|<v>|6\n"
     "3 = 2 + 1 + 0\n"},
    {"a quote that closes on a later line's quote costs one line", ABC,
     "a,b,c\n1,\"x,2\n3,\"w\",4\n5,v,6\n",
     "reject after_quote record 1 line 2 byte 6 column 'b' raw '1,\"x,2'\n3|<w>|4\n5|<v>|6\n"
     "3 = 2 + 1 + 0\n"},
    {"wrong field counts", ABC, "a,b,c\n1,x\n1,x,2,3\n3,w,4\n",
     "reject field_count record 1 line 2 byte 6 column '' raw '1,x'\n"
     "reject field_count record 2 line 3 byte 10 column '' raw '1,x,2,3'\n3|<w>|4\n"
     "3 = 1 + 2 + 0\n"},
    {"empty lines", ABC, "a,b,c\n\n1,x,2\n\r\n3,w,4\n\n",
     "reject empty_line record 1 line 2 byte 6 column '' raw ''\n"
     "reject empty_line record 3 line 4 byte 13 column '' raw ''\n"
     "reject empty_line record 5 line 6 byte 21 column '' raw ''\n1|<x>|2\n3|<w>|4\n5 = 2 + 3 + 0\n"},
    {"an empty line of one column is a NULL", ONE, "x\n\na\n\"\"\n",
     "NULL\n<a>\n<>\n3 = 3 + 0 + 0\n"},
    {"NUL bytes", ABC, "a,b,c\n1,x~y,2\n3,w,4\n",
     "reject nul record 1 line 2 byte 6 column '' raw '1,x~y,2'\n3|<w>|4\n2 = 1 + 1 + 0\n"},
    {"not UTF-8", ABC, "a,b,c\n1,x\xffy,2\n3,\xc3\xa9,4\n5,\xed\xa0\x80,6\n",
     "reject utf8 record 1 line 2 byte 6 column '' raw '1,x\xffy,2'\n"
     "reject utf8 record 3 line 4 byte 21 column '' raw '5,\xed\xa0\x80,6'\n3|<\xc3\xa9>|4\n"
     "3 = 1 + 2 + 0\n"},
    {"dates are not guessed", TIME,
     "t\n2100-1-1 0:0:0\n2100-01-01\n2100-01-01T00:00:00\n2100-02-30 00:00:00\n"
     "2100-01-01 24:00:00\n2100-01-01 00:00:60\n2100-01-01 00:00:00.123456789\n"
     "2100-01-01 00:00:00Z\n2100-01-01 00:00:00.5\n2100-01-01 00:00:00.123456000\n",
     "reject type record 1 line 2 byte 2 column 't' raw '2100-1-1 0:0:0'\n"
     "reject type record 2 line 3 byte 17 column 't' raw '2100-01-01'\n"
     "reject type record 3 line 4 byte 28 column 't' raw '2100-01-01T00:00:00'\n"
     "reject range record 4 line 5 byte 48 column 't' raw '2100-02-30 00:00:00'\n"
     "reject range record 5 line 6 byte 68 column 't' raw '2100-01-01 24:00:00'\n"
     "reject range record 6 line 7 byte 88 column 't' raw '2100-01-01 00:00:60'\n"
     "reject precision record 7 line 8 byte 108 column 't' raw '2100-01-01 00:00:00.123456789'\n"
     "reject type record 8 line 9 byte 138 column 't' raw '2100-01-01 00:00:00Z'\n"
     "2100-01-01 00:00:00.5\n2100-01-01 00:00:00.123456\n10 = 2 + 8 + 0\n"},
    {"required", TIME, "t\n\n2100-01-01 00:00:00\n",
     "reject required record 1 line 2 byte 2 column 't' raw ''\n2100-01-01 00:00:00\n"
     "2 = 1 + 1 + 0\n"},
    {"None, NA and ___ are text", ONE, "x\nNone\nNA\nNULL\n___\n",
     "<None>\n<NA>\n<NULL>\n<___>\n4 = 4 + 0 + 0\n"},
    {"header only", ABC, "a,b,c\n", "0 = 0 + 0 + 0\n"},
    {"header without a line end", ABC, "a,b,c", "0 = 0 + 0 + 0\n"},
    {"missing nullable column", ABC, "a,c\n1,2\n", "1|NULL|2\n1 = 1 + 0 + 0\n"},
    {"unknown column", ABC, "a,b,z,c\n1,x,9,2\n", "1|<x>|2\n1 = 1 + 0 + 0\n"},
    {"columns without a name", ABC, "a,b,c,,\n1,x,2,,\n", "1|<x>|2\n1 = 1 + 0 + 0\n"},
    {"missing required column", TIME, "u\n1\n", "MIMIC_ERR_DRIFT line 1 column 't'\n"},
    {"column twice", ABC, "a,b,B,c\n1,x,y,2\n", "MIMIC_ERR_CSV_HEADER line 1 column ''\n"},
    {"empty file", ABC, "", "MIMIC_ERR_CSV_HEADER line -1 column ''\n"},
};

/* Replaces ~ by NUL in a copy. */
static size_t with_nul(const char *text, char *out)
{
    const size_t size = strlen(text);
    for (size_t i = 0; i <= size; i++)
        out[i] = text[i] == '~' ? '\0' : text[i];
    return size;
}

static void try_case(const mimic_context *ctx, const reader_case *one, size_t piece,
                     uint32_t block_bytes)
{
    char input[512];
    char wanted[2048];
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.block_bytes = block_bytes;
    const size_t size = with_nul(one->input, input);
    char *got = read_csv_in_pieces(ctx, one->schema, input, size, piece, &options);
    strcpy(wanted, one->wanted);
    /* printf stops at a NUL: so do the wanted raw texts. */
    char *nul = strchr(wanted, '~');
    if (nul != NULL) {
        char *quote = strchr(nul, '\'');
        memmove(nul, quote, strlen(quote) + 1);
    }
    if (block_bytes == 0 && strcmp(got, wanted) != 0)
        ck_abort_msg("%s (piece %zu)\nwanted:\n%s\ngot:\n%s", one->name, piece, wanted, got);
    free(got);
}

static void try_all(uint32_t cpu_mask)
{
    mimic_context *ctx = NULL;
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.cpu_mask = cpu_mask;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        try_case(ctx, &cases[i], 0, 0);
        try_case(ctx, &cases[i], 1, 0);
        try_case(ctx, &cases[i], 3, 0);
    }
    mimic_context_free(ctx);
}

START_TEST(csv_reader__cases_with_simd)
{
    try_all(0);
}
END_TEST

START_TEST(csv_reader__cases_with_avx2)
{
    try_all(MIMIC_CPU_AVX2);
}
END_TEST

START_TEST(csv_reader__cases_without_simd)
{
    try_all(MIMIC_CPU_NONE);
}
END_TEST

/* Sorted lines: with small blocks rejects and rows interleave otherwise, but none may differ. */
static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text, char **lines, size_t *count)
{
    *count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        lines[(*count)++] = line;
    qsort(lines, *count, sizeof *lines, compare_lines);
}

START_TEST(csv_reader__blocks_of_every_size)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (uint32_t block_bytes = 1; block_bytes < 40; block_bytes++) {
            char input[512];
            char *wanted_lines[64];
            char *got_lines[64];
            size_t wanted_count;
            size_t got_count;
            mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
            const size_t size = with_nul(cases[i].input, input);
            char *wanted = read_csv_in_pieces(ctx, cases[i].schema, input, size, 0, NULL);
            options.block_bytes = block_bytes;
            char *got = read_csv_in_pieces(ctx, cases[i].schema, input, size, 2, &options);
            sort_lines(wanted, wanted_lines, &wanted_count);
            sort_lines(got, got_lines, &got_count);
            ck_assert_uint_eq(got_count, wanted_count);
            for (size_t j = 0; j < got_count; j++)
                if (strcmp(got_lines[j], wanted_lines[j]) != 0)
                    ck_abort_msg("%s, block %u: \"%s\" instead of \"%s\"", cases[i].name,
                                 block_bytes, got_lines[j], wanted_lines[j]);
            free(wanted);
            free(got);
        }
    mimic_context_free(ctx);
}
END_TEST

static void expect(const char *schema, const char *input, const mimic_csv_options *options,
                   const char *wanted)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    char *got = read_csv_in_pieces(ctx, schema, input, strlen(input), 0, options);
    ck_assert_str_eq(got, wanted);
    free(got);
    mimic_context_free(ctx);
}

START_TEST(csv_reader__projection)
{
    static const char *const columns[] = {"c", "A"};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = 2;
    expect(ABC, "a,b,c\n1,x,2\n3,y,bad\n", &options,
           "reject type record 2 line 3 byte 12 column 'c' raw '3,y,bad'\n2|1\n2 = 1 + 1 + 0\n");
}
END_TEST

START_TEST(csv_reader__filter)
{
    static const int64_t values[] = {7, 3};
    static const mimic_csv_filter filter = {"a", values, 2};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.filters = &filter;
    options.filter_count = 1;
    expect(ABC, "a,b,c\n3,x,2\n4,y,bad\n,z,1\n\"7\",w,9\nq,v,1\n1,2\n3,u,bad\n", &options,
           "reject type record 5 line 6 byte 33 column 'a' raw 'q,v,1'\n"
           "reject field_count record 6 line 7 byte 39 column '' raw '1,2'\n"
           "reject type record 7 line 8 byte 43 column 'c' raw '3,u,bad'\n"
           "3|<x>|2\n7|<w>|9\n7 = 2 + 3 + 2\n");
}
END_TEST

START_TEST(csv_reader__limit)
{
    static const int64_t values[] = {3};
    static const mimic_csv_filter filter = {"a", values, 1};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.limit = 2;
    expect(ABC, "a,b,c\n1,x,2\nq,y,3\n2,z,4\nbad\n5,v,6\n", &options,
           "reject type record 2 line 3 byte 12 column 'a' raw 'q,y,3'\n1|<x>|2\n2|<z>|4\n"
           "3 = 2 + 1 + 0\n");
    options.filters = &filter;
    options.filter_count = 1;
    expect(ABC, "a,b,c\n1,x,2\n3,y,3\nz\nq,p,4\n3,z,4\n3,v,6\nq,p,4\n", &options,
           "reject field_count record 3 line 4 byte 18 column '' raw 'z'\n"
           "reject type record 4 line 5 byte 20 column 'a' raw 'q,p,4'\n"
           "3|<y>|3\n3|<z>|4\n5 = 2 + 2 + 1\n");
}
END_TEST

START_TEST(csv_reader__policies)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.on_error = MIMIC_ON_ERROR_NULL;
    expect(ABC, "a,b,c\nq,x,bad\n", &options, "NULL|<x>|NULL\n1 = 1 + 0 + 0\n");
    options.on_error = MIMIC_ON_ERROR_FAIL;
    expect(ABC, "a,b,c\n1,x,2\n2,x,bad\n", &options,
           "MIMIC_ERR_VALUE line 3 column 'c'\n0 = 0 + 0 + 0\n");
}
END_TEST

START_TEST(csv_reader__dialects)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.delimiter = '\t';
    options.quote = '\'';
    options.comment = '#';
    expect(ABC, "a\tb\tc\n# a comment, 'and more\n1\t'x\ty'\t2\n#\n2\t#\t3\n", &options,
           "1|<x\ty>|2\n2|<#>|3\n2 = 2 + 0 + 0\n");
    options = (mimic_csv_options)MIMIC_CSV_OPTIONS_INIT;
    options.escape = '\\';
    expect(ABC, "a,b,c\n1,\"x\\\"y\\\\\",2\n1,x\\y,2\n", &options,
           "1|<x\"y\\>|2\n1|<x\\y>|2\n2 = 2 + 0 + 0\n");
    options = (mimic_csv_options)MIMIC_CSV_OPTIONS_INIT;
    options.no_quoting = 1;
    expect(ABC, "a,b,c\n1,\"x,2\n", &options, "1|<\"x>|2\n1 = 1 + 0 + 0\n");
    options = (mimic_csv_options)MIMIC_CSV_OPTIONS_INIT;
    options.no_header = 1;
    expect(ABC, "1,x,2\n", &options, "1|<x>|2\n1 = 1 + 0 + 0\n");
}
END_TEST

START_TEST(csv_reader__oversize_records)
{
    static char input[4096];
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.max_record_bytes = 64;
    options.block_bytes = 32;
    options.max_raw_bytes = 8;
    strcpy(input, "a,b,c\n1,\"");
    memset(input + strlen(input), 'x', 100);
    strcat(input, "\",2\n3,w,4\n5,\"y\n");
    memset(input + strlen(input), 'z', 90);
    strcat(input, "\n7,u,8\n");
    expect(ABC, input, &options,
           "reject oversize record 1 line 2 byte 6 column 'b' raw '1,\"xxxxx'…\n"
           "3|<w>|4\n"
           "reject oversize record 3 line 4 byte 119 column 'b' raw '5,\"y'\n"
           "reject oversize record 4 line 5 byte 124 column 'a' raw 'zzzzzzzz'…\n"
           "7|<u>|8\n5 = 2 + 3 + 0\n");
}
END_TEST

START_TEST(csv_reader__comments_before_the_header_are_lines)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.comment = '#';
    expect(ABC, "# one\n# two\na,b,c\n#\nq,x,2\n", &options,
           "reject type record 1 line 5 byte 20 column 'a' raw 'q,x,2'\n1 = 0 + 1 + 0\n");
}
END_TEST

/* A fault must not cost a look at the rest of the window: the test would run into its time limit. */
START_TEST(csv_reader__a_fault_on_every_line_of_any_dialect)
{
    static const char escapes[] = {0, '\\'};
    const size_t count = 170000;
    char *const input = malloc(6 + count * 3);
    ck_assert_ptr_nonnull(input);
    memcpy(input, "a,b,c\n", 6);
    for (size_t i = 0; i < count; i++)
        memcpy(input + 6 + i * 3, "a\"\n", 3);
    for (size_t i = 0; i < sizeof escapes; i++) {
        mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
        mimic_context *ctx = NULL;
        options.escape = escapes[i];
        ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
        mimic_registry *registry = NULL;
        mimic_source *source = NULL;
        mimic_csv_reader *reader = NULL;
        const mimic_batch *batch = NULL;
        const mimic_table *table = NULL;
        static const char package[] = "{\"name\":\"p\",\"version\":\"1\",\"resources\":[{\"name\":"
                                      "\"t\",\"path\":\"t.csv\",\"schema\":" ABC "}]}";
        ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
        ck_assert_int_eq(
            mimic_registry_add_json(registry, package, strlen(package), "p", NULL, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_registry_find_table(registry, "p@1/t", &table, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_source_from_memory(ctx, input, 6 + count * 3, "faults", NULL,
                                                  &source, NULL),
                         MIMIC_OK);
        ck_assert_int_eq(mimic_csv_reader_open(ctx, source, table, &options, &reader, NULL),
                         MIMIC_OK);
        mimic_status status;
        while ((status = mimic_csv_reader_next(reader, &batch, NULL)) == MIMIC_OK)
            ck_assert_int_eq(batch->row_count, 0);
        ck_assert_int_eq(status, MIMIC_END);
        mimic_csv_counts counts = {.struct_size = sizeof counts};
        mimic_csv_reader_counts(reader, &counts);
        ck_assert_int_eq(counts.rejected, (int64_t)count);
        mimic_csv_reader_free(reader);
        mimic_source_free(source);
        mimic_registry_free(registry);
        mimic_context_free(ctx);
    }
    free(input);
}
END_TEST

START_TEST(csv_reader__filter_follows_the_policy)
{
    static const int64_t values[] = {3};
    static const mimic_csv_filter filter = {"a", values, 1};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.filters = &filter;
    options.filter_count = 1;
    options.on_error = MIMIC_ON_ERROR_NULL; /* NULL is never kept */
    expect(ABC, "a,b,c\n3,x,2\nq,v,1\n", &options, "3|<x>|2\n2 = 1 + 0 + 1\n");
    options.on_error = MIMIC_ON_ERROR_DEFAULT;
    expect("{\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\","
           "\"onError\":\"fail\"}}]}",
           "a\n3\nq\n", &options, "MIMIC_ERR_VALUE line 3 column 'a'\n0 = 0 + 0 + 0\n");
}
END_TEST

START_TEST(csv_reader__raw_of_a_line_that_was_not_held_is_cut)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.max_record_bytes = 8;
    expect(ABC, "a,b,c\n1,xxxxxxxxxxxx,3\n", &options,
           "reject oversize record 1 line 2 byte 6 column 'b' raw '1,xxxxxx'…\n1 = 0 + 1 + 0\n");
}
END_TEST

/* Two columns share the bytes of dictionaries: neither may have what one alone may. */
START_TEST(csv_reader__dictionaries_are_bounded_together)
{
    enum { TEXT = 1000, ROWS = 5000 };
    static const char *const schemas[] = {
        "{\"fields\":[{\"name\":\"a\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}}]}",
        "{\"fields\":[{\"name\":\"a\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}},"
        "{\"name\":\"b\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}}]}"};
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    char *const input = malloc(ROWS * (TEXT + 20));
    ck_assert_ptr_nonnull(input);
    for (size_t columns = 1; columns <= 2; columns++) {
        size_t size = (size_t)sprintf(input, "%s\n", columns == 1 ? "a" : "a,b");
        for (int row = 0; row < ROWS; row++)
            size += (size_t)sprintf(input + size, "%s%0*d\n", columns == 1 ? "" : ",", TEXT, row);
        char *const got = read_csv_in_pieces(ctx, schemas[columns - 1], input, size, 0, NULL);
        ck_assert_int_eq(strstr(got, "MIMIC_ERR_LIMIT") != NULL, columns == 2);
        free(got);
    }
    free(input);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(csv_reader, csv_reader__cases_with_simd, csv_reader__cases_with_avx2, csv_reader__cases_without_simd,
                csv_reader__blocks_of_every_size, csv_reader__projection, csv_reader__filter,
                csv_reader__limit, csv_reader__policies, csv_reader__dialects,
                csv_reader__oversize_records,
                csv_reader__comments_before_the_header_are_lines,
                csv_reader__a_fault_on_every_line_of_any_dialect,
                csv_reader__filter_follows_the_policy,
                csv_reader__raw_of_a_line_that_was_not_held_is_cut,
                csv_reader__dictionaries_are_bounded_together)
