/*
 * JSON of configuration files: a tree in an arena, every value with its line and column. Made for
 * packages and maps of some megabytes, not for data.
 */
#ifndef MIMIC_JSON_JSON_H
#define MIMIC_JSON_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define MIMIC_JSON_MAX_BYTES (64u * 1024 * 1024)
#define MIMIC_JSON_MAX_DEPTH 64
#define MIMIC_JSON_MAX_VALUES (4u * 1024 * 1024)

typedef enum mimic_json_kind {
    MIMIC_JSON_NULL,
    MIMIC_JSON_BOOLEAN,
    MIMIC_JSON_NUMBER,
    MIMIC_JSON_STRING,
    MIMIC_JSON_ARRAY,
    MIMIC_JSON_OBJECT,
} mimic_json_kind;

typedef struct mimic_json {
    mimic_json_kind kind;
    bool truth;         /* booleans */
    uint32_t line;      /* 1-based, of the first character of the value */
    uint32_t column;    /* 1-based, in characters */
    uint32_t offset;    /* 0-based, in bytes */
    uint32_t index;     /* place among its siblings */
    size_t child_count; /* arrays and objects */
    const char *key;    /* name of a member, NULL for other values */
    const char *text;   /* strings: decoded; numbers: as they stand in the file; else "" */
    size_t text_size;
    const struct mimic_json *parent;
    const struct mimic_json *first; /* child */
    const struct mimic_json *next;  /* sibling */
} mimic_json;

/*
 * Parses an array or object. `name` stands in messages. Fails with MIMIC_ERR_JSON (line and byte
 * offset in *err, line and column in the message), MIMIC_ERR_LIMIT or MIMIC_ERR_MEMORY.
 */
mimic_status mimic__json_parse(mimic_arena *arena, const char *json, size_t size, const char *name,
                               const mimic_json **out_root, mimic_error *err);

/* Member of an object; NULL when it is not there, or when `object` is NULL or no object. */
const mimic_json *mimic__json_get(const mimic_json *object, const char *key);
/* True when the value is an integer that fits. */
bool mimic__json_int64(const mimic_json *value, int64_t *out_value);
/* "a string", "an object" … */
const char *mimic__json_kind_name(mimic_json_kind kind);
/* Appends the JSON pointer (RFC 6901) of a value; "" for the root. */
void mimic__json_pointer(mimic_buffer *buffer, const mimic_json *value);

#endif
