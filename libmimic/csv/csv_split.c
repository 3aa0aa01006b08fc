/*
 * See csv_split.h. A block is cut in a window of block_bytes. Where the window holds no whole record
 * the record is followed to its end by the grammar, up to max_record_bytes, and makes a block of its
 * own, so that memory is bounded by the options alone.
 *
 * The rule for broken quoting: the first physical line of the record is rejected, and reading resumes
 * after its line end. An overlong line is thrown away piece by piece.
 */
#include "csv/csv_split.h"

#include <string.h>

#include "base/error.h"

/* What is kept of a record is larger than a short record: its number is bounded, too. */
#define MAX_BLOCK_RECORDS ((size_t)64 * 1024)
#define MIN_BLOCK_RECORDS ((size_t)64)

struct csv_splitter {
    const mimic_context *ctx;
    mimic_source *source;
    csv_splitter_options options;
    csv_block_memory *memory; /* of the block at hand; NULL before the first */
    size_t begin;             /* in memory->data: what lies before was handed out */
    size_t end;               /* what lies behind is not filled yet */
    int64_t begin_offset; /* of `begin` in the decompressed stream */
    int64_t bytes_read;
    bool source_ended; /* the bytes end with a line end that was in the input, or was added */
    /* What was read of a long record that turned out to be none: it comes before what the source
     * has, and goes into the memory of the blocks after it piece by piece. */
    char *carried;
    size_t carried_begin;
    size_t carried_end;
    bool carried_is_last; /* the source has no more */
    bool is_discarding; /* in the middle of an overlong line that was rejected */
    size_t max_records; /* of a block */
    /* At most block_bytes, and at most twice of what made the last block, so that blocks that are cut
     * short for their number of records do not look at the same bytes over and over. */
    size_t window;
    mimic_status status;
    size_t region_count; /* in memory->regions */
};

mimic_status mimic_csv__splitter_new(const mimic_context *ctx, mimic_source *source,
                                     const csv_splitter_options *options,
                                     csv_splitter **out_splitter, mimic_error *err)
{
    csv_splitter *splitter = mimic__alloc_zeroed(ctx, 1, sizeof *splitter);
    if (splitter == NULL)
        return mimic__fail_memory(err);
    splitter->ctx = ctx;
    splitter->source = source;
    splitter->options = *options;
    splitter->max_records = MAX_BLOCK_RECORDS;
    splitter->window = options->block_bytes;
    splitter->status = MIMIC_OK;
    *out_splitter = splitter;
    return MIMIC_OK;
}

void mimic_csv__splitter_limit_records(csv_splitter *splitter, size_t max_records)
{
    splitter->max_records = max_records < MIN_BLOCK_RECORDS   ? MIN_BLOCK_RECORDS
                            : max_records > MAX_BLOCK_RECORDS ? MAX_BLOCK_RECORDS
                                                              : max_records;
}

void mimic_csv__splitter_free(csv_splitter *splitter)
{
    if (splitter == NULL)
        return;
    mimic__free(splitter->ctx, splitter->carried);
    mimic__free(splitter->ctx, splitter);
}

void mimic_csv__block_memory_free(const mimic_context *ctx, csv_block_memory *memory)
{
    mimic__free(ctx, memory->data);
    mimic__free(ctx, memory->regions);
    *memory = (csv_block_memory){0};
}

bool mimic_csv__splitter_holds(const csv_splitter *splitter, const csv_block_memory *memory)
{
    return splitter->memory == memory;
}

int64_t mimic_csv__splitter_position(const csv_splitter *splitter)
{
    return splitter->bytes_read;
}

/* `size` bytes in memory->data; the first `kept` stay. */
static mimic_status grow_memory(const csv_splitter *splitter, csv_block_memory *memory, size_t kept,
                                size_t size, mimic_error *err)
{
    char *data = mimic__alloc(splitter->ctx, size + CSV_SCAN_PADDING);
    if (data == NULL)
        return mimic__fail_memory(err);
    if (kept > 0)
        memcpy(data, memory->data + splitter->begin, kept);
    mimic__free(splitter->ctx, memory->data);
    memory->data = data;
    memory->capacity = size;
    return MIMIC_OK;
}

/* Room for `wanted` bytes from `begin` on, and one for a line end that the last record may lack. */
static mimic_status make_room(csv_splitter *splitter, size_t wanted, mimic_error *err)
{
    csv_block_memory *const memory = splitter->memory;
    const size_t held = splitter->end - splitter->begin;
    if (memory->data != NULL && memory->capacity - splitter->begin >= wanted + 1)
        return MIMIC_OK;
    if (memory->data != NULL && memory->capacity >= wanted + 1)
        memmove(memory->data, memory->data + splitter->begin, held);
    else /* room for two windows, so that what is left of one moves seldom */
        MIMIC_TRY(grow_memory(splitter, memory, held, wanted + splitter->options.block_bytes + 1,
                              err));
    splitter->begin = 0;
    splitter->end = held;
    return MIMIC_OK;
}

/* Puts aside what was read and is not handed out yet. */
static mimic_status carry(csv_splitter *splitter, mimic_error *err)
{
    const size_t held = splitter->end - splitter->begin;
    const size_t before = splitter->carried_end - splitter->carried_begin;
    char *carried = mimic__alloc(splitter->ctx, held + before);
    if (carried == NULL)
        return mimic__fail_memory(err);
    memcpy(carried, splitter->memory->data + splitter->begin, held);
    if (before > 0)
        memcpy(carried + held, splitter->carried + splitter->carried_begin, before);
    else
        splitter->carried_is_last = splitter->source_ended;
    mimic__free(splitter->ctx, splitter->carried);
    splitter->carried = carried;
    splitter->carried_begin = 0;
    splitter->carried_end = held + before;
    splitter->source_ended = false;
    splitter->end = splitter->begin;
    return MIMIC_OK;
}

/* Fills `room` bytes at most from what was put aside. */
static void take_carried(csv_splitter *splitter, size_t room)
{
    const size_t left = splitter->carried_end - splitter->carried_begin;
    const size_t size = left < room ? left : room;
    memcpy(splitter->memory->data + splitter->end, splitter->carried + splitter->carried_begin,
           size);
    splitter->end += size;
    splitter->carried_begin += size;
    if (size < left)
        return;
    mimic__free(splitter->ctx, splitter->carried);
    splitter->carried = NULL;
    splitter->carried_begin = splitter->carried_end = 0;
    splitter->source_ended = splitter->carried_is_last;
}

/* Goes on in other memory: takes along what was read and is not handed out yet. */
static mimic_status use_memory(csv_splitter *splitter, csv_block_memory *memory, mimic_error *err)
{
    const csv_block_memory *const before = splitter->memory;
    if (before == memory)
        return MIMIC_OK;
    const size_t window = splitter->options.block_bytes + 2;
    if (splitter->end - splitter->begin > window)
        MIMIC_TRY(carry(splitter, err));
    const size_t held = splitter->end - splitter->begin;
    if (memory->data == NULL || memory->capacity < window)
        MIMIC_TRY(grow_memory(splitter, memory, 0, window, err));
    if (held > 0) {
        memcpy(memory->data, before->data + splitter->begin, held);
        memset(memory->data + held, 0, CSV_SCAN_PADDING);
    }
    splitter->memory = memory;
    splitter->begin = 0;
    splitter->end = held;
    return MIMIC_OK;
}

/* What was read and not handed out yet: end - begin bytes. */
static char *held_bytes(const csv_splitter *splitter)
{
    return splitter->memory->data + splitter->begin;
}

static void end_of_input(csv_splitter *splitter)
{
    splitter->source_ended = true;
    if (splitter->end == splitter->begin)
        return;
    /* An LF behind a last CR changes nothing: CRLF is one line end. */
    if (splitter->memory->data[splitter->end - 1] != '\n')
        splitter->memory->data[splitter->end++] = '\n';
}

/* Reads until `size` bytes and the one after them are there, or the input ends. */
static mimic_status fill(csv_splitter *splitter, size_t size, mimic_error *err)
{
    const size_t wanted = size + 1;
    if (splitter->source_ended || splitter->end - splitter->begin >= wanted)
        return MIMIC_OK;
    MIMIC_TRY(make_room(splitter, wanted, err));
    while (splitter->end - splitter->begin < wanted && !splitter->source_ended) {
        size_t got = 0;
        const size_t room = wanted - (splitter->end - splitter->begin);
        if (splitter->carried != NULL) {
            take_carried(splitter, room);
            continue;
        }
        const mimic_status status = mimic_source_read(
            splitter->source, splitter->memory->data + splitter->end, room, &got, err);
        if (status == MIMIC_END) {
            end_of_input(splitter);
        } else if (status != MIMIC_OK) {
            return status;
        } else {
            splitter->end += got;
            splitter->bytes_read += (int64_t)got;
        }
    }
    memset(splitter->memory->data + splitter->end, 0, CSV_SCAN_PADDING);
    return MIMIC_OK;
}

static bool is_whole_input(const csv_splitter *splitter, size_t size)
{
    return splitter->source_ended && size == splitter->end - splitter->begin;
}

static void consume(csv_splitter *splitter, size_t size)
{
    splitter->begin += size;
    splitter->begin_offset += (int64_t)size;
}

static mimic_status add_region(csv_splitter *splitter, csv_region region, mimic_error *err)
{
    csv_block_memory *const memory = splitter->memory;
    csv_region *regions = mimic__array_grow(splitter->ctx, memory->regions, splitter->region_count,
                                            &memory->region_capacity, sizeof *regions);
    if (regions == NULL)
        return mimic__fail_memory(err);
    memory->regions = regions;
    regions[splitter->region_count++] = region;
    return MIMIC_OK;
}

/* ---- cutting a window ---- */

/* The same result as a kernel, from the grammar alone. Comment lines become regions at once. */
static mimic_status split_by_grammar(csv_splitter *splitter, size_t start, size_t size,
                                     csv_split_scan *out_scan, mimic_error *err)
{
    const char *const bytes = held_bytes(splitter) + start;
    csv_split_scan scan = {0};
    for (size_t at = 0; at < size;) {
        csv_parse record;
        const csv_parse_status status = mimic_csv__parse_record(
            &splitter->options.dialect, bytes + at, size - at, NULL, 0, &record);
        scan.has_fault = status == CSV_FAULT;
        if (status == CSV_FAULT || status == CSV_NEED_MORE)
            break;
        if (status == CSV_COMMENT)
            MIMIC_TRY(add_region(
                splitter, (csv_region){start + at, start + at + record.end, 0, 0}, err));
        else
            scan.records++;
        at += record.end;
        scan.end = at;
    }
    /* What lies behind the last record is looked at when it has one: no byte is seen twice. */
    scan.lines = mimic_csv__count_lines(bytes, scan.end);
    scan.has_nul = memchr(bytes, 0, scan.end) != NULL;
    for (size_t i = 0; i < scan.end && !scan.has_high; i++)
        scan.has_high = (unsigned char)bytes[i] >= 0x80;
    *out_scan = scan;
    return MIMIC_OK;
}

/* Rejects the line that begins at `start`; *out_end is 0 when its end is not in the window. */
static mimic_status reject_line(csv_splitter *splitter, size_t start, size_t size, size_t *out_end,
                                mimic_error *err)
{
    const char *const bytes = held_bytes(splitter);
    csv_parse record;
    mimic_csv__parse_record(&splitter->options.dialect, bytes + start, size - start, NULL, 0,
                            &record);
    const size_t line = mimic_csv__line_end(bytes + start, size - start);
    *out_end = line == 0 ? 0 : start + line;
    if (line == 0)
        return MIMIC_OK;
    const csv_region region = {start, start + line, record.fault, record.field_count - 1};
    return add_region(splitter, region, err);
}

/* Cuts the window of `size` bytes; block->size is 0 when it holds no whole record. */
static mimic_status cut_window(csv_splitter *splitter, size_t size, csv_block *block,
                               mimic_error *err)
{
    const csv_splitter_options *const options = &splitter->options;
    const char *const bytes = held_bytes(splitter);
    for (size_t at = 0; at < size;) {
        csv_split_scan scan;
        if (options->kernel != NULL)
            options->kernel->split(bytes + at, size - at, options->dialect.delimiter,
                                   options->dialect.quote, &scan);
        else
            MIMIC_TRY(split_by_grammar(splitter, at, size - at, &scan, err));
        block->records += scan.records;
        block->lines += scan.lines;
        block->has_nul |= scan.has_nul;
        block->has_high |= scan.has_high;
        at += scan.end;
        if (scan.end > 0)
            block->size = at;
        if (!scan.has_fault)
            break;
        size_t end = 0;
        MIMIC_TRY(reject_line(splitter, at, size, &end, err));
        if (end == 0)
            break;
        block->lines++;
        block->size = end;
        at = end;
    }
    return MIMIC_OK;
}

/* ---- records longer than a window ---- */

/* Throws away the rest of an overlong line. */
static mimic_status discard_line(csv_splitter *splitter, mimic_error *err)
{
    while (splitter->is_discarding) {
        /* Two bytes at least, so that a CR that stays for its LF does not stay for ever. */
        const size_t piece = splitter->options.block_bytes;
        MIMIC_TRY(fill(splitter, piece < 2 ? 2 : piece, err));
        const size_t held = splitter->end - splitter->begin;
        const size_t size = splitter->source_ended ? held : held - 1; /* bytes[size] is known */
        const bool is_end = is_whole_input(splitter, size);
        size_t end = mimic_csv__line_end(held_bytes(splitter), size);
        if (end > 0 || is_end)
            splitter->is_discarding = false;
        if (end == 0) /* a last CR stays: an LF may follow */
            end = size > 0 && splitter->memory->data[splitter->begin + size - 1] == '\r' ? size - 1 : size;
        consume(splitter, end);
    }
    return MIMIC_OK;
}

/* A record that does not end within a window: a block of its own, or one rejected line. */
static mimic_status cut_long_record(csv_splitter *splitter, csv_block *block, mimic_error *err)
{
    const size_t limit = splitter->options.max_record_bytes;
    size_t size = splitter->options.block_bytes;
    csv_parse record;
    csv_parse_status status;
    bool is_end;
    size_t line_end = 0;
    for (;;) {
        MIMIC_TRY(fill(splitter, size, err));
        if (size > splitter->end - splitter->begin)
            size = splitter->end - splitter->begin;
        is_end = is_whole_input(splitter, size);
        status = mimic_csv__parse_record(&splitter->options.dialect,
                                         held_bytes(splitter), size, NULL, 0, &record);
        if (status == CSV_FAULT)
            line_end = mimic_csv__line_end(held_bytes(splitter), size);
        const bool is_settled = status == CSV_FAULT ? line_end > 0 : status != CSV_NEED_MORE;
        if (is_settled || is_end || size >= limit)
            break;
        size = size > limit / 2 ? limit : size * 2;
    }
    const char *const bytes = held_bytes(splitter);
    csv_region region = {0, record.end, 0, 0};
    if (status == CSV_FAULT || status == CSV_NEED_MORE) {
        if (status == CSV_FAULT)
            region.code = record.fault;
        else
            region.code = is_end ? MIMIC_REJECT_UNCLOSED_QUOTE : MIMIC_REJECT_OVERSIZE;
        region.field = record.field_count - 1;
        region.end = mimic_csv__line_end(bytes, size);
        if (region.end == 0) {
            region.end = size;
            splitter->is_discarding = true;
        }
    }
    if (status != CSV_RECORD)
        MIMIC_TRY(add_region(splitter, region, err));
    block->size = region.end;
    block->records = status == CSV_RECORD;
    block->lines = mimic_csv__count_lines(bytes, block->size) + splitter->is_discarding;
    block->has_nul = memchr(bytes, 0, block->size) != NULL;
    block->has_high = true;
    return MIMIC_OK;
}

static mimic_status next_block(csv_splitter *splitter, csv_block *block, mimic_error *err)
{
    splitter->region_count = 0;
    MIMIC_TRY(discard_line(splitter, err));
    MIMIC_TRY(fill(splitter, splitter->options.block_bytes, err));
    size_t size = splitter->end - splitter->begin;
    if (size == 0)
        return MIMIC_END;
    if (size > splitter->window)
        size = splitter->window;
    MIMIC_TRY(cut_window(splitter, size, block, err));
    while (block->records + splitter->region_count > splitter->max_records) {
        size /= 2; /* a record has at least one byte, so this ends */
        splitter->region_count = 0;
        *block = (csv_block){0};
        MIMIC_TRY(cut_window(splitter, size, block, err));
    }
    if (block->size == 0) {
        splitter->region_count = 0;
        *block = (csv_block){0};
        MIMIC_TRY(cut_long_record(splitter, block, err));
    }
    if (size < block->size) /* a long record */
        size = block->size;
    splitter->window = size > splitter->options.block_bytes / 2 ? splitter->options.block_bytes
                                                                : 2 * size;
    block->bytes = held_bytes(splitter);
    block->byte_offset = splitter->begin_offset;
    block->regions = splitter->memory->regions;
    block->region_count = splitter->region_count;
    consume(splitter, block->size);
    return MIMIC_OK;
}

mimic_status mimic_csv__splitter_next(csv_splitter *splitter, csv_block_memory *memory,
                                      csv_block *out_block, mimic_error *err)
{
    *out_block = (csv_block){0};
    if (splitter->status != MIMIC_OK)
        return splitter->status;
    splitter->status = use_memory(splitter, memory, err);
    if (splitter->status == MIMIC_OK)
        splitter->status = next_block(splitter, out_block, err);
    return splitter->status;
}

/* ---- the header ---- */

mimic_status mimic_csv__splitter_skip_mark(csv_splitter *splitter, csv_block_memory *memory,
                                           mimic_error *err)
{
    MIMIC_TRY(use_memory(splitter, memory, err));
    /* Three bytes and no more: an input that ends with the mark is then seen to be empty. */
    MIMIC_TRY(fill(splitter, 2, err));
    if (splitter->end - splitter->begin >= 3 &&
        memcmp(held_bytes(splitter), "\xef\xbb\xbf", 3) == 0)
        consume(splitter, 3);
    return MIMIC_OK;
}

mimic_status mimic_csv__splitter_header(csv_splitter *splitter, csv_block_memory *memory,
                                        const char **out_bytes, size_t *out_size,
                                        size_t *out_lines, mimic_error *err)
{
    const char *const name = mimic_source_name(splitter->source);
    *out_lines = 0;
    MIMIC_TRY(mimic_csv__splitter_skip_mark(splitter, memory, err));
    for (;;) {
        /* A header has names only: a megabyte of them is no header. */
        const size_t limit = (size_t)1 << 20;
        MIMIC_TRY(fill(splitter, limit, err));
        const size_t held = splitter->end - splitter->begin;
        const size_t size = held < limit ? held : limit;
        if (held == 0)
            return MIMIC_END;
        csv_parse record;
        const csv_parse_status status =
            mimic_csv__parse_record(&splitter->options.dialect, held_bytes(splitter),
                                    size, NULL, 0, &record);
        if (status == CSV_FAULT || status == CSV_NEED_MORE)
            return mimic__fail(err, MIMIC_ERR_CSV_HEADER,
                               "%s: the header line is broken: %s; a CSV file begins with one line "
                               "of column names",
                               name,
                               status == CSV_FAULT ? mimic_reject_code_name(record.fault)
                                                   : "it does not end within 1 MiB");
        *out_bytes = held_bytes(splitter);
        *out_size = record.end;
        *out_lines += mimic_csv__count_lines(*out_bytes, record.end);
        consume(splitter, record.end);
        if (status == CSV_RECORD)
            return MIMIC_OK;
    }
}
