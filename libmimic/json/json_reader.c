/*
 * Reads JSON; the only user of jansson.
 *
 * jansson decides what is well-formed, decodes strings and says where a syntax fault is, but keeps
 * no positions of values. They come from a second scan that walks through the same text beside
 * jansson's tree: both have the same order (jansson keeps the order of members), and in text that
 * is known to be well-formed a scan needs no grammar, only the ends of strings and brackets. That
 * is less code than a parser of our own, and one implementation of the grammar.
 *
 * Depth and number of values are bounded before jansson sees the text, since it recurses and takes
 * some ten bytes of memory for one of text. jansson's own short-lived memory comes from malloc, not
 * from the context: json_set_alloc_funcs is a setting of the whole process and is left alone.
 */
#include "json/json.h"

#include <stdio.h>

#include <jansson.h>

#include "base/utf8.h"

/* ---- positions ---- */

/* A point in the text. */
typedef struct cursor {
    const char *text;
    size_t size;
    size_t offset;
    uint32_t line;
    uint32_t column;
} cursor;

static void advance_to(cursor *at, size_t offset)
{
    for (; at->offset < offset; at->offset++) {
        const unsigned char byte = (unsigned char)at->text[at->offset];
        if (byte == '\n') {
            at->line++;
            at->column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            at->column++;
        }
    }
}

static mimic_status fail_at(const char *json, size_t size, size_t offset, const char *name,
                            const char *reason, mimic_error *err)
{
    cursor at = {json, size, 0, 1, 1};
    advance_to(&at, offset < size ? offset : size);
    const mimic_status status =
        mimic__fail(err, MIMIC_ERR_JSON, "%s: line %u, column %u: not well-formed JSON: %s", name,
                    at.line, at.column, reason);
    mimic__error_place(err, name, -1, at.line, (int64_t)at.offset, NULL);
    return status;
}

/* ---- tokens ---- */

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_punctuation(char byte)
{
    return byte == ',' || byte == ':' || byte == '[' || byte == ']' || byte == '{' || byte == '}';
}

/* One past the token that begins at `start`; a string may end at the end of the text. */
static size_t token_end(const char *json, size_t size, size_t start)
{
    size_t i = start + 1;
    if (json[start] == '"') {
        while (i < size && json[i] != '"')
            i += json[i] == '\\' ? 2 : 1;
        return i < size ? i + 1 : size;
    }
    if (is_punctuation(json[start]))
        return i;
    while (i < size && !is_space(json[i]) && !is_punctuation(json[i]) && json[i] != '"')
        i++;
    return i;
}

static size_t skip_space(const char *json, size_t size, size_t start)
{
    while (start < size && is_space(json[start]))
        start++;
    return start;
}

/* jansson's positions are ends of what it has read; people look for the start of the token. */
static size_t token_start(const char *json, size_t size, size_t position)
{
    size_t start = skip_space(json, size, 0);
    while (start < size) {
        const size_t end = token_end(json, size, start);
        if (end >= position)
            return start;
        start = skip_space(json, size, end);
    }
    return size;
}

/* ---- limits ---- */

static mimic_status check_limits(const char *json, size_t size, const char *name, mimic_error *err)
{
    if (size > MIMIC_JSON_MAX_BYTES)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: more than %u MiB of JSON", name,
                           MIMIC_JSON_MAX_BYTES / 1024 / 1024);
    const size_t good = mimic__utf8_check(json, size);
    if (good < size)
        return fail_at(json, size, good, name, "a byte that is not UTF-8", err);
    if (size >= 3 && memcmp(json, "\xef\xbb\xbf", 3) == 0)
        return fail_at(json, size, 0, name, "a byte order mark; save the file without it", err);
    size_t depth = 0;
    size_t values = 0;
    for (size_t i = skip_space(json, size, 0); i < size;
         i = skip_space(json, size, token_end(json, size, i))) {
        if (json[i] == '[' || json[i] == '{')
            depth++;
        else if ((json[i] == ']' || json[i] == '}') && depth > 0)
            depth--;
        if (depth > MIMIC_JSON_MAX_DEPTH)
            return fail_at(json, size, i, name, "more than 64 levels of nesting", err);
        if (++values > MIMIC_JSON_MAX_VALUES)
            return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: more than %u tokens of JSON", name,
                               MIMIC_JSON_MAX_VALUES);
    }
    return MIMIC_OK;
}

/* ---- the tree ---- */

/* A container whose children are being visited. */
typedef struct frame {
    json_t *source;
    mimic_json *node;
    mimic_json *last;
    void *member; /* jansson's iterator, objects only */
} frame;

typedef struct walk {
    mimic_arena *arena;
    cursor at;
    frame frames[MIMIC_JSON_MAX_DEPTH];
    size_t depth;
} walk;

/* To the next value or key: in well-formed text only these stand between. */
static void to_next_token(cursor *at)
{
    size_t offset = at->offset;
    while (offset < at->size &&
           (is_space(at->text[offset]) || at->text[offset] == ',' || at->text[offset] == ':' ||
            at->text[offset] == ']' || at->text[offset] == '}'))
        offset++;
    advance_to(at, offset);
}

static bool fill_value(walk *self, mimic_json *node, const json_t *source)
{
    const size_t start = self->at.offset;
    const size_t end = token_end(self->at.text, self->at.size, start);
    advance_to(&self->at, end);
    node->text = "";
    switch (json_typeof(source)) {
    case JSON_OBJECT:
        node->kind = MIMIC_JSON_OBJECT;
        break;
    case JSON_ARRAY:
        node->kind = MIMIC_JSON_ARRAY;
        break;
    case JSON_STRING:
        node->kind = MIMIC_JSON_STRING;
        node->text_size = json_string_length(source);
        node->text = mimic__arena_strndup(self->arena, json_string_value(source), node->text_size);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        node->kind = MIMIC_JSON_NUMBER;
        node->text_size = end - start;
        node->text = mimic__arena_strndup(self->arena, self->at.text + start, end - start);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = MIMIC_JSON_BOOLEAN;
        node->truth = json_is_true(source);
        break;
    case JSON_NULL:
        node->kind = MIMIC_JSON_NULL;
        break;
    }
    return node->text != NULL;
}

/* Adds the value at the cursor to the innermost container; a container becomes the innermost. */
static mimic_json *add_value(walk *self, json_t *source, const char *key)
{
    to_next_token(&self->at);
    mimic_json *node = mimic__arena_alloc(self->arena, sizeof *node);
    if (node == NULL)
        return NULL;
    node->line = self->at.line;
    node->column = self->at.column;
    node->offset = (uint32_t)self->at.offset;
    if (key != NULL && (node->key = mimic__arena_strdup(self->arena, key)) == NULL)
        return NULL;
    if (!fill_value(self, node, source))
        return NULL;
    if (self->depth > 0) {
        frame *parent = &self->frames[self->depth - 1];
        node->parent = parent->node;
        node->index = (uint32_t)parent->node->child_count++;
        if (parent->last == NULL)
            parent->node->first = node;
        else
            parent->last->next = node;
        parent->last = node;
    }
    if (node->kind == MIMIC_JSON_ARRAY || node->kind == MIMIC_JSON_OBJECT)
        self->frames[self->depth++] =
            (frame){.source = source,
                    .node = node,
                    .member = node->kind == MIMIC_JSON_OBJECT ? json_object_iter(source) : NULL};
    return node;
}

static const mimic_json *build_tree(walk *self, json_t *root_source)
{
    const mimic_json *root = add_value(self, root_source, NULL);
    const mimic_json *node = root;
    while (node != NULL && self->depth > 0) {
        frame *top = &self->frames[self->depth - 1];
        if (top->node->kind == MIMIC_JSON_OBJECT && top->member != NULL) {
            void *member = top->member;
            top->member = json_object_iter_next(top->source, member);
            to_next_token(&self->at);
            advance_to(&self->at, token_end(self->at.text, self->at.size, self->at.offset));
            node = add_value(self, json_object_iter_value(member), json_object_iter_key(member));
        } else if (top->node->child_count < json_array_size(top->source)) {
            node = add_value(self, json_array_get(top->source, top->node->child_count), NULL);
        } else {
            self->depth--;
        }
    }
    return node == NULL ? NULL : root;
}

mimic_status mimic__json_parse(mimic_arena *arena, const char *json, size_t size, const char *name,
                               const mimic_json **out_root, mimic_error *err)
{
    *out_root = NULL;
    MIMIC_TRY(check_limits(json, size, name, err));
    json_error_t fault = {0};
    /* Numbers are kept as text; as reals they need not fit jansson's integers. */
    json_t *tree = json_loadb(json, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &fault);
    if (tree == NULL) {
        const enum json_error_code code = json_error_code(&fault);
        if (code == json_error_out_of_memory || fault.text[0] == '\0')
            return mimic__fail_memory(err);
        const bool at_end = code == json_error_premature_end_of_input;
        return fail_at(json, size, at_end ? size : token_start(json, size, (size_t)fault.position),
                       name, fault.text, err);
    }
    walk self = {.arena = arena, .at = {json, size, 0, 1, 1}};
    *out_root = build_tree(&self, tree);
    json_decref(tree);
    return *out_root == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
