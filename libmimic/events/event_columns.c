/*
 * See event_columns.h. Events are taken BLOCK by BLOCK, and each block column by column: the events of a
 * block are still near when the next column asks for them, and each of the small loops does one thing.
 */
#include "events/event_columns.h"

#include "base/error.h"

#define BLOCK 128u /* a multiple of 8 */
#define CACHED 2048u

/* A text that was looked up, by the lower bits of its number. */
typedef struct cached_text {
    const char *text;
    uint32_t size;
    uint32_t number;
} cached_text;

/* A column of texts. */
typedef struct text_column {
    mimic_buffer bytes;
    int32_t *offsets; /* those of large texts are int64, see struct mimic_event_columns */
    uint8_t *validity;
    size_t valid;
} text_column;

struct mimic_event_columns {
    const mimic_context *ctx;
    const mimic_event_terms *terms;
    mimic_ipc_body body;
    size_t capacity; /* rows */
    char *memory;    /* of the arrays below */
    size_t memory_size;
    int64_t *subject;
    int64_t *time;
    int64_t *available;
    int64_t *admission;
    int64_t *stay;
    int64_t *row;
    int64_t *link;
    double *value;
    float *numeric;
    int8_t *small_table; /* one of the two */
    int32_t *table;
    int16_t *rank;
    int32_t *marks;
    uint8_t *time_bits;
    uint8_t *available_bits;
    uint8_t *admission_bits;
    uint8_t *stay_bits;
    uint8_t *link_bits;
    uint8_t *value_bits;
    size_t valid_times, valid_available, valid_admissions, valid_stays, valid_links, valid_values;
    text_column codes;
    text_column units;
    text_column properties;
    text_column texts;
    int64_t *text_offsets;
    size_t rows;
    cached_text *cached_codes;
    cached_text *cached_units;
};

/* ---- terms ---- */

static void name_columns(mimic_event_terms *terms)
{
    const mimic_ipc_kind code = terms->table_count <= INT8_MAX ? MIMIC_IPC_INT8 : MIMIC_IPC_INT32;
    const mimic_ipc_shape_field fields[MIMIC_EVENT_COLUMNS] = {
        {"subject_id", MIMIC_IPC_INT64, true, NULL, 0},
        {"time", MIMIC_IPC_TIMESTAMP, false, NULL, 0},
        {"code", MIMIC_IPC_UTF8, true, NULL, 0},
        {"numeric_value", MIMIC_IPC_FLOAT32, false, NULL, 0},
        {"text_value", MIMIC_IPC_LARGE_UTF8, false, NULL, 0},
        {"value", MIMIC_IPC_FLOAT64, false, NULL, 0},
        {"unit", MIMIC_IPC_UTF8, false, NULL, 0},
        {"available_time", MIMIC_IPC_TIMESTAMP, false, NULL, 0},
        {"hadm_id", MIMIC_IPC_INT64, false, NULL, 0},
        {"stay_id", MIMIC_IPC_INT64, false, NULL, 0},
        {"source_table", code, true, terms->tables, terms->table_count},
        {"source_row", MIMIC_IPC_INT64, true, NULL, 0},
        {"link_id", MIMIC_IPC_INT64, false, NULL, 0},
        {"order_rank", MIMIC_IPC_INT16, true, NULL, 0},
        {"marks", MIMIC_IPC_INT32, true, NULL, 0},
        {"properties", MIMIC_IPC_UTF8, false, NULL, 0},
        {"trajectory_version", MIMIC_IPC_INT8, true, terms->version, 1},
    };
    memcpy(terms->fields, fields, sizeof fields);
}

mimic_status mimic__event_terms_init(mimic_event_terms *terms, const mimic_context *ctx,
                                     const mimic_event_map *map, const char *version,
                                     mimic_error *err)
{
    *terms = (mimic_event_terms){.trait_count = map->kind_count, .table_count = map->table_count};
    char *const copy = mimic__strdup(ctx, version);
    terms->version[0] = copy;
    terms->traits = mimic__alloc_array(ctx, map->kind_count + 1, sizeof *terms->traits);
    terms->tables = mimic__alloc_array(ctx, map->table_count + 1, sizeof *terms->tables);
    if (copy == NULL || terms->traits == NULL || terms->tables == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < map->kind_count; i++) {
        const mimic_event_kind *kind = map->kinds[i];
        terms->traits[i] =
            (mimic_event_trait){kind->table, kind->rank, kind->link != LINK_NONE};
    }
    for (size_t i = 0; i < map->table_count; i++)
        terms->tables[i] = map->tables[i].table->name;
    name_columns(terms);
    return MIMIC_OK;
}

void mimic__event_terms_free(mimic_event_terms *terms, const mimic_context *ctx)
{
    mimic__free(ctx, (void *)(uintptr_t)terms->version[0]);
    mimic__free(ctx, terms->traits);
    mimic__free(ctx, terms->tables);
}

/* ---- memory ---- */

/* The next array of the memory; with no memory yet, only its size is counted. */
static void *place(mimic_event_columns *columns, size_t count, size_t size)
{
    char *const array = columns->memory == NULL ? NULL : columns->memory + columns->memory_size;
    columns->memory_size += (count * size + 63) / 64 * 64;
    return array;
}

static void place_all(mimic_event_columns *columns, size_t rows)
{
    const size_t bits = (rows + 7) / 8;
    const bool is_small = columns->terms->table_count <= INT8_MAX;
    columns->memory_size = 0;
    columns->subject = place(columns, rows, 8);
    columns->time = place(columns, rows, 8);
    columns->available = place(columns, rows, 8);
    columns->admission = place(columns, rows, 8);
    columns->stay = place(columns, rows, 8);
    columns->row = place(columns, rows, 8);
    columns->link = place(columns, rows, 8);
    columns->value = place(columns, rows, 8);
    columns->numeric = place(columns, rows, 4);
    columns->small_table = is_small ? place(columns, rows, 1) : NULL;
    columns->table = is_small ? NULL : place(columns, rows, 4);
    columns->rank = place(columns, rows, 2);
    columns->marks = place(columns, rows, 4);
    columns->codes.offsets = place(columns, rows + 1, 4);
    columns->units.offsets = place(columns, rows + 1, 4);
    columns->properties.offsets = place(columns, rows + 1, 4);
    columns->text_offsets = place(columns, rows + 1, 8);
    uint8_t **const bitmaps[] = {&columns->time_bits,       &columns->available_bits,
                                 &columns->admission_bits,  &columns->stay_bits,
                                 &columns->link_bits,       &columns->value_bits,
                                 &columns->units.validity,  &columns->properties.validity,
                                 &columns->texts.validity};
    for (size_t i = 0; i < sizeof bitmaps / sizeof bitmaps[0]; i++)
        *bitmaps[i] = place(columns, bits, 1);
}

static bool make_room(mimic_event_columns *columns, size_t rows)
{
    if (rows <= columns->capacity)
        return true;
    mimic__free(columns->ctx, columns->memory);
    columns->memory = NULL;
    columns->capacity = 0;
    place_all(columns, rows);
    columns->memory = mimic__alloc(columns->ctx, columns->memory_size);
    if (columns->memory == NULL)
        return false;
    place_all(columns, rows);
    columns->capacity = rows;
    return true;
}

mimic_status mimic__event_columns_new(const mimic_context *ctx, const mimic_event_terms *terms,
                                      mimic_event_columns **out_columns, mimic_error *err)
{
    *out_columns = NULL;
    mimic_event_columns *columns = mimic__alloc_zeroed(ctx, 1, sizeof *columns);
    if (columns == NULL)
        return mimic__fail_memory(err);
    columns->ctx = ctx;
    columns->terms = terms;
    mimic__buffer_init(&columns->codes.bytes, ctx);
    mimic__buffer_init(&columns->units.bytes, ctx);
    mimic__buffer_init(&columns->properties.bytes, ctx);
    mimic__buffer_init(&columns->texts.bytes, ctx);
    columns->cached_codes = mimic__alloc_zeroed(ctx, CACHED, sizeof *columns->cached_codes);
    columns->cached_units = mimic__alloc_zeroed(ctx, CACHED, sizeof *columns->cached_units);
    const mimic_status status =
        columns->cached_codes == NULL || columns->cached_units == NULL
            ? mimic__fail_memory(err)
            : mimic__ipc_body_init(&columns->body, ctx, MIMIC_EVENT_COLUMNS, mimic__zstd_is_built_in(), 1, err);
    if (status != MIMIC_OK) {
        mimic__event_columns_free(columns);
        return status;
    }
    *out_columns = columns;
    return MIMIC_OK;
}

void mimic__event_columns_free(mimic_event_columns *columns)
{
    if (columns == NULL)
        return;
    const mimic_context *ctx = columns->ctx;
    mimic__buffer_free(&columns->codes.bytes);
    mimic__buffer_free(&columns->units.bytes);
    mimic__buffer_free(&columns->properties.bytes);
    mimic__buffer_free(&columns->texts.bytes);
    mimic__ipc_body_free(&columns->body);
    mimic__free(ctx, columns->cached_codes);
    mimic__free(ctx, columns->cached_units);
    mimic__free(ctx, columns->memory);
    mimic__free(ctx, columns);
}

size_t mimic__event_columns_memory(const mimic_event_columns *columns)
{
    return sizeof *columns + columns->memory_size + columns->body.bytes.capacity +
           columns->codes.bytes.capacity + columns->units.bytes.capacity +
           columns->properties.bytes.capacity + columns->texts.bytes.capacity +
           2 * CACHED * sizeof(cached_text);
}

/* ---- texts ---- */

/* memcpy of something short, without a call. */
static inline void copy_short(char *target, const char *source, size_t size)
{
    if (size > 32) {
        memcpy(target, source, size);
    } else if (size >= 16) {
        memcpy(target, source, 16);
        memcpy(target + size - 16, source + size - 16, 16);
    } else if (size >= 8) {
        memcpy(target, source, 8);
        memcpy(target + size - 8, source + size - 8, 8);
    } else if (size >= 4) {
        memcpy(target, source, 4);
        memcpy(target + size - 4, source + size - 4, 4);
    } else {
        for (size_t i = 0; i < size; i++)
            target[i] = source[i];
    }
}

static const cached_text *look_up(cached_text *cache, const mimic_event_codes *codes,
                                  uint32_t number)
{
    cached_text *slot = &cache[number % CACHED];
    if (slot->text == NULL || slot->number != number) {
        size_t size = 0;
        slot->text = mimic__event_codes_text(codes, number, &size);
        slot->size = (uint32_t)size;
        slot->number = number;
    }
    return slot;
}

/* The texts of a block, not yet copied. */
typedef struct block_texts {
    size_t total; /* bytes */
    const char *text[BLOCK];
    uint32_t size[BLOCK]; /* NO_TEXT = NULL */
} block_texts;

static inline size_t size_of(uint32_t size)
{
    return size == MIMIC_EVENT_NO_TEXT ? 0 : size;
}

/* Appends the block to the column. */
static bool put_texts(text_column *column, const block_texts *block, size_t first, size_t count)
{
    if (!mimic__buffer_reserve(&column->bytes, block->total))
        return false;
    char *const bytes = column->bytes.data;
    size_t end = column->bytes.size;
    for (size_t i = 0; i < count; i++) {
        const size_t size = size_of(block->size[i]);
        copy_short(bytes + end, block->text[i], size);
        end += size;
        column->offsets[first + i + 1] = (int32_t)end;
    }
    column->bytes.size = end;
    return true;
}

static bool put_large_texts(mimic_event_columns *columns, const block_texts *block, size_t first,
                            size_t count)
{
    if (!mimic__buffer_reserve(&columns->texts.bytes, block->total))
        return false;
    char *const bytes = columns->texts.bytes.data;
    size_t end = columns->texts.bytes.size;
    for (size_t i = 0; i < count; i++) {
        const size_t size = size_of(block->size[i]);
        copy_short(bytes + end, block->text[i], size);
        end += size;
        columns->text_offsets[first + i + 1] = (int64_t)end;
    }
    columns->texts.bytes.size = end;
    return true;
}

static void put_validity(text_column *column, const block_texts *block, size_t first, size_t count)
{
    uint8_t *bits = column->validity + first / 8;
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t j = i; j < i + 8 && j < count; j++) {
            const unsigned is_valid = block->size[j] != MIMIC_EVENT_NO_TEXT;
            byte |= is_valid << (j - i);
            column->valid += is_valid;
        }
        *bits++ = (uint8_t)byte;
    }
}

/* ---- numbers ---- */

typedef struct number_column {
    int64_t *values;
    uint8_t *bits;
    size_t *valid;
} number_column;

/* One member of each event, which is NULL when it is NONE. */
static void put_numbers(const number_column *column, const int64_t *member, size_t first,
                        size_t count)
{
    const char *source = (const char *)member;
    int64_t *values = column->values + first;
    uint8_t *bits = column->bits + first / 8;
    size_t valid = 0;
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t j = i; j < i + 8 && j < count; j++, source += sizeof(mimic_event)) {
            int64_t value;
            memcpy(&value, source, sizeof value);
            const unsigned is_valid = value != MIMIC_EVENT_NONE;
            values[j] = is_valid ? value : 0;
            byte |= is_valid << (j - i);
            valid += is_valid;
        }
        *bits++ = (uint8_t)byte;
    }
    *column->valid += valid;
}

static void put_values(mimic_event_columns *columns, const mimic_event *events, size_t first,
                       size_t count)
{
    uint8_t *bits = columns->value_bits + first / 8;
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t j = i; j < i + 8 && j < count; j++) {
            const unsigned is_valid = (events[j].flags & MIMIC_EVENT_HAS_VALUE) != 0;
            const double value = is_valid ? events[j].value : 0;
            columns->value[first + j] = value;
            columns->numeric[first + j] = (float)value;
            byte |= is_valid << (j - i);
            columns->valid_values += is_valid;
        }
        *bits++ = (uint8_t)byte;
    }
}

static void put_links(mimic_event_columns *columns, const mimic_event *events, size_t first,
                      size_t count)
{
    int64_t links[BLOCK];
    const mimic_event_trait *traits = columns->terms->traits;
    for (size_t i = 0; i < count; i++) {
        const mimic_event_trait *trait = &traits[events[i].kind];
        links[i] = mimic__event_link_id(trait, events[i].row);
        columns->rank[first + i] = trait->rank;
        if (columns->small_table != NULL)
            columns->small_table[first + i] = (int8_t)trait->table;
        else
            columns->table[first + i] = trait->table;
    }
    uint8_t *bits = columns->link_bits + first / 8;
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t j = i; j < i + 8 && j < count; j++) {
            const unsigned is_valid = links[j] != MIMIC_EVENT_NONE;
            columns->link[first + j] = is_valid ? links[j] : 0;
            byte |= is_valid << (j - i);
            columns->valid_links += is_valid;
        }
        *bits++ = (uint8_t)byte;
    }
}

static void put_block(mimic_event_columns *columns, const mimic_event *events, size_t first,
                      size_t count)
{
    const number_column times = {columns->time, columns->time_bits, &columns->valid_times};
    const number_column available = {columns->available, columns->available_bits,
                                     &columns->valid_available};
    const number_column admissions = {columns->admission, columns->admission_bits,
                                      &columns->valid_admissions};
    const number_column stays = {columns->stay, columns->stay_bits, &columns->valid_stays};
    put_numbers(&times, &events->time, first, count);
    put_numbers(&available, &events->available, first, count);
    put_numbers(&admissions, &events->admission, first, count);
    put_numbers(&stays, &events->stay, first, count);
    put_values(columns, events, first, count);
    put_links(columns, events, first, count);
    for (size_t i = 0; i < count; i++) {
        columns->subject[first + i] = events[i].subject;
        columns->row[first + i] = events[i].row;
        columns->marks[first + i] = events[i].flags & (MIMIC_EVENT_HAS_VALUE - 1);
    }
}

/* ---- blocks ---- */

typedef struct block {
    block_texts codes;
    block_texts units;
} block;

/* The texts and properties of the events. */
static bool put_own_texts(mimic_event_columns *columns, const mimic_event_slice *events,
                          size_t first, size_t count)
{
    block_texts texts;
    const mimic_event *event = events->events + first;
    texts.total = 0;
    for (size_t i = 0; i < count; i++) {
        texts.text[i] = events->texts[first + i];
        texts.size[i] = event[i].text_size;
        texts.total += size_of(event[i].text_size);
    }
    put_validity(&columns->texts, &texts, first, count);
    if (!put_large_texts(columns, &texts, first, count))
        return false;
    texts.total = 0;
    for (size_t i = 0; i < count; i++) {
        if (texts.text[i] != NULL)
            texts.text[i] += size_of(event[i].text_size);
        texts.total += event[i].properties_size;
        texts.size[i] =
            event[i].properties_size == 0 ? MIMIC_EVENT_NO_TEXT : event[i].properties_size;
    }
    put_validity(&columns->properties, &texts, first, count);
    return put_texts(&columns->properties, &texts, first, count);
}

/* Looks the codes and units up; returns how many of the events fit into `room` bytes, with the others'
 * texts. */
static size_t look_up_block(mimic_event_columns *columns, const mimic_event *events, size_t count,
                            size_t room, block *out)
{
    size_t used = 0;
    out->codes.total = 0;
    out->units.total = 0;
    for (size_t i = 0; i < count; i++) {
        const cached_text *code =
            look_up(columns->cached_codes, columns->terms->codes, events[i].code);
        out->codes.text[i] = code->text;
        out->codes.size[i] = code->size;
        out->units.text[i] = NULL;
        out->units.size[i] = MIMIC_EVENT_NO_TEXT;
        if (events[i].unit != MIMIC_EVENT_NO_TEXT) {
            const cached_text *unit =
                look_up(columns->cached_units, columns->terms->units, events[i].unit);
            out->units.text[i] = unit->text;
            out->units.size[i] = unit->size;
        }
        used += (size_t)code->size + size_of(out->units.size[i]) +
                size_of(events[i].text_size) + events[i].properties_size;
        out->codes.total += code->size; /* with the one that does not fit, as it may go alone */
        out->units.total += size_of(out->units.size[i]);
        if (used > room)
            return i;
    }
    return count;
}

static size_t bytes_held(const mimic_event_columns *columns)
{
    return columns->codes.bytes.size + columns->units.bytes.size + columns->texts.bytes.size +
           columns->properties.bytes.size;
}

static void clear(mimic_event_columns *columns)
{
    text_column *const texts[] = {&columns->codes, &columns->units, &columns->properties,
                                  &columns->texts};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        texts[i]->bytes.size = 0;
        texts[i]->valid = 0;
        if (texts[i]->offsets != NULL)
            texts[i]->offsets[0] = 0;
    }
    columns->text_offsets[0] = 0;
    columns->valid_times = columns->valid_available = columns->valid_admissions = 0;
    columns->valid_stays = columns->valid_links = columns->valid_values = 0;
    columns->rows = 0;
}

/* Fills the columns with as many of the events as go into one record batch. */
static mimic_status fill(mimic_event_columns *columns, const mimic_event_slice *events, size_t most,
                         mimic_error *err)
{
    block texts;
    while (columns->rows < most) {
        const size_t first = columns->rows;
        const size_t step = most - first < BLOCK ? most - first : BLOCK;
        size_t fits = look_up_block(columns, events->events + first, step,
                                    MIMIC_EVENT_BATCH_BYTES - bytes_held(columns), &texts);
        const bool is_last = fits < step;
        if (fits == 0 && first > 0)
            break;
        if (fits == 0)
            fits = 1; /* goes alone */
        put_validity(&columns->units, &texts.units, first, fits);
        if (!put_texts(&columns->codes, &texts.codes, first, fits) ||
            !put_texts(&columns->units, &texts.units, first, fits) ||
            !put_own_texts(columns, events, first, fits))
            return mimic__fail_memory(err);
        put_block(columns, events->events + first, first, fits);
        columns->rows += fits;
        if (is_last)
            break;
    }
    if (columns->codes.bytes.size > INT32_MAX || columns->units.bytes.size > INT32_MAX ||
        columns->properties.bytes.size > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "code, unit or properties of an event pass 2 GiB, more than an Arrow "
                           "column of short texts can hold");
    return MIMIC_OK;
}

/* ---- the record batch ---- */

static mimic_ipc_laid lay(size_t rows, const void *values, size_t width)
{
    return (mimic_ipc_laid){
        .rows = rows, .values = values, .values_size = rows * width, .has_values = true};
}

static mimic_ipc_laid lay_nullable(const mimic_ipc_laid *column, const void *validity, size_t valid)
{
    mimic_ipc_laid nullable = *column;
    nullable.null_count = column->rows - valid;
    nullable.validity = validity;
    return nullable;
}

static mimic_ipc_laid lay_numbers(size_t rows, const int64_t *values, const uint8_t *bits,
                                  size_t valid)
{
    const mimic_ipc_laid column = lay(rows, values, 8);
    return lay_nullable(&column, bits, valid);
}

static mimic_ipc_laid lay_texts(size_t rows, const text_column *column)
{
    return (mimic_ipc_laid){.rows = rows,
                            .null_count = column->validity == NULL ? 0 : rows - column->valid,
                            .validity = column->validity,
                            .offsets = column->offsets,
                            .offset_width = sizeof(int32_t),
                            .values = column->bytes.data,
                            .values_size = column->bytes.size,
                            .has_values = true};
}

static void lay_columns(const mimic_event_columns *c, mimic_ipc_laid laid[MIMIC_EVENT_COLUMNS])
{
    const size_t rows = c->rows;
    const mimic_ipc_laid numeric = lay(rows, c->numeric, 4);
    const mimic_ipc_laid value = lay(rows, c->value, 8);
    laid[0] = lay(rows, c->subject, 8);
    laid[1] = lay_numbers(rows, c->time, c->time_bits, c->valid_times);
    laid[2] = lay_texts(rows, &c->codes);
    laid[3] = lay_nullable(&numeric, c->value_bits, c->valid_values);
    laid[4] = lay_texts(rows, &c->texts);
    laid[4].offsets = c->text_offsets;
    laid[4].offset_width = sizeof(int64_t);
    laid[5] = lay_nullable(&value, c->value_bits, c->valid_values);
    laid[6] = lay_texts(rows, &c->units);
    laid[7] = lay_numbers(rows, c->available, c->available_bits, c->valid_available);
    laid[8] = lay_numbers(rows, c->admission, c->admission_bits, c->valid_admissions);
    laid[9] = lay_numbers(rows, c->stay, c->stay_bits, c->valid_stays);
    laid[10] = c->small_table != NULL ? lay(rows, c->small_table, 1) : lay(rows, c->table, 4);
    laid[11] = lay(rows, c->row, 8);
    laid[11].counts = true;
    laid[12] = lay_numbers(rows, c->link, c->link_bits, c->valid_links);
    laid[13] = lay(rows, c->rank, 2);
    laid[14] = lay(rows, c->marks, 4);
    laid[15] = lay_texts(rows, &c->properties);
    laid[16] = lay(rows, NULL, 1); /* the only text of the dictionary */
}

mimic_status mimic__event_columns_encode(mimic_event_columns *columns,
                                         const mimic_event_slice *events, mimic_ipc_ready *ready,
                                         size_t *out_count, mimic_error *err)
{
    mimic_ipc_laid laid[MIMIC_EVENT_COLUMNS];
    memset(ready, 0, sizeof *ready);
    const size_t most =
        events->count > 2 * MIMIC_PACKET_EVENTS ? MIMIC_PACKET_EVENTS : events->count;
    if (!make_room(columns, most))
        return mimic__fail_memory(err);
    clear(columns);
    MIMIC_TRY(fill(columns, events, most, err));
    lay_columns(columns, laid);
    *out_count = columns->rows;
    const mimic_ipc_laid_batch batch = {columns->rows, laid, MIMIC_EVENT_COLUMNS};
    return mimic__ipc_ready_make(ready, &columns->body, &batch, err);
}
