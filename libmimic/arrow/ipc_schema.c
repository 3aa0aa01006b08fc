/*
 * See ipc_schema.h. Slots are numbered as the fields stand in format/Schema.fbs; a union takes two,
 * its type first. Nested columns and the few types without a home here are refused by name, or passed
 * over where the reader asks for that.
 */
#include "arrow/ipc_schema.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* union Type */
enum arrow_type {
    TYPE_NULL = 1,
    TYPE_INT,
    TYPE_FLOATING_POINT,
    TYPE_BINARY,
    TYPE_UTF8,
    TYPE_BOOL,
    TYPE_DECIMAL,
    TYPE_DATE,
    TYPE_TIME,
    TYPE_TIMESTAMP,
    TYPE_INTERVAL,
    TYPE_LIST,
    TYPE_STRUCT,
    TYPE_UNION,
    TYPE_FIXED_SIZE_BINARY,
    TYPE_FIXED_SIZE_LIST,
    TYPE_MAP,
    TYPE_DURATION,
    TYPE_LARGE_BINARY,
    TYPE_LARGE_UTF8,
    TYPE_LARGE_LIST,
    TYPE_RUN_END_ENCODED,
    TYPE_BINARY_VIEW,
    TYPE_UTF8_VIEW,
    TYPE_LIST_VIEW,
    TYPE_LARGE_LIST_VIEW,
    TYPE_COUNT
};

static const char *const TYPE_NAMES[TYPE_COUNT] = {
    "nothing", "null", "int", "floating point", "binary", "utf8", "bool", "decimal", "date", "time",
    "timestamp", "interval", "list", "struct", "union", "fixed-size binary", "fixed-size list",
    "map", "duration", "large binary", "large utf8", "large list", "run-end encoded", "binary view",
    "utf8 view", "list view", "large list view"};

#define NAME_BYTES_MAX 4096
#define FIXED_BYTES_MAX ((uint64_t)1 << 20)
#define NESTING_MAX 16

mimic_status mimic__ipc_fail_damaged(const char *name, const char *what, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s is no sound Arrow file: %s", name, what);
}

static int64_t number(mimic_fb_view *view, size_t table, size_t slot, size_t size, int64_t absent)
{
    const uint64_t value = mimic__fb_number(view, table, slot, size, (uint64_t)absent);
    if (size == 2)
        return (int16_t)(uint16_t)value;
    return size == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

/* ---- types; each returns false for a form that the library has no type for ---- */

static bool read_int(mimic_fb_view *view, size_t type, mimic_ipc_source_field *field)
{
    const int64_t bits = number(view, type, 0, 4, 0);
    field->is_signed = mimic__fb_number(view, type, 1, 1, 0) != 0;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
        return false;
    field->width = (size_t)bits / 8;
    const size_t needed = field->is_signed || field->width == 8 ? field->width : 2 * field->width;
    field->type = needed <= 2 ? MIMIC_TYPE_INT16
                              : needed == 4 ? MIMIC_TYPE_INT32 : MIMIC_TYPE_INT64;
    return true;
}

static bool read_float(mimic_fb_view *view, size_t type, mimic_ipc_source_field *field)
{
    const int64_t precision = number(view, type, 0, 2, 0);
    field->width = precision == 1 ? 4 : 8;
    field->type = precision == 1 ? MIMIC_TYPE_FLOAT32 : MIMIC_TYPE_FLOAT64;
    return precision == 1 || precision == 2;
}

static bool read_decimal(mimic_fb_view *view, size_t type, mimic_ipc_source_field *field)
{
    const int64_t precision = number(view, type, 0, 4, 0);
    const int64_t scale = number(view, type, 1, 4, 0);
    field->type = MIMIC_TYPE_DECIMAL;
    field->precision = (int32_t)precision;
    field->scale = (int32_t)scale;
    field->width = 16;
    return number(view, type, 2, 4, 128) == 128 && precision >= 1 && precision <= 38 &&
           scale >= 0 && scale <= precision;
}

static bool read_date(mimic_fb_view *view, size_t type, mimic_ipc_source_field *field)
{
    const int64_t unit = number(view, type, 0, 2, 1);
    field->type = MIMIC_TYPE_DATE;
    field->is_signed = true;
    field->width = unit == 0 ? 4 : 8;
    field->divide = unit == 0 ? 1 : INT64_C(86400000);
    return unit == 0 || unit == 1;
}

/* TimeUnit: seconds, milliseconds, microseconds, nanoseconds. */
static bool set_unit(mimic_ipc_source_field *field, int64_t unit)
{
    field->is_signed = true;
    field->multiply = unit == 0 ? 1000000 : unit == 1 ? 1000 : 1;
    field->divide = unit == 3 ? 1000 : 1;
    return unit >= 0 && unit <= 3;
}

static bool read_time(mimic_fb_view *view, size_t type, mimic_ipc_source_field *field)
{
    const int64_t bits = number(view, type, 1, 4, 32);
    field->type = MIMIC_TYPE_TIME;
    field->width = bits == 32 ? 4 : 8;
    return set_unit(field, number(view, type, 0, 2, 1)) && (bits == 32 || bits == 64);
}

static bool read_timestamp(mimic_fb_view *view, size_t type, mimic_ipc_source_field *field)
{
    size_t zone_size = 0;
    const char *zone = mimic__fb_text(view, type, 1, &zone_size);
    field->type = zone != NULL && zone_size > 0 ? MIMIC_TYPE_TIMESTAMPTZ : MIMIC_TYPE_TIMESTAMP;
    field->width = 8;
    return set_unit(field, number(view, type, 0, 2, 0));
}

static void set_bytes(mimic_ipc_source_field *field, mimic_type type, mimic_ipc_layout layout,
                      size_t width)
{
    field->type = type;
    field->layout = layout;
    field->width = width;
}

static bool read_type(mimic_fb_view *view, uint64_t type_number, size_t type,
                      mimic_ipc_source_field *field)
{
    field->layout = MIMIC_IPC_FIXED;
    field->multiply = field->divide = 1;
    switch (type_number) {
    case TYPE_NULL:
        set_bytes(field, MIMIC_TYPE_STRING, MIMIC_IPC_NULLS, 0);
        return true;
    case TYPE_INT:
        return read_int(view, type, field);
    case TYPE_FLOATING_POINT:
        return read_float(view, type, field);
    case TYPE_BINARY:
    case TYPE_LARGE_BINARY:
        set_bytes(field, MIMIC_TYPE_BINARY, MIMIC_IPC_OFFSETS, type_number == TYPE_BINARY ? 4 : 8);
        return true;
    case TYPE_UTF8:
    case TYPE_LARGE_UTF8:
        set_bytes(field, MIMIC_TYPE_STRING, MIMIC_IPC_OFFSETS, type_number == TYPE_UTF8 ? 4 : 8);
        return true;
    case TYPE_BINARY_VIEW:
        set_bytes(field, MIMIC_TYPE_BINARY, MIMIC_IPC_VIEWS, 16);
        return true;
    case TYPE_UTF8_VIEW:
        set_bytes(field, MIMIC_TYPE_STRING, MIMIC_IPC_VIEWS, 16);
        return true;
    case TYPE_FIXED_SIZE_BINARY:
        set_bytes(field, MIMIC_TYPE_BINARY, MIMIC_IPC_FIXED, 0);
        field->width = (size_t)mimic__fb_number(view, type, 0, 4, 0);
        return field->width > 0 && field->width <= FIXED_BYTES_MAX;
    case TYPE_BOOL:
        set_bytes(field, MIMIC_TYPE_BOOLEAN, MIMIC_IPC_BITS, 0);
        return true;
    case TYPE_DECIMAL:
        return read_decimal(view, type, field);
    case TYPE_DATE:
        return read_date(view, type, field);
    case TYPE_TIME:
        return read_time(view, type, field);
    case TYPE_TIMESTAMP:
        return read_timestamp(view, type, field);
    default:
        return false;
    }
}

/* Only texts are coded in this library's files, and categories are texts. */
static bool read_encoding(mimic_fb_view *view, size_t encoding, mimic_ipc_source_field *field)
{
    mimic_ipc_source_field code = {.width = 4, .is_signed = true};
    const size_t index_type = mimic__fb_object(view, encoding, 1);
    field->is_coded = true;
    field->dictionary = number(view, encoding, 0, 8, 0);
    const bool is_known = index_type == 0 || read_int(view, index_type, &code);
    field->code_width = code.width;
    field->code_is_signed = code.is_signed;
    const bool is_text = field->type == MIMIC_TYPE_STRING && field->layout != MIMIC_IPC_NULLS;
    field->type = MIMIC_TYPE_CATEGORICAL;
    return is_known && is_text;
}

/* ---- fields ---- */

/* A text of the metadata, where it is one that can be shown: many references may lead to one text, so
 * that a copy of each must be small. */
static const char *copy_text(mimic_arena *arena, const char *text, size_t size)
{
    const bool is_text = text != NULL && size <= NAME_BYTES_MAX && memchr(text, '\0', size) == NULL &&
                         mimic__utf8_check(text, size) == size;
    return mimic__arena_strndup(arena, is_text ? text : "", is_text ? size : 0);
}

/* Buffers of a column of one of our types, without those that a column of views has more. */
static void count_parts(mimic_ipc_source_field *field)
{
    const bool is_plain = !field->is_coded;
    field->node_count = 1;
    field->span_count = field->layout == MIMIC_IPC_NULLS ? 0 : 2;
    field->span_count += is_plain && field->layout == MIMIC_IPC_OFFSETS;
    field->view_count = is_plain && field->layout == MIMIC_IPC_VIEWS;
}

/* Buffers of a column of another type, its children's not among them. */
static size_t spans_of(mimic_fb_view *view, uint64_t type_number, size_t type)
{
    switch (type_number) {
    case TYPE_NULL:
    case TYPE_RUN_END_ENCODED:
        return 0;
    case TYPE_STRUCT:
    case TYPE_FIXED_SIZE_LIST:
        return 1;
    case TYPE_UNION:
        return mimic__fb_number(view, type, 0, 2, 0) == 0 ? 1 : 2;
    case TYPE_BINARY:
    case TYPE_UTF8:
    case TYPE_LARGE_BINARY:
    case TYPE_LARGE_UTF8:
    case TYPE_LIST_VIEW:
    case TYPE_LARGE_LIST_VIEW:
        return 3;
    default:
        return 2;
    }
}

/* Counts what a column of any type takes, children included. Many references may lead to one child, so
 * that the count is what bounds the work. False for what is too large or unheard of. */
static bool count_any(mimic_fb_view *view, size_t place, int depth, mimic_ipc_source_field *field)
{
    const uint64_t type_number = mimic__fb_number(view, place, 2, 1, 0);
    const size_t type = mimic__fb_object(view, place, 3);
    const mimic_fb_vector children = mimic__fb_elements(view, place, 5, 4);
    if (place == 0 || depth > NESTING_MAX || view->is_damaged || type_number == 0 ||
        type_number >= TYPE_COUNT || ++field->node_count > MIMIC_IPC_MAX_COLUMNS)
        return false;
    if (mimic__fb_object(view, place, 4) != 0) { /* codes: its children are the dictionary's */
        field->span_count += 2;
        return true;
    }
    field->span_count += spans_of(view, type_number, type);
    field->view_count += type_number == TYPE_BINARY_VIEW || type_number == TYPE_UTF8_VIEW;
    for (size_t i = 0; i < children.count; i++)
        if (!count_any(view, mimic__fb_element_object(view, &children, i), depth + 1, field))
            return false;
    return true;
}

/* What the lists of a column are of, when that is texts; NULL when it is anything else. */
static mimic_status read_item(mimic_arena *arena, mimic_fb_view *view, size_t place,
                              const mimic_ipc_source_field **out_item, mimic_error *err)
{
    const mimic_fb_vector children = mimic__fb_elements(view, place, 5, 4);
    *out_item = NULL;
    if (children.count != 1)
        return MIMIC_OK;
    const size_t child = mimic__fb_element_object(view, &children, 0);
    const uint64_t type_number = mimic__fb_number(view, child, 2, 1, 0);
    const bool is_text = type_number == TYPE_UTF8 || type_number == TYPE_LARGE_UTF8;
    if (!is_text || mimic__fb_object(view, child, 4) != 0)
        return MIMIC_OK;
    mimic_ipc_source_field *item = mimic__arena_alloc(arena, sizeof *item);
    if (item == NULL)
        return mimic__fail_memory(err);
    (void)read_type(view, type_number, 0, item);
    count_parts(item);
    item->name = "item";
    *out_item = item;
    return MIMIC_OK;
}

static mimic_status read_any(mimic_arena *arena, const mimic_ipc_schema_place *at, size_t place,
                             mimic_ipc_source_field *field, mimic_error *err)
{
    mimic_fb_view *view = at->view;
    const uint64_t type_number = mimic__fb_number(view, place, 2, 1, 0);
    const bool is_coded = mimic__fb_object(view, place, 4) != 0;
    *field = (mimic_ipc_source_field){
        .name = field->name, .is_required = field->is_required, .layout = MIMIC_IPC_OTHER};
    if (!count_any(view, place, 0, field))
        return mimic__ipc_fail_damaged(at->name, "its schema is damaged, or nested too deep", err);
    if (!is_coded && (type_number == TYPE_LIST || type_number == TYPE_LARGE_LIST)) {
        MIMIC_TRY(read_item(arena, view, place, &field->item, err));
        field->width = type_number == TYPE_LIST ? 4 : 8;
        field->layout = field->item == NULL ? MIMIC_IPC_OTHER : MIMIC_IPC_LISTS;
    }
    return MIMIC_OK;
}

static mimic_status read_field(mimic_arena *arena, const mimic_ipc_schema_place *at, size_t place,
                               mimic_ipc_source_field *field, mimic_error *err)
{
    size_t size = 0;
    mimic_fb_view *view = at->view;
    const char *text = mimic__fb_text(view, place, 0, &size);
    const uint64_t type_number = mimic__fb_number(view, place, 2, 1, 0);
    const size_t type = mimic__fb_object(view, place, 3);
    const size_t encoding = mimic__fb_object(view, place, 4);
    const char *field_name = copy_text(arena, text, size);
    if (field_name == NULL)
        return mimic__fail_memory(err);
    field->name = field_name;
    field->is_required = mimic__fb_number(view, place, 1, 1, 0) == 0;
    bool is_known = mimic__fb_elements(view, place, 5, 4).count == 0 &&
                    read_type(view, type_number, type, field);
    if (encoding != 0 && is_known)
        is_known = read_encoding(view, encoding, field);
    if (view->is_damaged)
        return mimic__ipc_fail_damaged(at->name, "its schema is damaged", err);
    count_parts(field);
    if (is_known)
        return MIMIC_OK;
    if (at->takes_any)
        return read_any(arena, at, place, field, err);
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "%s, column \"%s\": its Arrow type (%s%s) has no counterpart here", at->name,
                       field_name, encoding != 0 ? "dictionary of " : "",
                       TYPE_NAMES[type_number < TYPE_COUNT ? type_number : 0]);
}

/* ---- metadata ---- */

static mimic_status read_pairs(mimic_arena *arena, mimic_fb_view *view, size_t schema,
                               mimic_ipc_schema *out, mimic_error *err)
{
    const struct {
        const char *key;
        const char **value;
    } wanted[] = {{"mimic:dataset", &out->dataset},
                  {"mimic:version", &out->version},
                  {"mimic:table", &out->table}};
    const mimic_fb_vector pairs = mimic__fb_elements(view, schema, 2, 4);
    for (size_t i = 0; i < pairs.count; i++) {
        size_t key_size = 0;
        size_t value_size = 0;
        const size_t pair = mimic__fb_element_object(view, &pairs, i);
        const char *key = mimic__fb_text(view, pair, 0, &key_size);
        const char *value = mimic__fb_text(view, pair, 1, &value_size);
        for (size_t k = 0; key != NULL && k < sizeof wanted / sizeof wanted[0]; k++)
            if (strlen(wanted[k].key) == key_size && memcmp(key, wanted[k].key, key_size) == 0 &&
                **wanted[k].value == '\0') {
                const char *copy = copy_text(arena, value, value_size);
                if (copy == NULL)
                    return mimic__fail_memory(err);
                *wanted[k].value = copy;
            }
    }
    return MIMIC_OK;
}

static bool host_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

mimic_status mimic__ipc_read_schema(mimic_arena *arena, const mimic_ipc_schema_place *place,
                                    mimic_ipc_schema *out_schema, mimic_error *err)
{
    mimic_fb_view *view = place->view;
    *out_schema = (mimic_ipc_schema){.dataset = "", .version = "", .table = ""};
    if (number(view, place->place, 0, 2, 0) != host_is_big_endian())
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "%s was written with the other order of bytes", place->name);
    const mimic_fb_vector fields = mimic__fb_elements(view, place->place, 1, 4);
    if (place->place == 0 || view->is_damaged)
        return mimic__ipc_fail_damaged(place->name, "it has no schema", err);
    if (fields.count > MIMIC_IPC_MAX_COLUMNS)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "%s has %zu columns; at most %d are read",
                           place->name, fields.count, MIMIC_IPC_MAX_COLUMNS);
    mimic_ipc_source_field *list = mimic__arena_array(arena, fields.count + 1, sizeof *list);
    if (list == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < fields.count; i++)
        MIMIC_TRY(read_field(arena, place, mimic__fb_element_object(view, &fields, i), &list[i],
                             err));
    MIMIC_TRY(read_pairs(arena, view, place->place, out_schema, err));
    if (view->is_damaged)
        return mimic__ipc_fail_damaged(place->name, "its metadata is damaged", err);
    out_schema->fields = list;
    out_schema->field_count = fields.count;
    return MIMIC_OK;
}
