/* See event_file.h: reading the files of `partition`. Offsets, sizes, numbers and texts are looked at
 * before they are used, as if somebody had made the file to do harm. */
#include "events/event_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "batch/batch_builder.h"
#include "io/codec.h"
#include "io/output.h"

#define ORIGIN_BYTES 6 /* of a code, beside the size of its text */

struct mimic_event_file {
    const mimic_context *ctx;
    char *path;
    mimic_block_file blocks;
    const mimic_event_map *map;
    mimic_pool *pool;
    size_t memory;
    mimic_event_footer footer;
    uint32_t *codes; /* of the run, by the number in the file */
    uint32_t *units;
    uint32_t code_count;
    uint32_t unit_count;
    char *head;
    size_t head_size;
};

static mimic_status fail_corrupt(const mimic_event_file *file, const char *what, mimic_error *err)
{
    const mimic_status status = mimic__fail(
        err, MIMIC_ERR_CORRUPT, "%s is damaged or no file of `partition`: %s; make it again",
        file->path, what);
    mimic__error_place(err, file->path, -1, -1, -1, NULL);
    return status;
}

/* ---- the frame ---- */

static uint64_t take_number(const unsigned char **from, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number |= (uint64_t)(*from)[i] << (8 * i);
    *from += size;
    return number;
}

static void decode_footer(const unsigned char *from, mimic_event_footer *out)
{
    out->table = take_number(&from, 8);
    out->lane_count = take_number(&from, 8);
    for (int i = 0; i < MIMIC_EVENT_FILE_LANES; i++)
        out->pages[i] = take_number(&from, 8);
    for (int i = 0; i < MIMIC_EVENT_FILE_LANES; i++)
        out->costs[i] = take_number(&from, 8);
    for (int i = 0; i < SECTION_COUNT; i++) {
        mimic_event_section *const section = &out->sections[i];
        section->offset = take_number(&from, 8);
        section->stored = take_number(&from, 8);
        section->packed = take_number(&from, 8);
        section->count = take_number(&from, 8);
        section->hash = take_number(&from, 8);
    }
    out->size = take_number(&from, 8);
}

/* Bytes [offset, offset + size) lie between the beginning and the footer. */
static bool is_inside(const mimic_event_file *file, uint64_t offset, uint64_t size)
{
    const uint64_t end = (uint64_t)file->blocks.size; /* the footer begins there */
    return offset >= MIMIC_EVENT_FILE_HEAD && offset <= end && size <= end - offset;
}

static bool is_footer_sound(const mimic_event_file *file)
{
    const mimic_event_footer *const footer = &file->footer;
    if (footer->lane_count < 1 || footer->lane_count > MIMIC_EVENT_FILE_LANES ||
        footer->table > UINT16_MAX ||
        footer->size != (uint64_t)file->blocks.size + MIMIC_EVENT_FOOTER_BYTES ||
        (file->map != NULL && file->map->table_count > 0 && footer->table >= file->map->table_count))
        return false;
    for (int i = 0; i < MIMIC_EVENT_FILE_LANES; i++)
        if (footer->pages[i] != 0 && !is_inside(file, footer->pages[i], MIMIC_PAGE_BYTES))
            return false;
    for (int i = 0; i < SECTION_COUNT; i++) {
        const mimic_event_section *const section = &footer->sections[i];
        if (!is_inside(file, section->offset, section->stored) ||
            section->packed > MIMIC_SECTION_BYTES_MAX || section->stored > section->packed ||
            section->packed / MIMIC_SECTION_RATIO_MAX > section->stored ||
            section->count > section->packed / 4 + 1)
            return false;
    }
    return footer->sections[SECTION_HEAD].packed <= MIMIC_HEAD_BYTES_MAX;
}

static mimic_status read_frame(mimic_event_file *file, mimic_error *err)
{
    static const unsigned char beginning[MIMIC_EVENT_FILE_HEAD] =
        MIMIC_EVENT_FILE_MAGIC "\x01\0\0\0\0\0\0";
    unsigned char bytes[MIMIC_EVENT_FOOTER_BYTES];
    struct stat facts;
    if (fstat(file->blocks.fd, &facts) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read %s", file->path);
    if (!S_ISREG(facts.st_mode) || facts.st_size < MIMIC_EVENT_FILE_HEAD + MIMIC_EVENT_FOOTER_BYTES)
        return fail_corrupt(file, "it is too short, or no regular file", err);
    file->blocks.size = (int64_t)facts.st_size - MIMIC_EVENT_FOOTER_BYTES;
    MIMIC_TRY(mimic__block_read(&file->blocks, 0, bytes, MIMIC_EVENT_FILE_HEAD, err));
    if (memcmp(bytes, beginning, 8) != 0)
        return fail_corrupt(file, "it does not begin as one", err);
    if (memcmp(bytes, beginning, sizeof beginning) != 0)
        return fail_corrupt(file, "another version of the library made it", err);
    MIMIC_TRY(mimic__block_read(&file->blocks, file->blocks.size, bytes, sizeof bytes, err));
    const unsigned char *hash = bytes + sizeof bytes - 8;
    if (mimic__hash64(bytes, sizeof bytes - 8) != take_number(&hash, 8))
        return fail_corrupt(file, "its end is not that of a whole file", err);
    decode_footer(bytes, &file->footer);
    return is_footer_sound(file) ? MIMIC_OK : fail_corrupt(file, "its end makes no sense", err);
}

/* ---- sections ---- */

static mimic_status unpack_section(const mimic_event_file *file, const mimic_event_section *section,
                                   unsigned char *stored, unsigned char *content, mimic_error *err)
{
    MIMIC_TRY(mimic__block_read(&file->blocks, (int64_t)section->offset, stored,
                                (size_t)section->stored, err));
    if (mimic__hash64(stored, (size_t)section->stored) != section->hash)
        return fail_corrupt(file, "the checksum of a section does not fit", err);
    if (section->stored == section->packed) {
        memcpy(content, stored, (size_t)section->packed);
        return MIMIC_OK;
    }
    const mimic_status status = mimic__zstd_decompress_frame(
        stored, (size_t)section->stored, content, (size_t)section->packed, err);
    return status == MIMIC_ERR_CORRUPT ? fail_corrupt(file, "a section does not decompress", err)
                                       : status;
}

/* NUL-terminated; the caller frees it. */
static mimic_status read_section(const mimic_event_file *file, int number, char **out_content,
                                 mimic_error *err)
{
    const mimic_event_section *const section = &file->footer.sections[number];
    unsigned char *const stored = mimic__alloc(file->ctx, (size_t)section->stored + 1);
    char *const content = mimic__alloc(file->ctx, (size_t)section->packed + 1);
    const mimic_status status =
        stored == NULL || content == NULL
            ? mimic__fail_memory(err)
            : unpack_section(file, section, stored, (unsigned char *)content, err);
    mimic__free(file->ctx, stored);
    if (status != MIMIC_OK) {
        mimic__free(file->ctx, content);
        return status;
    }
    content[section->packed] = '\0';
    *out_content = content;
    return MIMIC_OK;
}

typedef struct text_reading {
    const unsigned char *at;
    size_t left;
} text_reading;

static bool take_text(text_reading *from, const char **out_text, size_t *out_size)
{
    if (from->left < 4)
        return false;
    const size_t size = (size_t)take_number(&from->at, 4);
    from->left -= 4;
    if (size > from->left)
        return false;
    *out_text = (const char *)from->at;
    *out_size = size;
    from->at += size;
    from->left -= size;
    return mimic__utf8_check(*out_text, size) == size;
}

static bool is_kind(const mimic_event_file *file, unsigned kind)
{
    const mimic_event_map *const map = file->map;
    if (map == NULL)
        return true;
    if (kind < map->kind_count)
        return map->kinds[kind]->table == file->footer.table;
    return kind >= MIMIC_EVENT_CONTEXT && file->footer.table < map->table_count &&
           map->tables[file->footer.table].context == (int)(kind - MIMIC_EVENT_CONTEXT);
}

static bool take_origin(const mimic_event_file *file, text_reading *from, mimic_event_origin *out)
{
    if (from->left < ORIGIN_BYTES)
        return false;
    out->kind = (uint16_t)take_number(&from->at, 2);
    from->left -= 2;
    return take_text(from, &out->key, &out->key_size) &&
           (out->kind == UINT16_MAX || is_kind(file, out->kind));
}

/* Adds the texts of a section to those of the run, and notes their numbers. */
static mimic_status add_texts(const mimic_event_file *file, int number, const char *content,
                              mimic_event_codes *into, uint32_t *numbers, mimic_error *err)
{
    const mimic_event_section *const section = &file->footer.sections[number];
    text_reading from = {(const unsigned char *)content, (size_t)section->packed};
    for (uint64_t i = 0; i < section->count; i++) {
        const char *text = NULL;
        size_t size = 0;
        mimic_event_origin origin = {UINT16_MAX, "", 0};
        if (!take_text(&from, &text, &size) ||
            (number == SECTION_CODES && !take_origin(file, &from, &origin)))
            return fail_corrupt(file, "its codes make no sense", err);
        MIMIC_TRY(mimic__event_codes_add(into, text, size,
                                         origin.kind == UINT16_MAX ? NULL : &origin, &numbers[i],
                                         err));
    }
    return from.left == 0 ? MIMIC_OK : fail_corrupt(file, "its codes make no sense", err);
}

static mimic_status read_texts(mimic_event_file *file, int number, mimic_event_codes *into,
                               uint32_t **out_numbers, mimic_error *err)
{
    char *content = NULL;
    const size_t count = (size_t)file->footer.sections[number].count;
    *out_numbers = mimic__alloc_array(file->ctx, count + 1, sizeof **out_numbers);
    if (*out_numbers == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(read_section(file, number, &content, err));
    const mimic_status status = add_texts(file, number, content, into, *out_numbers, err);
    mimic__free(file->ctx, content);
    return status;
}

/* ---- events ---- */

static bool is_continuation(const mimic_event_chunk *chunk, size_t at)
{
    return at < chunk->bytes_size && ((unsigned char)chunk->bytes[at] & 0xc0) == 0x80;
}

/* Years 1 to 9999, or none: others cannot be written. */
static bool is_time(int64_t time)
{
    return time == MIMIC_EVENT_NONE || mimic__time_is_valid(MIMIC_TYPE_TIMESTAMP, time);
}

/* Numbers of the file become those of the run. Any thread. */
static const char *accept_event(const mimic_event_file *file, const mimic_event_chunk *chunk,
                                mimic_event *event)
{
    const size_t text = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
    if (!is_kind(file, event->kind))
        return "it has an event of another table";
    if (event->row < 0 || event->row >= MIMIC_EVENT_ROWS_MAX)
        return "it has a row with a number that is not one";
    if (!is_time(event->time) || !is_time(event->available) ||
        (event->kind >= MIMIC_EVENT_CONTEXT && !is_time(event->anchor)))
        return "it has a time that the calendar has not";
    if (is_continuation(chunk, event->text) || is_continuation(chunk, event->text + text))
        return "it has a text that is not UTF-8";
    if (event->unit != MIMIC_EVENT_NO_TEXT) {
        if (event->unit >= file->unit_count)
            return "an event has a unit that it does not have";
        event->unit = file->units[event->unit];
    }
    if (event->kind >= MIMIC_EVENT_CONTEXT) {
        event->code = MIMIC_EVENT_NO_TEXT;
        return NULL;
    }
    if (event->code >= file->code_count)
        return "an event has a code that it does not have";
    event->code = file->codes[event->code];
    return NULL;
}

static mimic_status accept_chunk(void *ctx, mimic_event_chunk *chunk, mimic_error *err)
{
    const mimic_event_file *const file = ctx;
    chunk->table = (uint16_t)file->footer.table;
    if (mimic__utf8_check(chunk->bytes, chunk->bytes_size) != chunk->bytes_size)
        return fail_corrupt(file, "it has a text that is not UTF-8", err);
    for (size_t i = 0; i < chunk->count; i++) {
        const char *const reason = accept_event(file, chunk, &chunk->events[i]);
        if (reason != NULL)
            return fail_corrupt(file, reason, err);
    }
    return MIMIC_OK;
}

mimic_status mimic__event_file_stream(mimic_event_file *file, unsigned lane, int64_t first,
                                      int64_t last, size_t memory,
                                      mimic_event_stream **out_stream, mimic_error *err)
{
    const bool has_lane = lane < file->footer.lane_count && file->footer.pages[lane] != 0;
    const mimic_block_run run = {
        .first_page = has_lane ? (int64_t)file->footer.pages[lane] : 0};
    const uint64_t cost = has_lane ? file->footer.costs[lane] : 1;
    const uint64_t blocks = memory / (cost == 0 ? 1 : cost);
    const uint64_t most = (uint64_t)mimic__pool_jobs(file->pool);
    const uint64_t ahead = blocks < 2 || most < 2 ? 0 : blocks - 1;
    const mimic_merge_options options = {
        .pool = file->pool,
        .file = &file->blocks,
        .runs = &run,
        .run_count = 1,
        .first = first,
        .last = last,
        .ahead = (size_t)(ahead < most ? ahead : most),
        .max_events = MIMIC_EVENT_FILE_EVENTS,
        .max_bytes = MIMIC_EVENT_FILE_TEXTS,
        .most_cost = file->memory,
        .accept = accept_chunk,
        .ctx = file,
    };
    return mimic__event_merge_new(file->ctx, &options, out_stream, err);
}

/* ---- the whole ---- */

static mimic_status open_inner(mimic_event_file *file, const mimic_event_file_options *options,
                               mimic_error *err)
{
    file->blocks.fd = mimic__open_file(file->path, O_RDONLY | O_NONBLOCK);
    if (file->blocks.fd < 0)
        return mimic__fail_errno(err, errno == ENOENT ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_IO, errno,
                                 "cannot open %s", file->path);
    MIMIC_TRY(read_frame(file, err));
    MIMIC_TRY(read_texts(file, SECTION_CODES, options->codes, &file->codes, err));
    MIMIC_TRY(read_texts(file, SECTION_UNITS, options->units, &file->units, err));
    file->code_count = (uint32_t)file->footer.sections[SECTION_CODES].count;
    file->unit_count = (uint32_t)file->footer.sections[SECTION_UNITS].count;
    file->head_size = (size_t)file->footer.sections[SECTION_HEAD].packed;
    return read_section(file, SECTION_HEAD, &file->head, err);
}

mimic_status mimic__event_file_open(const mimic_context *ctx,
                                    const mimic_event_file_options *options,
                                    mimic_event_file **out_file, mimic_error *err)
{
    *out_file = NULL;
    mimic_event_file *const file = mimic__alloc_zeroed(ctx, 1, sizeof *file);
    char *const path = mimic__strdup(ctx, options->path);
    if (file == NULL || path == NULL) {
        mimic__free(ctx, file);
        mimic__free(ctx, path);
        return mimic__fail_memory(err);
    }
    file->ctx = ctx;
    file->path = path;
    file->blocks = (mimic_block_file){ctx, -1, 0, path, false};
    file->map = options->map;
    file->pool = options->pool;
    file->memory = options->memory;
    const mimic_status status = open_inner(file, options, err);
    if (status != MIMIC_OK) {
        mimic__event_file_free(file);
        return status;
    }
    *out_file = file;
    return MIMIC_OK;
}

void mimic__event_file_free(mimic_event_file *file)
{
    if (file == NULL)
        return;
    if (file->blocks.fd >= 0)
        (void)close(file->blocks.fd);
    mimic__free(file->ctx, file->codes);
    mimic__free(file->ctx, file->units);
    mimic__free(file->ctx, file->head);
    mimic__free(file->ctx, file->path);
    mimic__free(file->ctx, file);
}

mimic_event_file_head mimic__event_file_head(const mimic_event_file *file)
{
    return (mimic_event_file_head){file->head, file->head_size};
}
