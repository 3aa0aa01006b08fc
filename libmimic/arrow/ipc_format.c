/*
 * See ipc_format.h. The slots of each table stand in the order of the .fbs files; a union takes
 * two, its type first. Values that equal their default are written all the same.
 */
#include "arrow/ipc_format.h"

#include "arrow/arrow_type.h"

/* MetadataVersion */
#define VERSION_5 4

/* union MessageHeader */
#define HEADER_SCHEMA 1
#define HEADER_DICTIONARY_BATCH 2
#define HEADER_RECORD_BATCH 3

/* union Type */
#define TYPE_INT 2
#define TYPE_FLOATING_POINT 3
#define TYPE_BINARY 4
#define TYPE_UTF8 5
#define TYPE_BOOL 6
#define TYPE_DECIMAL 7
#define TYPE_DATE 8
#define TYPE_TIME 9
#define TYPE_TIMESTAMP 10
#define TYPE_LIST 12
#define TYPE_LARGE_UTF8 20

#define PRECISION_SINGLE 1
#define PRECISION_DOUBLE 2
#define DATE_UNIT_DAY 0
#define TIME_UNIT_MICROSECOND 2
#define COMPRESSION_ZSTD 1
#define COMPRESSION_METHOD_BUFFER 0

static bool host_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

static int type_number(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return TYPE_BOOL;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return TYPE_FLOATING_POINT;
    case MIMIC_TYPE_DECIMAL:
        return TYPE_DECIMAL;
    case MIMIC_TYPE_DATE:
        return TYPE_DATE;
    case MIMIC_TYPE_TIME:
        return TYPE_TIME;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return TYPE_TIMESTAMP;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL: /* the type of the texts; the codes stand in the encoding */
        return TYPE_UTF8;
    case MIMIC_TYPE_BINARY:
        return TYPE_BINARY;
    default:
        return TYPE_INT;
    }
}

static size_t add_int(mimic_buffer *fb, size_t bit_width)
{
    mimic_fb_slot slots[] = {MIMIC_FB_INT(bit_width), MIMIC_FB_BYTE(1)};
    return mimic__fb_table(fb, slots, 2);
}

static size_t add_decimal(mimic_buffer *fb, const mimic_field *field)
{
    mimic_fb_slot slots[] = {MIMIC_FB_INT(field->precision), MIMIC_FB_INT(field->scale),
                             MIMIC_FB_INT(128)};
    return mimic__fb_table(fb, slots, 3);
}

/* A table of one 16-bit value: FloatingPoint, Date. */
static size_t add_unit(mimic_buffer *fb, int unit)
{
    mimic_fb_slot slots[] = {MIMIC_FB_SHORT(unit)};
    return mimic__fb_table(fb, slots, 1);
}

static size_t add_timestamp(mimic_buffer *fb, bool is_utc)
{
    mimic_fb_slot slots[] = {MIMIC_FB_SHORT(TIME_UNIT_MICROSECOND), MIMIC_FB_REFERENCE};
    const size_t table = mimic__fb_table(fb, slots, is_utc ? 2 : 1);
    if (is_utc)
        mimic__fb_link(fb, slots[1].place, mimic__fb_string(fb, "UTC"));
    return table;
}

static size_t add_type(mimic_buffer *fb, const mimic_field *field)
{
    mimic_fb_slot time[] = {MIMIC_FB_SHORT(TIME_UNIT_MICROSECOND), MIMIC_FB_INT(64)};
    switch (type_number(field->type)) {
    case TYPE_INT:
        return add_int(fb, mimic__arrow_value_bits(field->type));
    case TYPE_FLOATING_POINT:
        return add_unit(fb,
                        field->type == MIMIC_TYPE_FLOAT32 ? PRECISION_SINGLE : PRECISION_DOUBLE);
    case TYPE_DECIMAL:
        return add_decimal(fb, field);
    case TYPE_DATE:
        return add_unit(fb, DATE_UNIT_DAY);
    case TYPE_TIME:
        return mimic__fb_table(fb, time, 2);
    case TYPE_TIMESTAMP:
        return add_timestamp(fb, field->type == MIMIC_TYPE_TIMESTAMPTZ);
    default: /* Utf8, Binary, Bool: nothing to say */
        return mimic__fb_table(fb, NULL, 0);
    }
}

/* Table DictionaryEncoding: id, indexType, isOrdered. */
static size_t add_encoding(mimic_buffer *fb, size_t id, size_t code_bits)
{
    mimic_fb_slot slots[] = {MIMIC_FB_LONG(id), MIMIC_FB_REFERENCE, MIMIC_FB_BYTE(0)};
    const size_t table = mimic__fb_table(fb, slots, 3);
    mimic__fb_link(fb, slots[1].place, add_int(fb, code_bits));
    return table;
}

/* A vector of KeyValue. */
static size_t add_pairs(mimic_buffer *fb, const mimic_arrow_pair *pairs, size_t count)
{
    const size_t vector = mimic__fb_references(fb, count);
    for (size_t i = 0; i < count; i++) {
        mimic_fb_slot slots[] = {MIMIC_FB_REFERENCE, MIMIC_FB_REFERENCE};
        mimic__fb_link(fb, mimic__fb_element(vector, i), mimic__fb_table(fb, slots, 2));
        mimic__fb_link(fb, slots[0].place, mimic__fb_string(fb, pairs[i].key));
        mimic__fb_link(fb, slots[1].place, mimic__fb_string(fb, pairs[i].value));
    }
    return vector;
}

/* Table Field: name, nullable, type (2), dictionary, children, custom_metadata. */
static size_t add_field(mimic_buffer *fb, const mimic_field *field, size_t index, bool is_coded)
{
    mimic_arrow_pair pair;
    const size_t pair_count = mimic__arrow_field_pairs(field, &pair);
    mimic_fb_slot slots[] = {MIMIC_FB_REFERENCE,
                             MIMIC_FB_BYTE(!field->is_required),
                             MIMIC_FB_BYTE(type_number(field->type)),
                             MIMIC_FB_REFERENCE,
                             {is_coded ? 4 : 0, 0, 0},
                             MIMIC_FB_REFERENCE,
                             {pair_count > 0 ? 4 : 0, 0, 0}};
    const size_t table = mimic__fb_table(fb, slots, 7);
    mimic__fb_link(fb, slots[0].place, mimic__fb_string(fb, field->name));
    mimic__fb_link(fb, slots[3].place, add_type(fb, field));
    if (is_coded)
        mimic__fb_link(fb, slots[4].place, add_encoding(fb, index, 32));
    mimic__fb_link(fb, slots[5].place, mimic__fb_references(fb, 0));
    if (pair_count > 0)
        mimic__fb_link(fb, slots[6].place, add_pairs(fb, &pair, pair_count));
    return table;
}

/* Table Schema: endianness, fields, custom_metadata. */
static size_t add_schema(mimic_buffer *fb, const mimic_table *table, const mimic_ipc_field *coded)
{
    mimic_fb_slot slots[] = {MIMIC_FB_SHORT(host_is_big_endian()), MIMIC_FB_REFERENCE,
                             MIMIC_FB_REFERENCE};
    const size_t schema = mimic__fb_table(fb, slots, 3);
    const size_t fields = mimic__fb_references(fb, table->field_count);
    mimic__fb_link(fb, slots[1].place, fields);
    for (size_t i = 0; i < table->field_count; i++)
        mimic__fb_link(fb, mimic__fb_element(fields, i),
                       add_field(fb, &table->fields[i], i, coded[i].is_coded));
    mimic_arrow_pair pairs[MIMIC_ARROW_TABLE_PAIRS];
    mimic__arrow_table_pairs(table, pairs);
    mimic__fb_link(fb, slots[2].place, add_pairs(fb, pairs, MIMIC_ARROW_TABLE_PAIRS));
    return schema;
}

/* Table RecordBatch: length, nodes, buffers, compression. */
static size_t add_batch(mimic_buffer *fb, const mimic_ipc_batch *batch)
{
    mimic_fb_slot slots[] = {MIMIC_FB_LONG(batch->row_count),
                             MIMIC_FB_REFERENCE,
                             MIMIC_FB_REFERENCE,
                             {batch->is_compressed ? 4 : 0, 0, 0}};
    const size_t table = mimic__fb_table(fb, slots, 4);
    mimic__fb_link(fb, slots[1].place, mimic__fb_structs(fb, batch->node_count));
    for (size_t i = 0; i < batch->node_count; i++) {
        mimic__fb_put(fb, (uint64_t)batch->nodes[i].length, 8);
        mimic__fb_put(fb, (uint64_t)batch->nodes[i].null_count, 8);
    }
    mimic__fb_link(fb, slots[2].place, mimic__fb_structs(fb, batch->span_count));
    for (size_t i = 0; i < batch->span_count; i++) {
        mimic__fb_put(fb, (uint64_t)batch->spans[i].offset, 8);
        mimic__fb_put(fb, (uint64_t)batch->spans[i].length, 8);
    }
    if (batch->is_compressed) {
        mimic_fb_slot compression[] = {MIMIC_FB_BYTE(COMPRESSION_ZSTD),
                                       MIMIC_FB_BYTE(COMPRESSION_METHOD_BUFFER)};
        mimic__fb_link(fb, slots[3].place, mimic__fb_table(fb, compression, 2));
    }
    return table;
}

/* Table Message: version, header (2), bodyLength. Returns the place of the header's reference. */
static size_t add_message(mimic_buffer *fb, int header_type, int64_t body_length)
{
    mimic__fb_begin(fb);
    mimic_fb_slot slots[] = {MIMIC_FB_SHORT(VERSION_5), MIMIC_FB_BYTE(header_type),
                             MIMIC_FB_REFERENCE, MIMIC_FB_LONG(body_length)};
    mimic__fb_link(fb, 0, mimic__fb_table(fb, slots, 4));
    return slots[2].place;
}

void mimic__ipc_schema_message(mimic_buffer *fb, const mimic_table *table,
                               const mimic_ipc_field *fields)
{
    const size_t header = add_message(fb, HEADER_SCHEMA, 0);
    mimic__fb_link(fb, header, add_schema(fb, table, fields));
}

void mimic__ipc_batch_message(mimic_buffer *fb, const mimic_ipc_batch *batch)
{
    const size_t header = add_message(fb, HEADER_RECORD_BATCH, batch->body_length);
    mimic__fb_link(fb, header, add_batch(fb, batch));
}

void mimic__ipc_dictionary_message(mimic_buffer *fb, int64_t id, const mimic_ipc_batch *texts)
{
    const size_t header = add_message(fb, HEADER_DICTIONARY_BATCH, texts->body_length);
    mimic_fb_slot slots[] = {MIMIC_FB_LONG(id), MIMIC_FB_REFERENCE, MIMIC_FB_BYTE(0)};
    mimic__fb_link(fb, header, mimic__fb_table(fb, slots, 3));
    mimic__fb_link(fb, slots[1].place, add_batch(fb, texts));
}

static size_t add_blocks(mimic_buffer *fb, const mimic_buffer *list)
{
    const mimic_ipc_block *blocks = (const mimic_ipc_block *)(const void *)list->data;
    const size_t count = list->size / sizeof *blocks;
    const size_t vector = mimic__fb_structs(fb, count);
    for (size_t i = 0; i < count; i++) {
        mimic__fb_put(fb, (uint64_t)blocks[i].offset, 8);
        mimic__fb_put(fb, (uint64_t)blocks[i].metadata_length, 8); /* 4 bytes and padding */
        mimic__fb_put(fb, (uint64_t)blocks[i].body_length, 8);
    }
    return vector;
}

/* Table Footer: version, schema, dictionaries, recordBatches; the last three are to be linked. */
static void begin_footer(mimic_buffer *fb, mimic_fb_slot slots[4])
{
    mimic__fb_begin(fb);
    slots[0] = (mimic_fb_slot)MIMIC_FB_SHORT(VERSION_5);
    for (size_t i = 1; i < 4; i++)
        slots[i] = (mimic_fb_slot)MIMIC_FB_REFERENCE;
    mimic__fb_link(fb, 0, mimic__fb_table(fb, slots, 4));
}

void mimic__ipc_footer(mimic_buffer *fb, const mimic_table *table, const mimic_ipc_field *fields,
                       const mimic_buffer *dictionary_blocks, const mimic_buffer *batch_blocks)
{
    mimic_fb_slot slots[4];
    begin_footer(fb, slots);
    mimic__fb_link(fb, slots[1].place, add_schema(fb, table, fields));
    mimic__fb_link(fb, slots[2].place, add_blocks(fb, dictionary_blocks));
    mimic__fb_link(fb, slots[3].place, add_blocks(fb, batch_blocks));
}

/* ---- shapes ---- */

static int shape_type_number(mimic_ipc_kind kind)
{
    switch (kind) {
    case MIMIC_IPC_FLOAT32:
    case MIMIC_IPC_FLOAT64:
        return TYPE_FLOATING_POINT;
    case MIMIC_IPC_TIMESTAMP:
        return TYPE_TIMESTAMP;
    case MIMIC_IPC_UTF8:
        return TYPE_UTF8;
    case MIMIC_IPC_LARGE_UTF8:
        return TYPE_LARGE_UTF8;
    case MIMIC_IPC_UTF8_LIST:
        return TYPE_LIST;
    default:
        return TYPE_INT;
    }
}

static size_t add_shape_type(mimic_buffer *fb, mimic_ipc_kind kind)
{
    switch (kind) {
    case MIMIC_IPC_FLOAT32:
        return add_unit(fb, PRECISION_SINGLE);
    case MIMIC_IPC_FLOAT64:
        return add_unit(fb, PRECISION_DOUBLE);
    case MIMIC_IPC_TIMESTAMP:
        return add_timestamp(fb, false);
    case MIMIC_IPC_UTF8:
    case MIMIC_IPC_LARGE_UTF8:
    case MIMIC_IPC_UTF8_LIST: /* nothing to say; what is in a list its child says */
        return mimic__fb_table(fb, NULL, 0);
    default:
        return add_int(fb, (size_t)8 << (kind - MIMIC_IPC_INT8));
    }
}

static size_t add_shape_field(mimic_buffer *fb, const mimic_ipc_shape_field *field, size_t index)
{
    static const mimic_ipc_shape_field item = {.name = "item", .kind = MIMIC_IPC_UTF8};
    const bool is_coded = field->texts != NULL;
    const mimic_ipc_kind kind = is_coded ? MIMIC_IPC_UTF8 : field->kind;
    mimic_fb_slot slots[] = {MIMIC_FB_REFERENCE,
                             MIMIC_FB_BYTE(!field->is_required),
                             MIMIC_FB_BYTE(shape_type_number(kind)),
                             MIMIC_FB_REFERENCE,
                             {is_coded ? 4 : 0, 0, 0},
                             MIMIC_FB_REFERENCE};
    const size_t table = mimic__fb_table(fb, slots, 6);
    mimic__fb_link(fb, slots[0].place, mimic__fb_string(fb, field->name));
    mimic__fb_link(fb, slots[3].place, add_shape_type(fb, kind));
    if (is_coded)
        mimic__fb_link(fb, slots[4].place,
                       add_encoding(fb, index, (size_t)8 << (field->kind - MIMIC_IPC_INT8)));
    const size_t children = mimic__fb_references(fb, kind == MIMIC_IPC_UTF8_LIST);
    mimic__fb_link(fb, slots[5].place, children);
    if (kind == MIMIC_IPC_UTF8_LIST)
        mimic__fb_link(fb, mimic__fb_element(children, 0), add_shape_field(fb, &item, 0));
    return table;
}

static size_t add_shape(mimic_buffer *fb, const mimic_ipc_shape *shape)
{
    mimic_fb_slot slots[] = {MIMIC_FB_SHORT(host_is_big_endian()), MIMIC_FB_REFERENCE};
    const size_t schema = mimic__fb_table(fb, slots, 2);
    const size_t fields = mimic__fb_references(fb, shape->field_count);
    mimic__fb_link(fb, slots[1].place, fields);
    for (size_t i = 0; i < shape->field_count; i++)
        mimic__fb_link(fb, mimic__fb_element(fields, i),
                       add_shape_field(fb, &shape->fields[i], i));
    return schema;
}

void mimic__ipc_shape_message(mimic_buffer *fb, const mimic_ipc_shape *shape)
{
    const size_t header = add_message(fb, HEADER_SCHEMA, 0);
    mimic__fb_link(fb, header, add_shape(fb, shape));
}

void mimic__ipc_shape_footer(mimic_buffer *fb, const mimic_ipc_shape *shape,
                             const mimic_buffer *dictionary_blocks,
                             const mimic_buffer *batch_blocks)
{
    mimic_fb_slot slots[4];
    begin_footer(fb, slots);
    mimic__fb_link(fb, slots[1].place, add_shape(fb, shape));
    mimic__fb_link(fb, slots[2].place, add_blocks(fb, dictionary_blocks));
    mimic__fb_link(fb, slots[3].place, add_blocks(fb, batch_blocks));
}
