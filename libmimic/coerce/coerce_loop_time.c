/*
 * Column loops of dates and times. The plain form of a column ("2150-01-01 10:00:00", or with a T,
 * or with a Z behind it) is read 64 rows at a time by a kernel (coerce_time_strip.h). Other texts
 * go to the compiled formats, everything else to mimic__job_value.
 */
#include "coerce/coerce_loop.h"
#include "coerce/coerce_time_strip.h"

/* A cell that the kernel left over: its form in quotes, the formats, straight from the block, or
 * the slow way. */
static int64_t hard_time(mimic_coerce_job *job, size_t row, mimic_time_strip *strip,
                         mimic_time_reader read)
{
    const mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    mimic_value value = {.integer = 0};
    size_t size;
    const char *text =
        mimic__field_start(index, index->marks + row * index->stride + job->field, &size);
    if (job->is_fast && size > 0 && mimic__strip_quotes(index, &text, &size)) {
        if (read(strip, text, size, &value.integer))
            return value.integer;
        if (column->parse(column, text, size, &value) == 0 && value.integer >= column->low &&
            value.integer <= column->high)
            return value.integer;
    }
    value.integer = 0;
    return mimic__job_value(job, row, &value) ? value.integer : 0;
}

static void store_strip(mimic_column_builder *builder, size_t first, const mimic_time_strip *strip)
{
    if (builder->type != MIMIC_TYPE_DATE) {
        int64_t *const values = (int64_t *)(void *)builder->values;
        memcpy(values + first, strip->values, strip->row_count * sizeof *values);
        return;
    }
    int32_t *const days = (int32_t *)(void *)builder->values + first;
    for (size_t row = 0; row < strip->row_count; row++)
        days[row] = (int32_t)strip->values[row];
}

/* `size` is that of the plain form; `read` reads one text of it, `kernel` a strip of them. */
static void time_loop(mimic_coerce_job *job, size_t size, mimic_time_reader read,
                      void (*kernel)(mimic_time_strip *strip))
{
    const mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    mimic_time_strip strip;
    strip.bytes = index->bytes;
    strip.size = job->is_fast && column->time_separator != '\0' ? size : SIZE_MAX;
    strip.separator = column->time_separator;
    strip.low = column->low;
    strip.high = column->high;
    strip.last = MIMIC_NO_DATE;
    mimic_strip_marks place;
    place.are_moved = false;
    for (size_t first = 0; first < index->row_count && job->status == MIMIC_OK;
         first += strip.row_count) {
        const size_t left = index->row_count - first;
        strip.row_count = left < MIMIC_STRIP_ROWS ? left : MIMIC_STRIP_ROWS;
        mimic__strip_place(job, &place, first, strip.row_count);
        strip.marks = place.marks;
        strip.stride = place.stride;
        kernel(&strip);
        uint64_t to_do = strip.hard;
        if (job->takes_empty && strip.empty != 0) {
            mimic__builder_clear_rows(&job->column->builder, first, strip.empty);
            to_do &= ~strip.empty;
        }
        mimic__strip_look(job, &place, to_do);
        for (; to_do != 0 && job->status == MIMIC_OK; to_do &= to_do - 1) {
            const size_t row = mimic__lowest_bit(to_do);
            strip.values[row] = hard_time(job, first + row, &strip, read);
        }
        store_strip(&job->column->builder, first, &strip);
    }
}

void mimic__loop_timestamp(mimic_coerce_job *job)
{
    const size_t size = job->column->has_time_suffix ? 20 : 19;
    time_loop(job, size, mimic__read_timestamp, job->column->kernel->timestamps);
}

void mimic__loop_date(mimic_coerce_job *job)
{
    time_loop(job, 10, mimic__read_day, job->column->kernel->dates);
}

void mimic__loop_time(mimic_coerce_job *job)
{
    time_loop(job, 8, mimic__read_time, job->column->kernel->times);
}
