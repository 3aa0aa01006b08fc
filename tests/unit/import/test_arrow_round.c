/*
 * There and back: CSV under random schemas, its reader exported as a stream, the stream read under the
 * same schema and under its own, gives what the CSV reader gives.
 */
#include <inttypes.h>

#include "arrow_case.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

/* What stands behind the name of a field. */
static const char *const kinds[] = {
    "\"type\":\"boolean\"",
    "\"type\":\"boolean\",\"trueValues\":[\"Y\"],\"falseValues\":[\"N\"]",
    "\"type\":\"integer\",\"mimic\":{\"type\":\"int16\"}",
    "\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},\"missingValues\":[\"\",\"-1\"]",
    "\"type\":\"integer\",\"mimic\":{\"type\":\"int64\"},\"groupChar\":\",\"",
    "\"type\":\"year\",\"mimic\":{\"type\":\"int16\"}",
    "\"type\":\"number\",\"mimic\":{\"type\":\"float32\"},\"decimalChar\":\";\"",
    "\"type\":\"number\",\"mimic\":{\"type\":\"float64\"}",
    "\"type\":\"number\",\"mimic\":{\"type\":\"decimal(12,3)\"}",
    "\"type\":\"date\",\"format\":\"%d/%m/%Y\",\"constraints\":{\"minimum\":\"01/01/1900\"}",
    "\"type\":\"time\"",
    "\"type\":\"datetime\",\"format\":\"%Y-%m-%d %H:%M:%S\"",
    "\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamptz\"}",
    "\"type\":\"string\",\"missingValues\":[\"none\"]",
    "\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}",
    "\"type\":\"string\",\"mimic\":{\"type\":\"binary\"},\"format\":\"binary\"",
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static void put_cell(read_text *out, size_t kind)
{
    static const char *const words[] = {"\"\"", "none", "a", "\"say \"\"hi\"\"\"", "\"two\nlines\"",
                                        "gr\xc3\xbc\xc3\x9f", "\"x,y\"", "0"};
    const int64_t number = (int64_t)draw(65536) - 32768;
    switch (draw(6) == 0 ? KINDS : kind) {
    case 0:
        read_put(out, "%s", draw(2) ? "true" : "0");
        break;
    case 1:
        read_put(out, "%s", draw(2) ? "Y" : "N");
        break;
    case 2:
    case 3:
        read_put(out, "%" PRId64, draw(3) == 0 ? -1 : number);
        break;
    case 4:
        read_put(out, "\"%" PRId64 ",%03d\"", number, (int)draw(1000));
        break;
    case 5:
        read_put(out, "%d", 1000 + (int)draw(9000));
        break;
    case 6:
        read_put(out, "%d;%d", (int)number, (int)draw(1000));
        break;
    case 7:
        read_put(out, "%d.%de%d", (int)number, (int)draw(1000000), (int)draw(300) - 150);
        break;
    case 8:
        read_put(out, "%d.%d", (int)number, (int)draw(1000));
        break;
    case 9:
        read_put(out, "%02d/%02d/%d", 1 + (int)draw(28), 1 + (int)draw(12), 1900 + (int)draw(400));
        break;
    case 10:
        read_put(out, "%02d:%02d:%02d.%d", (int)draw(24), (int)draw(60), (int)draw(60),
                 (int)draw(1000000));
        break;
    case 11:
        read_put(out, "%04d-%02d-%02d 10:%02d:00", 1 + (int)draw(9999), 1 + (int)draw(12),
                 1 + (int)draw(28), (int)draw(60));
        break;
    case 12:
        read_put(out, "%04d-%02d-%02dT10:%02d:00+01:00", 2 + (int)draw(9000), 1 + (int)draw(12),
                 1 + (int)draw(28), (int)draw(60));
        break;
    case 13:
    case 14:
        read_put(out, "%s", words[draw(8)]);
        break;
    case 15:
        read_put(out, "%s", (const char *const[]){"AAEC", "/w==", "\"\"", "aGVsbG8="}[draw(4)]);
        break;
    default:
        break; /* NULL, or as close as the kind has it */
    }
}

/* Fields c0, c1, … of random kinds. */
static size_t make_schema(char *out, size_t capacity, size_t *chosen)
{
    const size_t count = 2 + draw(8);
    size_t used = (size_t)snprintf(out, capacity, "{\"fields\":[");
    for (size_t i = 0; i < count; i++) {
        chosen[i] = draw(KINDS);
        used += (size_t)snprintf(out + used, capacity - used, "%s{\"name\":\"c%zu\",%s}",
                                 i == 0 ? "" : ",", i, kinds[chosen[i]]);
    }
    snprintf(out + used, capacity - used, "]}");
    return count;
}

static void make_csv(read_text *csv, const size_t *chosen, size_t count, size_t rows)
{
    for (size_t i = 0; i < count; i++)
        read_put(csv, "%sc%zu", i == 0 ? "" : ",", i);
    read_put(csv, "\n");
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < count; i++) {
            put_cell(csv, chosen[i]);
            read_put(csv, i + 1 < count ? "," : "\n");
        }
}

/* The lines of a description that are rows; rejects and counts are left out. */
static char *rows_only(const char *text)
{
    char *out = malloc(strlen(text) + 1);
    size_t used = 0;
    while (*text != '\0') {
        const char *end = strchr(text, '\n') + 1;
        if (strncmp(text, "reject ", 7) != 0 && *end != '\0') {
            memcpy(out + used, text, (size_t)(end - text));
            used += (size_t)(end - text);
        }
        text = end;
    }
    out[used] = '\0';
    return out;
}

static char *read_back(const char *csv, const char *schema, const mimic_table *table)
{
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    struct ArrowArrayStream stream;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.block_bytes = 700;
    ck_assert_int_eq(
        mimic_source_from_memory(ctx, csv, strlen(csv), "c.csv", NULL, &source, NULL), MIMIC_OK);
    ck_assert_int_eq(
        mimic_csv_reader_open(ctx, source, read_schema(schema), &options, &reader, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_csv_reader_export(&reader, &stream, NULL), MIMIC_OK);
    char *text = read_arrow_table(ctx, &stream, table, NULL);
    mimic_source_free(source);
    return text;
}

START_TEST(arrow_round__random_schemas)
{
    size_t seen = 0;
    set_up();
    for (int round = 0; round < 150; round++) {
        char schema[4096];
        size_t chosen[16];
        read_text csv = {NULL, 0, 0};
        const size_t count = make_schema(schema, sizeof schema, chosen);
        make_csv(&csv, chosen, count, draw(200));
        char *there = read_csv_in_pieces(ctx, schema, csv.data, csv.size, 0, NULL);
        char *wanted = rows_only(there);
        for (int own = 0; own < 2; own++) {
            char *back = read_back(csv.data, schema, own == 0 ? read_schema(schema) : NULL);
            char *rows = rows_only(back);
            ck_assert_msg(strstr(back, "reject ") == NULL, "%s\n%s", schema, back);
            ck_assert_msg(strcmp(rows, wanted) == 0, "%s\n%s\n%s\n%s", schema, csv.data, wanted,
                          rows);
            free(rows);
            free(back);
        }
        seen += strlen(wanted);
        free(wanted);
        free(there);
        free(csv.data);
    }
    ck_assert_uint_gt(seen, 300000);
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(arrow_round, arrow_round__random_schemas)
