/* See import_array.h. */
#include "import/import_array.h"

static int64_t buffers_needed(const import_type *type)
{
    switch (type->layout) {
    case IMPORT_NOTHING:
        return 0;
    case IMPORT_OFFSETS:
        return 3;
    case IMPORT_VIEWS:
        return 3; /* at least */
    default:
        return 2;
    }
}

/* So many that no place of a value is beyond the numbers, whatever an offset is added to it. */
static int64_t most_rows(const import_type *type)
{
    return INT64_MAX / 4 / (type->width < 16 ? 16 : (int64_t)type->width);
}

static const char *look_at_shape(const struct ArrowArray *array, const import_type *type,
                                 int64_t rows)
{
    const int64_t needed = buffers_needed(type);
    if (array->release == NULL)
        return "an array that was released already";
    if (array->length < 0 || array->length < rows || array->offset < 0 || array->length > most_rows(type) ||
        array->offset > most_rows(type))
        return "an array of another length than its rows";
    if (array->n_children != 0)
        return "an array with children";
    if ((array->dictionary != NULL) != (type->dictionary != NULL))
        return "a dictionary where its type has none, or the reverse";
    if (type->layout == IMPORT_NOTHING)
        return NULL;
    if (type->layout == IMPORT_VIEWS ? array->n_buffers < needed : array->n_buffers != needed)
        return "another number of buffers than its type needs";
    if (array->buffers == NULL)
        return "no buffers";
    if (array->null_count > 0 && array->buffers[0] == NULL)
        return "NULL values, but no bits that say which";
    const bool has_bytes = type->layout != IMPORT_FIXED || type->width > 0;
    return array->length > 0 && array->buffers[1] == NULL && has_bytes ? "no values" : NULL;
}

/* Bytes of texts end where the last offset says; no other one may go beyond it. */
static void look_at_bytes(const struct ArrowArray *array, import_array *out)
{
    const size_t width = out->type->width;
    out->bytes = array->buffers[2];
    if (array->length > 0)
        out->bytes_size = mimic__import_number(
            out->values + (array->offset + array->length) * (int64_t)width, width, true);
}

bool mimic__import_look(const struct ArrowArray *array, const import_type *type, int64_t rows,
                        import_array *out, import_array *dictionary, const char **out_what)
{
    *out = (import_array){.type = type};
    *out_what = look_at_shape(array, type, rows);
    if (*out_what != NULL)
        return false;
    out->offset = array->offset;
    out->length = array->length;
    if (type->layout == IMPORT_NOTHING)
        return true;
    out->validity = array->null_count == 0 ? NULL : array->buffers[0];
    out->values = array->buffers[1];
    if (type->layout == IMPORT_OFFSETS)
        look_at_bytes(array, out);
    if (type->layout == IMPORT_VIEWS) {
        out->view_count = array->n_buffers - 3;
        out->view_buffers = array->buffers + 2;
        out->view_sizes = array->buffers[array->n_buffers - 1];
        if (out->view_count > 0 && out->view_sizes == NULL)
            *out_what = "views without the sizes of their buffers";
    }
    if (*out_what != NULL || type->dictionary == NULL)
        return *out_what == NULL;
    out->dictionary = dictionary;
    return mimic__import_look(array->dictionary, type->dictionary, 0, dictionary, NULL, out_what);
}

static bool get_offset_piece(const import_place *place, import_piece *out)
{
    const import_array *const array = place->array;
    const size_t width = array->type->width;
    const char *const offsets = array->values + place->row * (int64_t)width;
    const int64_t start = mimic__import_number(offsets, width, true);
    const int64_t end = mimic__import_number(offsets + width, width, true);
    if (start < 0 || end < start || end > array->bytes_size ||
        (end > start && array->bytes == NULL) || (uint64_t)(end - start) > SIZE_MAX / 4)
        return false;
    *out = (import_piece){end == start ? "" : array->bytes + start, (size_t)(end - start)};
    return true;
}

/* "Variable-size Binary View Layout": up to 12 bytes stand in the view, others in a buffer. */
static bool get_view_piece(const import_place *place, import_piece *out)
{
    const import_array *const array = place->array;
    const char *const view = array->values + place->row * 16;
    const int64_t size = mimic__import_number(view, 4, true);
    if (size < 0)
        return false;
    *out = (import_piece){view + 4, (size_t)size};
    if (size <= 12)
        return true;
    const int64_t buffer = mimic__import_number(view + 8, 4, true);
    const int64_t offset = mimic__import_number(view + 12, 4, true);
    if (buffer < 0 || buffer >= array->view_count || array->view_buffers[buffer] == NULL)
        return false;
    const int64_t available = mimic__import_number(array->view_sizes + buffer * 8, 8, true);
    if (offset < 0 || offset > available || size > available - offset)
        return false;
    out->bytes = (const char *)array->view_buffers[buffer] + offset;
    return true;
}

bool mimic__import_piece(const import_place *place, import_piece *out)
{
    const import_type *const type = place->array->type;
    if (type->layout == IMPORT_OFFSETS)
        return get_offset_piece(place, out);
    if (type->layout == IMPORT_VIEWS)
        return get_view_piece(place, out);
    *out = (import_piece){type->width == 0 ? "" : place->array->values + place->row * (int64_t)type->width,
                          type->width};
    return true;
}
