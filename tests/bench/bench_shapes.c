/*
 * Adverse shapes for the benchmark: CSV files of a wanted size that are nothing like a MIMIC table,
 * and the Data Package that describes them. A shape is a pattern of letters, one a column, repeated
 * as often as it has columns; the same arguments give the same bytes.
 *
 *     bench_shapes FOLDER MEGABYTES
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLUSH_AT 1000000 /* a row begins below this and ends below the buffer's end */
#define BUFFER 2000000

typedef struct shape {
    const char *name;
    const char *title;
    const char *pattern; /* letters of the table of kinds */
    int columns;
    bool all_quoted;
    bool crlf;
    bool faulty; /* now and then a row that must be rejected */
} shape;

static const shape shapes[] = {
    {"comments", "Long quoted comments with line ends and doubled quotes", "istc", 4, false, false,
     false},
    {"short", "Forty fields of at most three characters", "nafnaee", 40, false, false, false},
    {"wide", "A thousand columns", "ndweandt", 1000, false, false, false},
    {"one", "One column", "i", 1, false, false, false},
    {"quoted", "Every value quoted", "isstdwaf", 12, true, false, false},
    {"crlf", "Lines that end in CR LF", "isstdwaf", 8, false, true, false},
    {"faulty", "Broken quoting, wrong widths, values that do not fit", "isstdwac", 8, false, false,
     true},
};

static const struct kind {
    char letter;
    const char *type;
    const char *rest; /* of the field in the package */
} kinds[] = {
    {'i', "integer", "\"constraints\": {\"required\": true}, \"mimic\": {\"type\": \"int64\"}"},
    {'s', "integer", "\"mimic\": {\"type\": \"int32\"}"},
    {'n', "integer", "\"mimic\": {\"type\": \"int16\"}"},
    {'f', "integer", "\"mimic\": {\"type\": \"int16\"}"},
    {'d', "number", "\"mimic\": {\"type\": \"float64\"}"},
    {'t', "datetime", "\"format\": \"%Y-%m-%d %H:%M:%S\", \"mimic\": {\"type\": \"timestamp\"}"},
    {'w', "string", "\"mimic\": {\"type\": \"categorical\"}"},
    {'a', "string", "\"mimic\": {\"type\": \"string\"}"},
    {'e', "string", "\"mimic\": {\"type\": \"string\"}"},
    {'c', "string", "\"mimic\": {\"type\": \"string\"}"},
};

typedef struct writer {
    FILE *file;
    char *bytes;
    size_t size;
    uint64_t random;
    int64_t row;
} writer;

static uint32_t below(writer *out, uint32_t limit)
{
    out->random ^= out->random << 13;
    out->random ^= out->random >> 7;
    out->random ^= out->random << 17;
    return (uint32_t)((out->random >> 32) * limit >> 32);
}

static void put(writer *out, const char *text)
{
    const size_t size = strlen(text);
    memcpy(out->bytes + out->size, text, size);
    out->size += size;
}

static void put_number(writer *out, uint64_t value, int width)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || count < width);
    while (count > 0)
        out->bytes[out->size++] = digits[--count];
}

/* A few hundred bytes of prose; one in fifty has some ten thousand. */
static void put_comment(writer *out)
{
    static const char *const words[] = {
        "patient", "stable", "overnight,", "denies", "pain.", "Plan:", "continue", "to", "monitor",
        "\"\"NPO\"\"", "\n", "___", "after", "midnight", "\xc2\xb0" "C,", "\n- ", "and", "the", "per", "team"};
    const uint32_t count = below(out, 50) == 0 ? 1000 + below(out, 1000) : 20 + below(out, 120);
    for (uint32_t i = 0; i < count; i++) {
        put(out, words[below(out, 20)]);
        put(out, " ");
    }
}

static void put_time(writer *out)
{
    const uint64_t minute = (uint64_t)out->row / 20;
    put_number(out, 2110 + minute / 1440 / 336 % 80, 4);
    put(out, "-");
    put_number(out, 1 + minute / 1440 / 28 % 12, 2);
    put(out, "-");
    put_number(out, 1 + minute / 1440 % 28, 2);
    put(out, " ");
    put_number(out, minute / 60 % 24, 2);
    put(out, ":");
    put_number(out, minute % 60, 2);
    put(out, ":00");
}

static void put_value(writer *out, char letter)
{
    static const char *const words[] = {"mmHg", "bpm", "insp/min", "STAT", "ROUTINE", "abnormal"};
    switch (letter) {
    case 'i':
        put_number(out, (uint64_t)out->row + 10000000, 1);
        break;
    case 's':
        put_number(out, 30000000 + (uint64_t)out->row / 200 * 7919 % 10000000, 8);
        break;
    case 'n':
        put_number(out, below(out, 1000), 1);
        break;
    case 'f':
        put_number(out, below(out, 2), 1);
        break;
    case 'd':
        put_number(out, below(out, 300), 1);
        put(out, ".");
        put_number(out, below(out, 100), 1 + (int)below(out, 2));
        break;
    case 't':
        put_time(out);
        break;
    case 'w':
        put(out, words[below(out, 6)]);
        break;
    case 'a':
        for (uint32_t left = 1 + below(out, 3); left > 0; left--)
            out->bytes[out->size++] = (char)('a' + below(out, 26));
        break;
    case 'e':
        break;
    default:
        put_comment(out);
    }
}

static bool is_quoted(const shape *what, char letter)
{
    return letter == 'c' || what->all_quoted;
}

/* A fault of each kind; each costs one row or, where a quote runs away, one line. */
static void put_fault(writer *out)
{
    static const char *const faults[] = {"x\"y,", "\"runs away,", "\"text\"after,", "1,2,3",
                                         "\xff\xfe,", "not a number,1,1,", "a\nb,\"", "99999999999999999999,"};
    put(out, faults[below(out, 8)]);
}

static void put_row(writer *out, const shape *what)
{
    const size_t letters = strlen(what->pattern);
    for (int column = 0; column < what->columns; column++) {
        const char letter = what->pattern[(size_t)column % letters];
        if (column > 0)
            put(out, ",");
        if (what->faulty && below(out, 4000) == 0)
            put_fault(out);
        if (letter == 'e' || (letter != 'i' && below(out, 8) == 0))
            continue; /* NULL */
        if (is_quoted(what, letter))
            put(out, "\"");
        put_value(out, letter);
        if (is_quoted(what, letter))
            put(out, "\"");
    }
    put(out, what->crlf ? "\r\n" : "\n");
    out->row++;
}

static bool write_shape(const char *folder, const shape *what, uint64_t bytes)
{
    static char buffer[BUFFER];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.csv", folder, what->name);
    writer out = {.file = fopen(path, "wb"), .bytes = buffer, .random = 88172645463325252u};
    if (out.file == NULL)
        return false;
    for (int column = 0; column < what->columns; column++) {
        put(&out, column > 0 ? ",c" : "c");
        put_number(&out, (uint64_t)column, 1);
    }
    put(&out, what->crlf ? "\r\n" : "\n");
    bool is_written = true;
    for (uint64_t done = 0; done + out.size < bytes;) {
        put_row(&out, what);
        if (out.size < FLUSH_AT && done + out.size < bytes)
            continue;
        is_written = is_written && fwrite(buffer, 1, out.size, out.file) == out.size;
        done += out.size;
        out.size = 0;
    }
    return fclose(out.file) == 0 && is_written;
}

static void write_resource(FILE *file, const shape *what)
{
    fprintf(file, "    {\"name\": \"%s\", \"title\": \"%s\", \"path\": \"%s.csv\", \"schema\": {\"fields\": [\n",
            what->name, what->title, what->name);
    for (int column = 0; column < what->columns; column++) {
        size_t kind = 0;
        while (kinds[kind].letter != what->pattern[(size_t)column % strlen(what->pattern)])
            kind++;
        fprintf(file, "      {\"name\": \"c%d\", \"type\": \"%s\", %s}%s\n", column,
                kinds[kind].type, kinds[kind].rest, column + 1 < what->columns ? "," : "");
    }
    fprintf(file, "    ]}}");
}

static bool write_package(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/datapackage.json", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    fprintf(file, "{\n  \"name\": \"shapes\",\n  \"version\": \"1.0\",\n  \"resources\": [\n");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (i > 0)
            fprintf(file, ",\n");
        write_resource(file, &shapes[i]);
    }
    fprintf(file, "\n  ]\n}\n");
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 3 || atoi(argv[2]) < 1) {
        fprintf(stderr, "usage: bench_shapes FOLDER MEGABYTES\n");
        return 2;
    }
    bool is_written = write_package(argv[1]);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        is_written = write_shape(argv[1], &shapes[i], (uint64_t)atoi(argv[2]) * 1000000) && is_written;
    if (!is_written)
        perror(argv[1]);
    return is_written ? 0 : 1;
}
