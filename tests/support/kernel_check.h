/*
 * A CSV kernel against the scalar one and against the grammar, on random text. Needs no test library,
 * so that it also runs where there is none (tests/neon).
 */
#ifndef MIMIC_TEST_KERNEL_CHECK_H
#define MIMIC_TEST_KERNEL_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "csv/csv_grammar.h"
#include "csv/csv_scan.h"

#define KERNEL_CHECK_LONGEST ((size_t)20000)
#define KERNEL_CHECK_WIDEST ((size_t)200)

static uint64_t kernel_random_state = 88172645463325252u;

static size_t kernel_random(size_t limit)
{
    kernel_random_state ^= kernel_random_state << 13;
    kernel_random_state ^= kernel_random_state >> 7;
    kernel_random_state ^= kernel_random_state << 17;
    return (size_t)(kernel_random_state >> 16) % limit;
}

/* Input in memory of exactly the size that may be read, at any alignment. */
typedef struct kernel_input {
    char *memory;
    char *bytes;
    size_t size;
    uint32_t *wanted;
    uint32_t *got;
} kernel_input;

static kernel_input kernel_input_new(size_t size, size_t alignment)
{
    kernel_input input = {.size = size};
    const size_t marks = 2 * size + CSV_INDEX_SLACK(KERNEL_CHECK_WIDEST + 1);
    input.memory = malloc(alignment + size + CSV_SCAN_PADDING);
    input.wanted = malloc(marks * sizeof *input.wanted);
    input.got = malloc(marks * sizeof *input.got);
    if (input.memory == NULL || input.wanted == NULL || input.got == NULL)
        abort();
    input.bytes = input.memory + alignment;
    /* What follows is no part of the input, and must not matter but for the first byte. */
    for (size_t i = 0; i < alignment; i++)
        input.memory[i] = ",\n\"\r"[kernel_random(4)];
    for (size_t i = 0; i < CSV_SCAN_PADDING; i++)
        input.bytes[size + i] = ",\n\"\r\0\xff"[kernel_random(6)];
    return input;
}

static void kernel_input_free(kernel_input *input)
{
    free(input->memory);
    free(input->wanted);
    free(input->got);
}

static bool kernel_failed(const csv_kernel *kernel, const kernel_input *input, const char *what)
{
    printf("kernel %s, %zu bytes: %s\n%.*s\n", kernel->name, input->size, what, (int)input->size,
           input->bytes);
    fflush(stdout);
    return false;
}

static const csv_dialect kernel_dialect = {',', '"', 0, 0};

/* The whole records that the grammar sees before the first fault. */
static csv_split_scan kernel_split_by_grammar(const kernel_input *input)
{
    csv_split_scan scan = {0};
    while (scan.end < input->size && !scan.has_fault) {
        csv_parse record;
        const csv_parse_status status = mimic_csv__parse_record(
            &kernel_dialect, input->bytes + scan.end, input->size - scan.end, NULL, 0, &record);
        if (status == CSV_NEED_MORE)
            break;
        scan.has_fault = status == CSV_FAULT;
        if (scan.has_fault)
            break;
        scan.end += record.end;
        scan.records++;
    }
    scan.lines = mimic_csv__count_lines(input->bytes, scan.end);
    return scan;
}

/* True when the kernel says what the scalar one and the grammar say; *out_end = end of the records. */
static bool kernel_check_split(const csv_kernel *kernel, const kernel_input *input, size_t *out_end)
{
    csv_split_scan got;
    csv_split_scan scalar;
    const csv_split_scan wanted = kernel_split_by_grammar(input);
    kernel->split(input->bytes, input->size, ',', '"', &got);
    mimic_csv__kernel_scalar.split(input->bytes, input->size, ',', '"', &scalar);
    *out_end = wanted.end;
    if (got.end != wanted.end || got.records != wanted.records || got.lines != wanted.lines ||
        got.has_fault != wanted.has_fault)
        return kernel_failed(kernel, input, "split differs from the grammar");
    if (got.has_nul != scalar.has_nul || got.has_high != scalar.has_high)
        return kernel_failed(kernel, input, "split differs from the scalar kernel");
    if (!got.has_fault && got.has_nul != (memchr(input->bytes, 0, input->size) != NULL))
        return kernel_failed(kernel, input, "NUL bytes");
    return true;
}

/* The rows before the first record with another number of fields. */
static csv_index_scan kernel_index_by_grammar(const kernel_input *input, size_t size, uint32_t *marks,
                                              size_t stride, uint32_t base)
{
    csv_index_scan scan = {.stride = stride};
    while (scan.end < size && !scan.has_fault) {
        uint32_t *const row = marks + scan.row_count * stride;
        csv_parse record;
        if (mimic_csv__parse_record(&kernel_dialect, input->bytes + scan.end, size - scan.end,
                                    row + 1, stride - 1, &record) != CSV_RECORD)
            abort();
        scan.has_fault = record.field_count != stride - 1;
        if (scan.has_fault)
            break;
        row[0] = base + (uint32_t)scan.end - 1;
        for (size_t i = 1; i < stride; i++)
            row[i] += base + (uint32_t)scan.end;
        scan.end += record.end;
        scan.row_count++;
    }
    return scan;
}

static bool kernel_check_index(const csv_kernel *kernel, const kernel_input *input, size_t size,
                               size_t fields)
{
    const uint32_t base = kernel_random(2) == 0 ? 0 : (uint32_t)kernel_random(1000000);
    csv_index_scan got = {.marks = input->got, .stride = fields + 1, .base = base};
    csv_index_scan scalar = {.marks = input->wanted, .stride = fields + 1, .base = base};
    csv_index_scan counted = {.stride = fields + 1, .base = base};
    /* The scalar kernel first: the grammar then writes over its marks. */
    mimic_csv__kernel_scalar.index(input->bytes, size, ',', '"', &scalar);
    const csv_index_scan wanted =
        kernel_index_by_grammar(input, size, input->wanted, fields + 1, base);
    kernel->index(input->bytes, size, ',', '"', &got);
    kernel->count(input->bytes, size, ',', '"', &counted);
    if (got.has_fault != scalar.has_fault || got.row_count != scalar.row_count ||
        got.end != scalar.end)
        return kernel_failed(kernel, input, "index differs from the scalar kernel");
    if (counted.has_fault != got.has_fault || counted.row_count != got.row_count ||
        counted.end != got.end)
        return kernel_failed(kernel, input, "count differs from index");
    if (got.has_fault != wanted.has_fault || got.row_count > wanted.row_count ||
        (!got.has_fault && (got.row_count != wanted.row_count || got.end != size)))
        return kernel_failed(kernel, input, "index differs from the grammar");
    if (memcmp(input->got, input->wanted, got.row_count * (fields + 1) * sizeof *input->got) != 0)
        return kernel_failed(kernel, input, "marks differ from the grammar's");
    if (got.row_count > 0 && got.row_count < wanted.row_count &&
        got.end != (uint32_t)(input->wanted[got.row_count * (fields + 1)] + 1 - base))
        return kernel_failed(kernel, input, "index stops elsewhere than it says");
    return true;
}

/* Text of an alphabet that is nearly all structure; the later it begins, the more so. */
static void kernel_fill_noise(kernel_input *input)
{
    static const char alphabet[] = "\0\xc3\xa9" "aaaaaaaaaaaaaaaaaaaaaa,,,,\n\n\n\"\"\"\"\"\r\r";
    const size_t first = kernel_random(sizeof alphabet - 8);
    for (size_t i = 0; i < input->size; i++)
        input->bytes[i] = alphabet[first + kernel_random(sizeof alphabet - 1 - first)];
}

/* Rows of `fields` fields, some of them with one more or less. */
static void kernel_fill_rows(kernel_input *input, size_t fields, size_t faults)
{
    static const char *const cells[] = {"",     "1",      "abc",        "12.5",
                                        "\"\"", "\"a,b\"", "\"x\r\ny\"", "2150-01-01 10:00:00",
                                        "",     "\"\"\"\"", "\xc3\xa9",  "\"a\"\"b\""};
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    const size_t cell_choices = kernel_random(12) + 1;
    const size_t end_choice = kernel_random(4);
    size_t at = 0;
    size_t field = 0;
    while (at < input->size) {
        const char *const cell = cells[kernel_random(cell_choices)];
        const char *const line_end = ends[end_choice == 3 ? kernel_random(3) : end_choice];
        const bool is_odd = faults > 0 && kernel_random(fields * faults) == 0;
        const bool is_last = ++field >= fields || is_odd;
        const char *const parts[] = {cell, is_last && !(is_odd && field >= fields) ? line_end : ","};
        if (is_last)
            field = 0;
        for (size_t part = 0; part < 2; part++)
            for (size_t i = 0; parts[part][i] != '\0' && at < input->size; i++)
                input->bytes[at++] = parts[part][i];
    }
}

/* One random text through split, index and count. */
static bool kernel_check_text(const csv_kernel *kernel, size_t size, size_t alignment)
{
    kernel_input input = kernel_input_new(size, alignment);
    const size_t fields =
        kernel_random(3) == 0 ? kernel_random(KERNEL_CHECK_WIDEST) + 1 : kernel_random(8) + 1;
    if (kernel_random(3) == 0)
        kernel_fill_noise(&input);
    else
        kernel_fill_rows(&input, fields, kernel_random(3) * 20);
    size_t end = 0;
    bool is_right = kernel_check_split(kernel, &input, &end) &&
                    kernel_check_index(kernel, &input, end, fields);
    kernel_input_free(&input);
    return is_right;
}

/* Characters and pieces of them: sound ones first. */
static const char *const kernel_pieces[] = {
    "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
    "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
    "plain text of more than sixty-four bytes, so that a vector or two of it are ASCII alone",
    "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80",
    "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe"};
#define KERNEL_SOUND_PIECES ((size_t)10)
#define KERNEL_PIECES (sizeof kernel_pieces / sizeof kernel_pieces[0])

static bool kernel_check_text_of(const csv_kernel *kernel, const kernel_input *input)
{
    const bool wanted = mimic__utf8_check(input->bytes, input->size) == input->size;
    return kernel->is_utf8(input->bytes, input->size) == wanted ||
           kernel_failed(kernel, input, "UTF-8");
}

/* Each piece at each place of a long plain text. */
static bool kernel_check_utf8_places(const csv_kernel *kernel)
{
    kernel_input input = kernel_input_new(600, 3);
    bool is_right = true;
    for (size_t i = 0; i < KERNEL_PIECES && is_right; i++)
        for (size_t at = 0; at + strlen(kernel_pieces[i]) <= input.size && is_right; at++) {
            memset(input.bytes, 'x', input.size);
            memcpy(input.bytes + at, kernel_pieces[i], strlen(kernel_pieces[i]));
            is_right = kernel_check_text_of(kernel, &input);
        }
    kernel_input_free(&input);
    return is_right;
}

static bool kernel_check_utf8(const csv_kernel *kernel, size_t size, size_t alignment)
{
    kernel_input input = kernel_input_new(size, alignment);
    const size_t oddity = kernel_random(4) * 10;
    size_t at = 0;
    while (at < size) {
        const bool is_odd = oddity > 0 && kernel_random(oddity) == 0;
        const char *const piece =
            is_odd ? kernel_pieces[KERNEL_SOUND_PIECES +
                                   kernel_random(KERNEL_PIECES - KERNEL_SOUND_PIECES)]
                   : kernel_pieces[kernel_random(KERNEL_SOUND_PIECES)];
        for (size_t i = 0; piece[i] != '\0' && at < size; i++)
            input.bytes[at++] = piece[i];
    }
    if (size > 0 && kernel_random(8) == 0)
        input.bytes[kernel_random(size)] = (char)kernel_random(256);
    const bool is_right = kernel_check_text_of(kernel, &input);
    kernel_input_free(&input);
    return is_right;
}

/* Every length up to 200 at every alignment to 64, then long texts; `rounds` of each. */
static bool kernel_check_all(const csv_kernel *kernel, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        for (size_t size = 0; size <= 200; size++)
            for (size_t alignment = 0; alignment < 64; alignment += 1 + kernel_random(16))
                if (!kernel_check_text(kernel, size, alignment) ||
                    !kernel_check_utf8(kernel, size, alignment))
                    return false;
        for (int i = 0; i < 40; i++)
            if (!kernel_check_text(kernel, kernel_random(KERNEL_CHECK_LONGEST), kernel_random(64)) ||
                !kernel_check_utf8(kernel, kernel_random(KERNEL_CHECK_LONGEST), kernel_random(64)))
                return false;
    }
    return kernel_check_utf8_places(kernel);
}

#endif
