/* See arrow_messages.h. */
#include "arrow_messages.h"

#include <string.h>

#include <check.h>

#include "io/codec.h"

mimic_status write_memory(void *ctx, const void *bytes, size_t size, mimic_error *err)
{
    memory_file *file = ctx;
    (void)err;
    if (file->writes_left == 0)
        return MIMIC_ERR_IO;
    if (file->writes_left > 0)
        file->writes_left--;
    mimic__buffer_append(&file->bytes, bytes, size);
    return file->bytes.failed ? MIMIC_ERR_MEMORY : MIMIC_OK;
}

static mimic_status begin_rewrite(void *ctx, mimic_error *err)
{
    memory_file *file = ctx;
    (void)err;
    file->former = file->bytes;
    mimic__buffer_init(&file->bytes, file->former.ctx);
    file->rewrites++;
    return MIMIC_OK;
}

static mimic_status read_former(void *ctx, int64_t offset, void *bytes, size_t size,
                                mimic_error *err)
{
    memory_file *file = ctx;
    (void)err;
    if (file->writes_left == 0)
        return MIMIC_ERR_IO;
    if (file->writes_left > 0)
        file->writes_left--;
    ck_assert_uint_le((size_t)offset + size, file->former.size);
    memcpy(bytes, file->former.data + offset, size);
    return MIMIC_OK;
}

static void end_rewrite(void *ctx)
{
    memory_file *file = ctx;
    mimic__buffer_free(&file->former);
}

const mimic_ipc_rewrite memory_rewriting = {begin_rewrite, read_former, end_rewrite};

uint64_t get(const flat *fb, size_t place, size_t size)
{
    ck_assert_uint_eq(place % size, 0);
    ck_assert(place + size <= fb->size);
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | fb->bytes[place + i];
    return value;
}

size_t follow(const flat *fb, size_t place)
{
    const uint64_t distance = get(fb, place, 4);
    ck_assert_uint_gt(distance, 0);
    ck_assert_uint_lt(place + distance, fb->size);
    return place + distance;
}

size_t field_at(const flat *fb, size_t table, size_t slot)
{
    const size_t vtable = table - get(fb, table, 4);
    const size_t vtable_size = get(fb, vtable, 2);
    const size_t table_size = get(fb, vtable + 2, 2);
    ck_assert(vtable + vtable_size <= fb->size && table + table_size <= fb->size);
    if (4 + 2 * slot >= vtable_size)
        return 0;
    const size_t offset = get(fb, vtable + 4 + 2 * slot, 2);
    ck_assert_uint_lt(offset, table_size);
    return offset == 0 ? 0 : table + offset;
}

uint64_t number_field(const flat *fb, size_t table, size_t slot, size_t size)
{
    const size_t place = field_at(fb, table, slot);
    ck_assert_uint_ne(place, 0);
    return get(fb, place, size);
}

size_t child(const flat *fb, size_t table, size_t slot)
{
    const size_t place = field_at(fb, table, slot);
    ck_assert_uint_ne(place, 0);
    return follow(fb, place);
}

const char *string_field(const flat *fb, size_t table, size_t slot)
{
    const size_t string = child(fb, table, slot);
    const size_t size = get(fb, string, 4);
    ck_assert(string + 4 + size < fb->size);
    ck_assert_uint_eq(fb->bytes[string + 4 + size], 0);
    ck_assert_uint_eq(strlen((const char *)fb->bytes + string + 4), size);
    return (const char *)fb->bytes + string + 4;
}

message read_message(const memory_file *file, size_t offset)
{
    const flat all = {(const unsigned char *)file->bytes.data, file->bytes.size};
    message m = {.offset = offset};
    ck_assert_uint_eq(get(&all, offset, 4), 0xffffffff);
    const size_t size = get(&all, offset + 4, 4);
    if (size == 0)
        return m;
    m.metadata_length = size + 8;
    ck_assert_uint_eq((offset + m.metadata_length) % 64, 0);
    ck_assert(offset + m.metadata_length <= file->bytes.size);
    m.fb = (flat){all.bytes + offset + 8, size};
    const size_t root = follow(&m.fb, 0);
    ck_assert_uint_eq(number_field(&m.fb, root, 0, 2), 4); /* V5 */
    m.type = (int)number_field(&m.fb, root, 1, 1);
    m.header = child(&m.fb, root, 2);
    m.body_length = number_field(&m.fb, root, 3, 8);
    ck_assert_uint_eq(m.body_length % 64, 0);
    m.body = all.bytes + offset + m.metadata_length;
    ck_assert(offset + m.metadata_length + m.body_length <= file->bytes.size);
    return m;
}

void take_buffer(const message *m, bool is_compressed, size_t batch, size_t index,
                 mimic_buffer *out)
{
    const size_t spans = child(&m->fb, batch, 2);
    ck_assert_uint_lt(index, get(&m->fb, spans, 4));
    const size_t offset = get(&m->fb, spans + 4 + 16 * index, 8);
    const size_t length = get(&m->fb, spans + 4 + 16 * index + 8, 8);
    ck_assert_uint_eq(offset % 64, 0);
    ck_assert(offset + length <= m->body_length);
    out->size = 0;
    if (length == 0)
        return;
    if (!is_compressed) {
        mimic__buffer_append(out, m->body + offset, length);
        return;
    }
    const flat body = {m->body + offset, length};
    const size_t size = get(&body, 0, 8);
    if (size == SIZE_MAX) { /* -1: as it is */
        mimic__buffer_append(out, m->body + offset + 8, length - 8);
        return;
    }
    ck_assert(mimic__buffer_reserve(out, size));
    ck_assert_int_eq(
        mimic__zstd_decompress_frame(m->body + offset + 8, length - 8, out->data, size, NULL),
        MIMIC_OK);
    out->size = size;
}

bool bit_of(const mimic_buffer *bits, size_t row)
{
    return bits->size == 0 || ((unsigned char)bits->data[row / 8] >> (row % 8) & 1) != 0;
}

int32_t int_of(const mimic_buffer *values, size_t index)
{
    int32_t value;
    ck_assert_uint_le(4 * index + 4, values->size);
    memcpy(&value, values->data + 4 * index, 4);
    return value;
}

void check_bytes(const char *expected, size_t expected_size, const char *found, size_t size)
{
    ck_assert_uint_eq(size, expected_size);
    ck_assert(size == 0 || memcmp(expected, found, size) == 0);
}
