/* See import_type.h. Formats are those of the Arrow C Data Interface, "Data type description". */
#include "import/import_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/utf8.h"

#define MILLISECONDS_PER_DAY INT64_C(86400000)

typedef struct known_format {
    const char *format;
    import_kind kind;
    import_layout layout;
    size_t width;
    bool is_signed;
    int64_t multiply;
    int64_t divide;
} known_format;

static const known_format known_formats[] = {
    {"n", IMPORT_NULL, IMPORT_NOTHING, 0, false, 1, 1},
    {"b", IMPORT_BOOLEAN, IMPORT_BITS, 0, false, 1, 1},
    {"c", IMPORT_INTEGER, IMPORT_FIXED, 1, true, 1, 1},
    {"C", IMPORT_INTEGER, IMPORT_FIXED, 1, false, 1, 1},
    {"s", IMPORT_INTEGER, IMPORT_FIXED, 2, true, 1, 1},
    {"S", IMPORT_INTEGER, IMPORT_FIXED, 2, false, 1, 1},
    {"i", IMPORT_INTEGER, IMPORT_FIXED, 4, true, 1, 1},
    {"I", IMPORT_INTEGER, IMPORT_FIXED, 4, false, 1, 1},
    {"l", IMPORT_INTEGER, IMPORT_FIXED, 8, true, 1, 1},
    {"L", IMPORT_INTEGER, IMPORT_FIXED, 8, false, 1, 1},
    {"e", IMPORT_FLOAT, IMPORT_FIXED, 2, true, 1, 1},
    {"f", IMPORT_FLOAT, IMPORT_FIXED, 4, true, 1, 1},
    {"g", IMPORT_FLOAT, IMPORT_FIXED, 8, true, 1, 1},
    {"z", IMPORT_BINARY, IMPORT_OFFSETS, 4, true, 1, 1},
    {"Z", IMPORT_BINARY, IMPORT_OFFSETS, 8, true, 1, 1},
    {"vz", IMPORT_BINARY, IMPORT_VIEWS, 16, true, 1, 1},
    {"u", IMPORT_TEXT, IMPORT_OFFSETS, 4, true, 1, 1},
    {"U", IMPORT_TEXT, IMPORT_OFFSETS, 8, true, 1, 1},
    {"vu", IMPORT_TEXT, IMPORT_VIEWS, 16, true, 1, 1},
    {"tdD", IMPORT_DATE, IMPORT_FIXED, 4, true, 1, 1},
    {"tdm", IMPORT_DATE, IMPORT_FIXED, 8, true, 1, MILLISECONDS_PER_DAY},
    {"tts", IMPORT_TIME, IMPORT_FIXED, 4, true, 1000000, 1},
    {"ttm", IMPORT_TIME, IMPORT_FIXED, 4, true, 1000, 1},
    {"ttu", IMPORT_TIME, IMPORT_FIXED, 8, true, 1, 1},
    {"ttn", IMPORT_TIME, IMPORT_FIXED, 8, true, 1, 1000},
    {"tss:", IMPORT_TIMESTAMP, IMPORT_FIXED, 8, true, 1000000, 1},
    {"tsm:", IMPORT_TIMESTAMP, IMPORT_FIXED, 8, true, 1000, 1},
    {"tsu:", IMPORT_TIMESTAMP, IMPORT_FIXED, 8, true, 1, 1},
    {"tsn:", IMPORT_TIMESTAMP, IMPORT_FIXED, 8, true, 1, 1000},
};

/* ---- formats ---- */

/* "d:19,10" and "d:19,10,256". */
static bool parse_decimal(const char *text, import_type *out)
{
    char *end;
    const long precision = strtol(text, &end, 10);
    if (end == text || *end != ',')
        return false;
    text = end + 1;
    const long scale = strtol(text, &end, 10);
    if (end == text)
        return false;
    long bits = 128;
    if (*end == ',') {
        text = end + 1;
        bits = strtol(text, &end, 10);
    }
    if (*end != '\0' || (bits != 32 && bits != 64 && bits != 128 && bits != 256) || precision < 1 ||
        precision > 76 || scale < -76 || scale > 76)
        return false;
    out->kind = IMPORT_DECIMAL;
    out->layout = IMPORT_FIXED;
    out->width = (size_t)bits / 8;
    out->precision = (int32_t)precision;
    out->scale = (int32_t)scale;
    return true;
}

/* "w:42": that many bytes a value. */
static bool parse_fixed_binary(const char *text, import_type *out)
{
    char *end;
    const long width = strtol(text, &end, 10);
    if (end == text || *end != '\0' || width < 0 || width > INT32_MAX)
        return false;
    out->kind = IMPORT_BINARY;
    out->layout = IMPORT_FIXED;
    out->width = (size_t)width;
    return true;
}

static bool parse_format(const char *format, import_type *out)
{
    if (strncmp(format, "d:", 2) == 0)
        return parse_decimal(format + 2, out);
    if (strncmp(format, "w:", 2) == 0)
        return parse_fixed_binary(format + 2, out);
    for (size_t i = 0; i < sizeof known_formats / sizeof known_formats[0]; i++) {
        const known_format *const known = &known_formats[i];
        const bool is_timestamp = known->kind == IMPORT_TIMESTAMP;
        if (is_timestamp ? strncmp(format, known->format, 4) != 0
                         : strcmp(format, known->format) != 0)
            continue;
        out->kind = known->kind;
        out->layout = known->layout;
        out->width = known->width;
        out->is_signed = known->is_signed;
        out->multiply = known->multiply;
        out->divide = known->divide;
        out->has_zone = is_timestamp && format[4] != '\0';
        return true;
    }
    return false;
}

/* What a format that the library cannot take is called. */
static const char *kind_name(const char *format)
{
    static const struct {
        const char *prefix;
        const char *name;
    } names[] = {{"+s", "struct"},      {"+l", "list"},      {"+L", "large list"},
                 {"+vl", "list view"},  {"+vL", "list view"}, {"+w", "fixed-size list"},
                 {"+m", "map"},         {"+u", "union"},     {"+r", "run-end encoded"},
                 {"tD", "duration"},    {"ti", "interval"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(format, names[i].prefix, strlen(names[i].prefix)) == 0)
            return names[i].name;
    return "unknown";
}

/* ---- the schema ---- */

static mimic_status read_field(mimic_arena *arena, const struct ArrowSchema *schema,
                               import_type *type, bool *out_is_known, mimic_error *err)
{
    *out_is_known = true;
    type->name = mimic__arena_strdup(arena, schema->name == NULL ? "" : schema->name);
    type->format = mimic__arena_strdup(arena, schema->format);
    if (type->name == NULL || type->format == NULL)
        return mimic__fail_memory(err);
    type->is_nullable = (schema->flags & ARROW_FLAG_NULLABLE) != 0;
    type->multiply = 1;
    type->divide = 1;
    *out_is_known = parse_format(type->format, type);
    if (!*out_is_known || schema->dictionary == NULL)
        return MIMIC_OK;
    import_type *const values = mimic__arena_alloc(arena, sizeof *values);
    if (values == NULL)
        return mimic__fail_memory(err);
    *values = (import_type){0};
    bool is_known;
    if (schema->dictionary->format == NULL || type->kind != IMPORT_INTEGER ||
        schema->dictionary->dictionary != NULL) {
        *out_is_known = false;
        return MIMIC_OK;
    }
    MIMIC_TRY(read_field(arena, schema->dictionary, values, &is_known, err));
    *out_is_known = is_known;
    type->format = values->format;
    type->dictionary = values;
    return MIMIC_OK;
}

static mimic_status refuse(const char *name, const import_type *type, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_DRIFT,
                "%s: column \"%s\" has the Arrow type %s (format \"%.40s\"), which no field can "
                "hold; turn it into plain columns, or leave it out",
                name, type->name, kind_name(type->format), type->format);
    mimic__error_place(err, name, -1, -1, -1, type->name);
    return MIMIC_ERR_DRIFT;
}

mimic_status mimic__import_read_schema(mimic_arena *arena, const struct ArrowSchema *schema,
                                       const char *name, import_wants wants, const void *wants_ctx,
                                       const import_type ***out_types, mimic_error *err)
{
    if (schema->format == NULL || strcmp(schema->format, "+s") != 0)
        return mimic__fail(err, MIMIC_ERR_DRIFT,
                           "%s: a stream of rows (format \"+s\") was expected, not of \"%.40s\"", name,
                           schema->format == NULL ? "" : schema->format);
    if (schema->n_children < 0 || schema->n_children > IMPORT_MAX_COLUMNS ||
        (schema->n_children > 0 && schema->children == NULL))
        return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s: a schema of %lld columns; at most %d are "
                           "possible", name, (long long)schema->n_children, IMPORT_MAX_COLUMNS);
    const size_t count = (size_t)schema->n_children;
    const import_type **types = mimic__arena_array(arena, count + 1, sizeof *types);
    if (types == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        import_type *const type = mimic__arena_alloc(arena, sizeof *type);
        const struct ArrowSchema *const child = schema->children[i];
        bool is_known;
        if (type == NULL)
            return mimic__fail_memory(err);
        *type = (import_type){0};
        if (child == NULL || child->format == NULL)
            return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s: column %zu has no type", name, i + 1);
        MIMIC_TRY(read_field(arena, child, type, &is_known, err));
        if (!is_known && wants(wants_ctx, type->name))
            return refuse(name, type, err);
        types[i] = type;
    }
    *out_types = types;
    return MIMIC_OK;
}

bool mimic__import_fits(const import_type *type, mimic_type target)
{
    const import_type *const leaf = mimic__import_leaf(type);
    const bool is_text = target == MIMIC_TYPE_STRING || target == MIMIC_TYPE_CATEGORICAL;
    const bool is_integer = target == MIMIC_TYPE_INT16 || target == MIMIC_TYPE_INT32 ||
                            target == MIMIC_TYPE_INT64;
    const bool is_number = is_integer || target == MIMIC_TYPE_FLOAT32 ||
                           target == MIMIC_TYPE_FLOAT64 || target == MIMIC_TYPE_DECIMAL;
    switch (leaf->kind) {
    case IMPORT_NULL:
    case IMPORT_TEXT:
        return true;
    case IMPORT_BOOLEAN:
        return is_text || is_integer || target == MIMIC_TYPE_BOOLEAN;
    case IMPORT_INTEGER:
        return is_text || is_number || target == MIMIC_TYPE_BOOLEAN;
    case IMPORT_FLOAT:
    case IMPORT_DECIMAL:
        return is_text || is_number;
    case IMPORT_DATE:
        return is_text || target == MIMIC_TYPE_DATE || target == MIMIC_TYPE_TIMESTAMP;
    case IMPORT_TIME:
        return is_text || target == MIMIC_TYPE_TIME;
    case IMPORT_TIMESTAMP:
        return is_text || (leaf->has_zone ? target == MIMIC_TYPE_TIMESTAMPTZ
                                          : target == MIMIC_TYPE_TIMESTAMP ||
                                                target == MIMIC_TYPE_DATE);
    default:
        return target == MIMIC_TYPE_BINARY;
    }
}

/* ---- the stream's own schema ---- */

static mimic_type integer_type(const import_type *type)
{
    const size_t needed = type->is_signed || type->width == 8 ? type->width : 2 * type->width;
    return needed <= 2 ? MIMIC_TYPE_INT16 : needed == 4 ? MIMIC_TYPE_INT32 : MIMIC_TYPE_INT64;
}

static mimic_type own_type(const import_type *type)
{
    const import_type *const leaf = mimic__import_leaf(type);
    switch (leaf->kind) {
    case IMPORT_BOOLEAN:
        return MIMIC_TYPE_BOOLEAN;
    case IMPORT_INTEGER:
        return integer_type(leaf);
    case IMPORT_FLOAT:
        return leaf->width == 8 ? MIMIC_TYPE_FLOAT64 : MIMIC_TYPE_FLOAT32;
    case IMPORT_DECIMAL:
        return MIMIC_TYPE_DECIMAL;
    case IMPORT_DATE:
        return MIMIC_TYPE_DATE;
    case IMPORT_TIME:
        return MIMIC_TYPE_TIME;
    case IMPORT_TIMESTAMP:
        return leaf->has_zone ? MIMIC_TYPE_TIMESTAMPTZ : MIMIC_TYPE_TIMESTAMP;
    case IMPORT_BINARY:
        return MIMIC_TYPE_BINARY;
    default:
        return leaf->kind == IMPORT_TEXT && type->dictionary != NULL ? MIMIC_TYPE_CATEGORICAL
                                                                     : MIMIC_TYPE_STRING;
    }
}

static mimic_field own_field(const import_type *type)
{
    const import_type *const leaf = mimic__import_leaf(type);
    mimic_field field = mimic__field_plain(type->name, own_type(type));
    field.precision = leaf->precision;
    field.scale = leaf->scale;
    field.is_required = !type->is_nullable && leaf->kind != IMPORT_NULL;
    return field;
}

/* A name as schemas may have them, see schema_read_table.c. */
static bool is_name(const char *name, size_t most)
{
    const size_t size = strlen(name);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return size > 0 && size <= most && mimic__utf8_check(name, size) == size;
}

static mimic_status check_own_field(const char *name, const import_type *type, mimic_error *err)
{
    const import_type *const leaf = mimic__import_leaf(type);
    if (!is_name(type->name, 1024))
        return mimic__fail(err, MIMIC_ERR_DRIFT,
                           "%s: a column has a name that no field can have: 1 to 1,024 bytes of UTF-8 "
                           "without control characters are possible", name);
    if (leaf->kind == IMPORT_DECIMAL &&
        (leaf->precision > 38 || leaf->scale < 0 || leaf->scale > leaf->precision))
        return mimic__fail(err, MIMIC_ERR_DRIFT,
                           "%s: column \"%s\" is a decimal(%d,%d); precisions of 1 to 38 and "
                           "scales of 0 to the precision are possible",
                           name, type->name, (int)leaf->precision, (int)leaf->scale);
    return MIMIC_OK;
}

mimic_status mimic__import_own_table(mimic_arena *arena, const char *name,
                                     const import_type *const *types, size_t count,
                                     const mimic_table **out_table, mimic_error *err)
{
    mimic_table *const table = mimic__arena_alloc(arena, sizeof *table);
    mimic_field *const fields = mimic__arena_array(arena, count + 1, sizeof *fields);
    const char *const table_name = mimic__arena_strdup(arena, name);
    if (table == NULL || fields == NULL || table_name == NULL)
        return mimic__fail_memory(err);
    if (!is_name(name, 200))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the name of a stream that is to name its table has 1 to 200 bytes of UTF-8 "
                           "without control characters");
    for (size_t i = 0; i < count; i++) {
        MIMIC_TRY(check_own_field(name, types[i], err));
        fields[i] = own_field(types[i]);
    }
    *table = (mimic_table){.name = table_name,
                           .title = "",
                           .description = "",
                           .module = "",
                           .path = "",
                           .dataset = "",
                           .version = "",
                           .fields = fields,
                           .field_count = count};
    *out_table = table;
    return MIMIC_OK;
}
