/* See event_file.h: what a sorter holds into a file, lane by lane. Blocks are written as they are
 * packed; the pages of the index wait in memory (56 bytes for 4096 events). */
#include "events/event_file.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "events/event_sorter_internal.h"
#include "io/codec.h"
#include "io/output.h"

#define SECTION_LEVEL 3 /* of Zstandard */

/* Numbers in the file of codes or units, as they come. */
typedef struct numbering {
    uint32_t *given;     /* by the number in the run; NO_TEXT = none yet */
    uint32_t run_count;
    uint32_t *originals; /* by the number in the file */
    uint32_t count;
} numbering;

typedef struct page_link {
    mimic_block_page page;
    struct page_link *next;
} page_link;

typedef struct file_writer {
    const mimic_context *ctx;
    mimic_output *output;
    numbering codes;
    numbering units;
    page_link *pages[MIMIC_EVENT_FILE_LANES];
    page_link *last_page; /* of the lane that is written */
    unsigned lane;
    mimic_event_footer footer;
} file_writer;

/* ---- numbers ---- */

static mimic_status make_numbering(const mimic_context *ctx, const mimic_event_codes *codes,
                                   numbering *out, mimic_error *err)
{
    out->run_count = mimic__event_codes_count(codes);
    out->given = mimic__alloc_array(ctx, (size_t)out->run_count + 1, sizeof *out->given);
    out->originals = mimic__alloc_array(ctx, (size_t)out->run_count + 1, sizeof *out->originals);
    if (out->given == NULL || out->originals == NULL)
        return mimic__fail_memory(err);
    memset(out->given, 0xff, ((size_t)out->run_count + 1) * sizeof *out->given);
    return MIMIC_OK;
}

static inline uint32_t number(numbering *numbers, uint32_t original)
{
    if (numbers->given[original] == MIMIC_EVENT_NO_TEXT) {
        numbers->originals[numbers->count] = original;
        numbers->given[original] = numbers->count++;
    }
    return numbers->given[original];
}

static mimic_status number_chunk(void *ctx, mimic_event_chunk *chunk, mimic_error *err)
{
    file_writer *const writer = ctx;
    for (size_t i = 0; i < chunk->count; i++) {
        mimic_event *const event = &chunk->events[i];
        if (event->kind >= MIMIC_EVENT_CONTEXT) { /* has neither */
            event->code = event->unit = MIMIC_EVENT_NO_TEXT;
            continue;
        }
        if (event->code >= writer->codes.run_count ||
            (event->unit >= writer->units.run_count && event->unit != MIMIC_EVENT_NO_TEXT))
            return mimic__fail(err, MIMIC_ERR_INTERNAL, "an event has a code that nobody knows");
        event->code = number(&writer->codes, event->code);
        if (event->unit != MIMIC_EVENT_NO_TEXT)
            event->unit = number(&writer->units, event->unit);
    }
    return MIMIC_OK;
}

/* ---- blocks and pages ---- */

static mimic_status put_block(void *ctx, mimic_event_block *block, const unsigned char *bytes,
                              mimic_error *err)
{
    file_writer *const writer = ctx;
    const size_t cost = mimic__block_cost(block);
    block->offset = mimic__output_position(writer->output);
    MIMIC_TRY(mimic__output_write(writer->output, bytes, block->stored, err));
    if (writer->last_page == NULL || writer->last_page->page.count == MIMIC_PAGE_BLOCKS) {
        page_link *const added = mimic__alloc_zeroed(writer->ctx, 1, sizeof *added);
        if (added == NULL)
            return mimic__fail_memory(err);
        if (writer->last_page == NULL)
            writer->pages[writer->lane] = added;
        else
            writer->last_page->next = added;
        writer->last_page = added;
    }
    mimic_block_page *const page = &writer->last_page->page;
    page->blocks[page->count++] = *block;
    if (cost > writer->footer.costs[writer->lane])
        writer->footer.costs[writer->lane] = cost;
    return MIMIC_OK;
}

static mimic_status pack_stream(mimic_event_stream *stream, mimic_packing *packing,
                                mimic_error *err)
{
    for (;;) {
        mimic_event_chunk *chunk = NULL;
        MIMIC_TRY(stream->next(stream, &chunk, err));
        if (chunk == NULL)
            return mimic__packing_end(packing, err);
        const mimic_status status = mimic__packing_add_chunk(packing, chunk, err);
        mimic__chunk_release(chunk);
        MIMIC_TRY(status);
    }
}

static mimic_status write_blocks(file_writer *writer, mimic_event_sorter *sorter, mimic_error *err)
{
    const mimic_event_sorter_facts facts = mimic__event_sorter_facts(sorter);
    const mimic_packing_options options = {
        .pool = facts.pool,
        .slots = facts.slots,
        .level = MIMIC_PACK_LEVEL,
        .max_events = MIMIC_EVENT_FILE_EVENTS,
        .max_bytes = MIMIC_EVENT_FILE_TEXTS,
        .prepare = number_chunk,
        .put = put_block,
        .ctx = writer,
    };
    mimic_packing *packing = NULL;
    mimic_status status = mimic__packing_new(writer->ctx, &options, &packing, err);
    for (unsigned lane = 0; lane < facts.lane_count && status == MIMIC_OK; lane++) {
        mimic_event_stream *stream = NULL;
        writer->lane = lane;
        writer->last_page = NULL;
        status = mimic__event_sorter_stream(sorter, lane, INT64_MIN, INT64_MAX, &stream, err);
        if (status == MIMIC_OK)
            status = pack_stream(stream, packing, err);
        if (stream != NULL)
            stream->free(stream);
    }
    mimic__packing_free(packing);
    return status;
}

static mimic_status write_pages(file_writer *writer, mimic_error *err)
{
    for (unsigned lane = 0; lane < MIMIC_EVENT_FILE_LANES; lane++) {
        if (writer->pages[lane] != NULL)
            writer->footer.pages[lane] = (uint64_t)mimic__output_position(writer->output);
        for (page_link *link = writer->pages[lane]; link != NULL; link = link->next) {
            unsigned char bytes[MIMIC_PAGE_BYTES];
            if (link->next != NULL)
                link->page.next = mimic__output_position(writer->output) + MIMIC_PAGE_BYTES;
            mimic__block_page_encode(&link->page, bytes);
            MIMIC_TRY(mimic__output_write(writer->output, bytes, sizeof bytes, err));
        }
    }
    return MIMIC_OK;
}

/* ---- sections ---- */

static void put_number(mimic_buffer *buffer, uint64_t number, size_t size)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    mimic__buffer_append(buffer, bytes, size);
}

static void put_text(mimic_buffer *buffer, const char *text, size_t size)
{
    put_number(buffer, size, 4);
    mimic__buffer_append(buffer, text, size);
}

/* Each text; of codes the origin, too. */
static void put_texts(mimic_buffer *buffer, const mimic_event_codes *codes,
                      const numbering *numbers, bool has_origins)
{
    for (uint32_t i = 0; i < numbers->count; i++) {
        size_t size = 0;
        const char *const text = mimic__event_codes_text(codes, numbers->originals[i], &size);
        put_text(buffer, text, size);
        if (!has_origins)
            continue;
        const mimic_event_origin origin = mimic__event_codes_origin(codes, numbers->originals[i]);
        put_number(buffer, origin.kind, 2);
        put_text(buffer, origin.key, origin.key_size);
    }
}

static mimic_status compress(const mimic_context *ctx, const mimic_buffer *from,
                             mimic_buffer *into, mimic_error *err)
{
    mimic_zstd_compressor *compressor = NULL;
    mimic_status status = mimic__zstd_compressor_new(ctx, SECTION_LEVEL, &compressor, err);
    if (status == MIMIC_ERR_UNSUPPORTED || from->size < 2) {
        mimic__zstd_compressor_free(compressor);
        return MIMIC_OK;
    }
    if (status == MIMIC_OK && !mimic__buffer_reserve(into, from->size))
        status = mimic__fail_memory(err);
    if (status == MIMIC_OK)
        status = mimic__zstd_compress_frame(compressor, from->data, from->size, into->data,
                                            from->size - 1, &into->size, err);
    if (into->size < from->size / MIMIC_SECTION_RATIO_MAX)
        into->size = 0;
    mimic__zstd_compressor_free(compressor);
    return status;
}

static mimic_status write_section(file_writer *writer, const mimic_buffer *content, int number,
                                  uint64_t count, mimic_error *err)
{
    mimic_event_section *const section = &writer->footer.sections[number];
    if (content->failed)
        return mimic__fail_memory(err);
    if (content->size > (number == SECTION_HEAD ? MIMIC_HEAD_BYTES_MAX : MIMIC_SECTION_BYTES_MAX))
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "codes or units of a partition file take more than 2 GiB, or what is said "
                           "of it (patterns of codes, above all) more than 1 MiB");
    mimic_buffer compressed;
    mimic__buffer_init(&compressed, writer->ctx);
    mimic_status status = compress(writer->ctx, content, &compressed, err);
    const mimic_buffer *const stored = compressed.size > 0 ? &compressed : content;
    *section = (mimic_event_section){(uint64_t)mimic__output_position(writer->output), stored->size,
                                     content->size, count,
                                     mimic__hash64(stored->data, stored->size)};
    if (status == MIMIC_OK)
        status = mimic__output_write(writer->output, stored->data, stored->size, err);
    mimic__buffer_free(&compressed);
    return status;
}

static mimic_status write_texts(file_writer *writer, const mimic_event_codes *codes,
                                const numbering *numbers, int number, mimic_error *err)
{
    mimic_buffer content;
    mimic__buffer_init(&content, writer->ctx);
    put_texts(&content, codes, numbers, number == SECTION_CODES);
    const mimic_status status = write_section(writer, &content, number, numbers->count, err);
    mimic__buffer_free(&content);
    return status;
}

static mimic_status write_head(file_writer *writer, const mimic_event_file_head *head,
                               mimic_error *err)
{
    mimic_buffer content;
    mimic__buffer_init(&content, writer->ctx);
    mimic__buffer_append(&content, head->json, head->json_size);
    const mimic_status status = write_section(writer, &content, SECTION_HEAD, 1, err);
    mimic__buffer_free(&content);
    return status;
}

/* ---- the whole ---- */

static mimic_status write_footer(file_writer *writer, mimic_error *err)
{
    mimic_event_footer *const footer = &writer->footer;
    mimic_buffer bytes;
    footer->size =
        (uint64_t)mimic__output_position(writer->output) + MIMIC_EVENT_FOOTER_BYTES;
    mimic__buffer_init(&bytes, writer->ctx);
    put_number(&bytes, footer->table, 8);
    put_number(&bytes, footer->lane_count, 8);
    for (int i = 0; i < MIMIC_EVENT_FILE_LANES; i++)
        put_number(&bytes, footer->pages[i], 8);
    for (int i = 0; i < MIMIC_EVENT_FILE_LANES; i++)
        put_number(&bytes, footer->costs[i], 8);
    for (int i = 0; i < SECTION_COUNT; i++) {
        put_number(&bytes, footer->sections[i].offset, 8);
        put_number(&bytes, footer->sections[i].stored, 8);
        put_number(&bytes, footer->sections[i].packed, 8);
        put_number(&bytes, footer->sections[i].count, 8);
        put_number(&bytes, footer->sections[i].hash, 8);
    }
    put_number(&bytes, footer->size, 8);
    if (!bytes.failed)
        put_number(&bytes, mimic__hash64(bytes.data, bytes.size), 8);
    const mimic_status status = bytes.failed
                                    ? mimic__fail_memory(err)
                                    : mimic__output_write(writer->output, bytes.data, bytes.size, err);
    mimic__buffer_free(&bytes);
    return status;
}

static mimic_status write_all(file_writer *writer, mimic_event_sorter *sorter,
                              const mimic_event_codes *codes, const mimic_event_codes *units,
                              const mimic_event_file_head *head, mimic_error *err)
{
    static const unsigned char beginning[MIMIC_EVENT_FILE_HEAD] =
        MIMIC_EVENT_FILE_MAGIC "\x01\0\0\0\0\0\0";
    MIMIC_TRY(make_numbering(writer->ctx, codes, &writer->codes, err));
    MIMIC_TRY(make_numbering(writer->ctx, units, &writer->units, err));
    MIMIC_TRY(mimic__output_write(writer->output, beginning, sizeof beginning, err));
    MIMIC_TRY(write_blocks(writer, sorter, err));
    MIMIC_TRY(write_pages(writer, err));
    MIMIC_TRY(write_texts(writer, codes, &writer->codes, SECTION_CODES, err));
    MIMIC_TRY(write_texts(writer, units, &writer->units, SECTION_UNITS, err));
    MIMIC_TRY(write_head(writer, head, err));
    MIMIC_TRY(write_footer(writer, err));
    return mimic__output_publish(writer->output, err);
}

static void free_writer(file_writer *writer)
{
    for (int lane = 0; lane < MIMIC_EVENT_FILE_LANES; lane++) {
        while (writer->pages[lane] != NULL) {
            page_link *const next = writer->pages[lane]->next;
            mimic__free(writer->ctx, writer->pages[lane]);
            writer->pages[lane] = next;
        }
    }
    mimic__free(writer->ctx, writer->codes.given);
    mimic__free(writer->ctx, writer->codes.originals);
    mimic__free(writer->ctx, writer->units.given);
    mimic__free(writer->ctx, writer->units.originals);
    mimic__output_free(writer->output);
    mimic__free(writer->ctx, writer);
}

mimic_status mimic__event_file_write(mimic_event_sorter *sorter, const char *path,
                                     const mimic_event_codes *codes,
                                     const mimic_event_codes *units,
                                     const mimic_event_file_head *head, mimic_error *err)
{
    static const mimic_output_options plain = {.compression = MIMIC_COMPRESSION_NONE};
    const mimic_event_sorter_facts facts = mimic__event_sorter_facts(sorter);
    if (!facts.is_finished)
        return mimic__fail(err, MIMIC_ERR_STATE, "a sorter that is not finished has no file");
    file_writer *const writer = mimic__alloc_zeroed(facts.ctx, 1, sizeof *writer);
    if (writer == NULL)
        return mimic__fail_memory(err);
    writer->ctx = facts.ctx;
    writer->footer.table = facts.table;
    writer->footer.lane_count = facts.lane_count;
    mimic_status status = mimic__output_open(facts.ctx, path, &plain, &writer->output, err);
    if (status == MIMIC_OK)
        status = write_all(writer, sorter, codes, units, head, err);
    free_writer(writer);
    return status;
}
