/*
 * From what was gathered of a column to what is told of it: extremes, quantiles, histogram, frequent
 * values. Values that are all known, and buckets of which only the bounds are, become one list of
 * points in ascending order, from which the rest follows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "coerce/coerce_plan.h"
#include "quality/quality_model.h"
#include "sink/sink_format.h"

static const double shares[MIMIC_QUALITY_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

typedef struct point {
    double place;  /* for bins */
    int64_t value; /* as quality_facts.least has it */
    int64_t count;
} point;

typedef struct points {
    point *items;
    size_t count;
    int64_t total;
} points;

/* ---- values as text ---- */

static const char *value_text(mimic_arena *arena, mimic_type type, int64_t value)
{
    char text[MIMIC_FORMAT_BYTES];
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return value != 0 ? "true" : "false";
    case MIMIC_TYPE_DATE:
        (void)mimic__format_date(text, (int32_t)value);
        break;
    case MIMIC_TYPE_TIME:
        (void)mimic__format_time(text, value);
        break;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        (void)mimic__format_timestamp(text, value, ' ');
        break;
    case MIMIC_TYPE_FLOAT32:
        (void)mimic__format_float32(text, (float)mimic__real_of_bits((uint64_t)value));
        break;
    case MIMIC_TYPE_FLOAT64:
    case MIMIC_TYPE_DECIMAL:
        (void)mimic__format_float64(text, mimic__real_of_bits((uint64_t)value));
        break;
    default:
        (void)mimic__format_int64(text, value);
    }
    return mimic__arena_strdup(arena, text);
}

static double place_of(quality_kind kind, int64_t value)
{
    return kind == QUALITY_REAL ? mimic__real_of_bits((uint64_t)value) : (double)value;
}

/* ---- points ---- */

static int compare_points(const void *a, const void *b)
{
    const point *const left = a;
    const point *const right = b;
    if (left->place != right->place)
        return left->place < right->place ? -1 : 1;
    return (left->value > right->value) - (left->value < right->value); /* beyond 2^53 */
}

static void add_point(const quality_column *column, points *list, int64_t value, int64_t count)
{
    const double place = place_of(column->kind, value);
    if (count == 0 || !(place - place == 0))
        return;
    list->items[list->count++] = (point){place, value, count};
    list->total += count;
}

static void add_known(const quality_column *column, points *list)
{
    for (uint32_t i = 0; i < column->set->count; i++)
        add_point(column, list, (int64_t)column->set->keys[i], column->counts[i]);
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare_points);
}

/* What a bucket is told as has no digits that mean nothing: five of a number, and of a time the
 * seconds, minutes, hours or days that are well within the bucket. */
#define SHORT_ERROR 5e-5

static double round_short(double number)
{
    double scale = 1;
    const double magnitude = fabs(number);
    if (!(magnitude >= 1e-9 && magnitude <= 1e15))
        return number;
    while (magnitude * scale < 1e4)
        scale *= 10;
    if (magnitude < 1e5)
        return floor(number * scale + 0.5) / scale;
    scale = 10;
    while (magnitude / scale >= 1e5)
        scale *= 10;
    return floor(number / scale + 0.5) * scale;
}

static int64_t time_unit(const quality_column *column)
{
    static const int64_t units[] = {86400, 3600, 60, 1};
    const int32_t shift = column->sides[1].shift;
    if (column->field->type == MIMIC_TYPE_DATE)
        return 1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i] * MIMIC_MICROSECONDS_PER_SECOND <= (INT64_C(1) << shift) / 8)
            return units[i] * MIMIC_MICROSECONDS_PER_SECOND;
    return 1;
}

/* The middle of a bucket, as a value between the extremes. */
static int64_t bucket_value(const quality_column *column, int side, size_t index)
{
    const quality_buckets *const buckets = &column->sides[side];
    const quality_facts *const facts = &column->facts;
    uint64_t key = (buckets->first + index) << buckets->shift;
    if (buckets->shift > 0)
        key += UINT64_C(1) << (buckets->shift - 1);
    key = key < buckets->lowest ? buckets->lowest : key;
    key = key > buckets->highest ? buckets->highest : key;
    int64_t value = mimic__whole_of_key(key);
    if (column->kind == QUALITY_TIME) {
        const int64_t unit = time_unit(column);
        value -= ((value % unit) + unit) % unit;
        return value < facts->least ? facts->least : value;
    }
    const double real = mimic__real_of_key(key);
    const double rounded = buckets->shift > 0 ? round_short(real) : real;
    const double number = side == 0 ? -rounded : rounded;
    if (number <= place_of(column->kind, facts->least))
        return facts->least;
    if (number >= place_of(column->kind, facts->greatest))
        return facts->greatest;
    if (column->kind == QUALITY_NUMBER)
        return (int64_t)llrint(number);
    memcpy(&value, &number, sizeof value);
    return value;
}

static void add_buckets(const quality_column *column, points *list)
{
    if (column->sides[0].counts != NULL)
        for (size_t i = QUALITY_BUCKETS; i > 0; i--)
            if (column->sides[0].counts[i - 1] != 0)
                add_point(column, list, bucket_value(column, 0, i - 1),
                          column->sides[0].counts[i - 1]);
    if (column->kind != QUALITY_TIME)
        add_point(column, list, 0, column->facts.zeros);
    if (column->sides[1].counts != NULL)
        for (size_t i = 0; i < QUALITY_BUCKETS; i++)
            if (column->sides[1].counts[i] != 0)
                add_point(column, list, bucket_value(column, 1, i), column->sides[1].counts[i]);
}

/* ---- quantiles ---- */

/* The smallest value that at least so many values do not exceed. */
static const point *quantile(const points *list, double share)
{
    const int64_t rank = (int64_t)ceil(share * (double)list->total - 1e-9);
    int64_t seen = 0;
    for (size_t i = 0; i < list->count; i++) {
        seen += list->items[i].count;
        if (seen >= rank)
            return &list->items[i];
    }
    return &list->items[list->count - 1];
}

/* Half a bucket and the rounding: of times in seconds, of numbers as a share of the number. */
static double error_of(const quality_column *column)
{
    const int32_t shift = column->sides[0].shift > column->sides[1].shift ? column->sides[0].shift
                                                                          : column->sides[1].shift;
    if (column->kind != QUALITY_TIME)
        return ldexp(1, shift - 53) + (shift > 0 ? SHORT_ERROR : 0);
    const double unit = column->field->type == MIMIC_TYPE_DATE
                            ? (double)MIMIC_SECONDS_PER_DAY
                            : 1.0 / (double)MIMIC_MICROSECONDS_PER_SECOND;
    return shift == 0 ? 0 : ldexp(unit, shift - 1) + unit * (double)(time_unit(column) - 1);
}

static bool conclude_quantiles(const quality_column *column, const points *list, mimic_arena *arena,
                               mimic_quality_column_info *info)
{
    for (size_t i = 0; i < MIMIC_QUALITY_QUANTILES; i++) {
        info->quantiles[i] = value_text(arena, info->type, quantile(list, shares[i])->value);
        if (info->quantiles[i] == NULL)
            return false;
    }
    const int state = atomic_load_explicit(&column->state, memory_order_relaxed);
    info->are_quantiles_exact = state == QUALITY_OPEN;
    info->quantile_error = state == QUALITY_OPEN ? 0 : error_of(column);
    return true;
}

/* ---- histogram ---- */

/* Long tails are counted beside the bars, or one bar would hold everything. */
static void choose_range(const quality_column *column, const points *list, int64_t *from,
                         int64_t *to)
{
    const point *const low = quantile(list, shares[0]);
    const point *const high = quantile(list, shares[MIMIC_QUALITY_QUANTILES - 1]);
    *from = column->facts.least;
    *to = column->facts.greatest;
    const double range = place_of(column->kind, *to) - place_of(column->kind, *from);
    if (high->place > low->place && range > 4 * (high->place - low->place)) {
        *from = low->value;
        *to = high->value;
    }
}

static bool conclude_histogram(const quality_column *column, const points *list,
                               mimic_arena *arena, quality_result *result)
{
    quality_histogram *const histogram = &result->histogram;
    int64_t from;
    int64_t to;
    choose_range(column, list, &from, &to);
    const double start = place_of(column->kind, from);
    const double end = place_of(column->kind, to);
    double width = (end - start) / QUALITY_BINS;
    histogram->bins = QUALITY_BINS;
    if (column->kind == QUALITY_NUMBER && end - start < QUALITY_BINS) {
        histogram->bins = (size_t)(end - start) + 1; /* a bar an integer */
        width = 1;
    } else if (!(width > 0) || !isfinite(width)) {
        histogram->bins = 1;
        width = INFINITY;
    }
    for (size_t i = 0; i < list->count; i++) {
        const point *const item = &list->items[i];
        if (item->place < start) {
            histogram->below += item->count;
        } else if (item->place > end) {
            histogram->above += item->count;
        } else {
            const double bin = (item->place - start) / width;
            const size_t last = histogram->bins - 1;
            histogram->counts[bin < (double)last ? (size_t)bin : last] += item->count;
        }
    }
    histogram->from = value_text(arena, result->info.type, from);
    histogram->to = value_text(arena, result->info.type, to);
    return histogram->from != NULL && histogram->to != NULL;
}

static bool conclude_places(const quality_column *column, mimic_arena *arena,
                            quality_result *result)
{
    mimic_quality_column_info *const info = &result->info;
    const bool is_open =
        atomic_load_explicit(&column->state, memory_order_relaxed) == QUALITY_OPEN;
    const size_t most = is_open ? column->set->count : 2 * QUALITY_BUCKETS + 1;
    points list = {mimic__alloc_array(column->ctx, most + 1, sizeof *list.items), 0, 0};
    if (list.items == NULL)
        return false;
    if (is_open)
        add_known(column, &list);
    else
        add_buckets(column, &list);
    info->minimum = value_text(arena, info->type, column->facts.least);
    info->maximum = value_text(arena, info->type, column->facts.greatest);
    const bool is_done = info->minimum != NULL && info->maximum != NULL && list.count > 0 &&
                         conclude_quantiles(column, &list, arena, info) &&
                         conclude_histogram(column, &list, arena, result);
    mimic__free(column->ctx, list.items);
    return is_done;
}

/* ---- frequent values ---- */

/* The larger count first; of equal ones the smaller value, or the smaller text. */
static bool comes_before(const quality_column *column, uint32_t a, uint32_t b)
{
    if (column->counts[a] != column->counts[b])
        return column->counts[a] > column->counts[b];
    if (column->kind == QUALITY_TEXT) {
        const quality_text *const left = &column->texts[a];
        const quality_text *const right = &column->texts[b];
        const size_t size = left->size < right->size ? left->size : right->size;
        const int order = memcmp(left->data, right->data, size);
        if (order != 0 || left->size != right->size)
            return order != 0 ? order < 0 : left->size < right->size;
        return column->set->keys[a] < column->set->keys[b];
    }
    const double left = place_of(column->kind, (int64_t)column->set->keys[a]);
    const double right = place_of(column->kind, (int64_t)column->set->keys[b]);
    return left != right ? left < right : (int64_t)column->set->keys[a] < (int64_t)column->set->keys[b];
}

static bool conclude_top(const quality_column *column, mimic_arena *arena, quality_result *result)
{
    uint32_t chosen[QUALITY_TOP];
    size_t count = 0;
    for (uint32_t i = 0; i < column->set->count; i++) {
        if (count == QUALITY_TOP && !comes_before(column, i, chosen[count - 1]))
            continue;
        size_t place = count < QUALITY_TOP ? count++ : count - 1;
        for (; place > 0 && comes_before(column, i, chosen[place - 1]); place--)
            chosen[place] = chosen[place - 1];
        chosen[place] = i;
    }
    for (size_t i = 0; i < count; i++) {
        quality_top *const top = &result->top[i];
        top->count = column->counts[chosen[i]];
        if (column->kind == QUALITY_TEXT) {
            const quality_text *const text = &column->texts[chosen[i]];
            top->text = mimic__arena_strndup(arena, text->data, text->size);
            top->is_cut = text->is_cut;
        } else {
            top->text =
                value_text(arena, result->info.type, (int64_t)column->set->keys[chosen[i]]);
        }
        if (top->text == NULL)
            return false;
    }
    /* Values that come once each are not frequent. */
    const bool is_flat = count > 1 && result->top[0].count == 1;
    result->top_count = is_flat ? 0 : count;
    return true;
}

static bool conclude_values(const quality_column *column, mimic_arena *arena,
                            quality_result *result)
{
    const int state = atomic_load_explicit(&column->state, memory_order_relaxed);
    result->info.is_distinct_exact = state == QUALITY_OPEN;
    result->info.distinct = state == QUALITY_OPEN
                                ? (int64_t)column->set->count
                                : mimic__registers_estimate(column->registers);
    const int64_t present = mimic__facts_present(&column->facts);
    if (result->info.distinct > present)
        result->info.distinct = present;
    result->is_top_exact = state == QUALITY_OPEN;
    result->others = state == QUALITY_FULL ? column->others : 0;
    /* The values met first say little of a column most of whose values came later. */
    if (state == QUALITY_UNTOLD || result->others > present / 2 ||
        result->info.type == MIMIC_TYPE_BINARY)
        return true;
    return conclude_top(column, arena, result);
}

/* ---- a column ---- */

bool mimic__quality_conclude(const quality_column *column, mimic_arena *arena,
                             quality_result *result)
{
    const quality_facts *const facts = &column->facts;
    mimic_quality_column_info *const info = &result->info;
    const mimic_quality_column_info blank = MIMIC_QUALITY_COLUMN_INFO_INIT;
    *info = blank;
    info->type = column->field->type;
    info->column = mimic__arena_strdup(arena, column->field->name);
    result->title = mimic__arena_strdup(arena, column->field->title);
    result->description = mimic__arena_strdup(arena, column->field->description);
    result->kind = column->kind;
    if (info->column == NULL || result->title == NULL || result->description == NULL)
        return false;
    info->rows = facts->rows;
    info->nulls = facts->nulls;
    info->zeros = facts->zeros;
    info->negatives = facts->negatives;
    info->not_finite = facts->not_finite;
    info->shortest = facts->shortest;
    info->longest = facts->shortest < 0 ? -1 : facts->longest;
    result->early = facts->early;
    const int64_t present = mimic__facts_present(facts);
    if (facts->shortest >= 0 && present > 0)
        info->mean_length = (double)facts->characters / (double)present;
    if (column->kind == QUALITY_NUMBER && info->type != MIMIC_TYPE_BOOLEAN && facts->finite > 0)
        mimic__whole_moments(&facts->whole, facts->finite, &info->mean, &info->deviation);
    if (column->kind == QUALITY_REAL && facts->finite > 0)
        mimic__real_moments(facts->real, facts->finite, &info->mean, &info->deviation);
    info->has_moments = facts->finite > 0 && info->type != MIMIC_TYPE_BOOLEAN &&
                        (column->kind == QUALITY_NUMBER || column->kind == QUALITY_REAL) &&
                        isfinite(info->mean) && isfinite(info->deviation);
    if (!conclude_values(column, arena, result))
        return false;
    return facts->finite == 0 || conclude_places(column, arena, result);
}
