/*
 * What an ArrowSchema says of a column, as far as the library can take its values: how they lie in
 * memory and what they mean. Other types (struct, list, duration, …) are refused with their name.
 */
#ifndef MIMIC_IMPORT_TYPE_H
#define MIMIC_IMPORT_TYPE_H

#include <stdbool.h>

#include <mimic/arrow.h>

#include "schema/schema_model.h"

typedef enum import_kind {
    IMPORT_NULL,
    IMPORT_BOOLEAN,
    IMPORT_INTEGER,
    IMPORT_FLOAT,
    IMPORT_DECIMAL,
    IMPORT_DATE,
    IMPORT_TIME,
    IMPORT_TIMESTAMP,
    IMPORT_TEXT,
    IMPORT_BINARY
} import_kind;

typedef enum import_layout {
    IMPORT_NOTHING, /* no buffer at all */
    IMPORT_BITS,
    IMPORT_FIXED,   /* `width` bytes a value */
    IMPORT_OFFSETS, /* offsets of `width` bytes, then bytes */
    IMPORT_VIEWS    /* 16 bytes a value, then buffers of bytes */
} import_layout;

typedef struct import_type {
    const char *name;
    const char *format; /* as the stream says it */
    bool is_nullable;
    bool is_wanted; /* as `wants` says */
    import_kind kind;
    import_layout layout;
    size_t width;
    bool is_signed;
    bool has_zone;     /* timestamps */
    int64_t multiply;  /* dates and times: a value times this, divided by that, is in days or */
    int64_t divide;    /* microseconds */
    int32_t precision; /* decimals */
    int32_t scale;
    const struct import_type *dictionary; /* type of the values; NULL = this is not coded. `layout`,
                                           * `width` and `is_signed` are the codes' */
} import_type;

#define IMPORT_MAX_COLUMNS 16384

/*
 * Reads the schema of a stream; texts are copied into the arena. `name` stands in messages.
 * MIMIC_ERR_CORRUPT; MIMIC_ERR_DRIFT for a column of a type that the library cannot take, unless
 * `wants` says that nobody wants it: its type stays zeroed, with its name.
 */
typedef bool (*import_wants)(const void *ctx, const char *column);
mimic_status mimic__import_read_schema(mimic_arena *arena, const struct ArrowSchema *schema,
                                       const char *name, import_wants wants, const void *wants_ctx,
                                       const import_type ***out_types, mimic_error *err);

/* The type of the values, behind a dictionary if there is one. */
static inline const import_type *mimic__import_leaf(const import_type *type)
{
    return type->dictionary == NULL ? type : type->dictionary;
}

/* Can values of this type be values of a field? Of one of the pairs where some can. */
bool mimic__import_fits(const import_type *type, mimic_type target);

/* The stream's own schema as a table in the arena. MIMIC_ERR_DRIFT for a type without counterpart. */
mimic_status mimic__import_own_table(mimic_arena *arena, const char *name,
                                     const import_type *const *types, size_t count,
                                     const mimic_table **out_table, mimic_error *err);

#endif
