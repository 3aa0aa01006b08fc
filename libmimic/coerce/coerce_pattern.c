/*
 * Matches a pattern by following all of its states at once (K. Thompson, 1968): a character costs
 * at most the size of the program, and nothing is ever tried twice, so no text can make it slow.
 */
#include "coerce/coerce_pattern_program.h"

#include "base/utf8.h"

mimic_status mimic__pattern_new(const mimic_context *ctx, const char *expression,
                                mimic_pattern **out_pattern, const char **out_reason)
{
    *out_pattern = NULL;
    *out_reason = "needs more memory than there is";
    mimic_pattern *pattern = mimic__alloc_zeroed(ctx, 1, sizeof *pattern);
    if (pattern == NULL)
        return MIMIC_ERR_MEMORY;
    pattern->ctx = ctx;
    mimic_status status = mimic__pattern_compile(pattern, expression, out_reason);
    if (status == MIMIC_OK) {
        pattern->memory = mimic__alloc_array(ctx, pattern->step_count * 3, sizeof(uint32_t));
        pattern->rounds = mimic__alloc_zeroed(ctx, pattern->step_count, sizeof(uint64_t));
        if (pattern->memory == NULL || pattern->rounds == NULL)
            status = MIMIC_ERR_MEMORY;
    }
    if (status != MIMIC_OK) {
        mimic__pattern_free(pattern);
        return status;
    }
    *out_pattern = pattern;
    return MIMIC_OK;
}

void mimic__pattern_free(mimic_pattern *pattern)
{
    if (pattern == NULL)
        return;
    mimic__free(pattern->ctx, pattern->steps);
    mimic__free(pattern->ctx, pattern->classes);
    mimic__free(pattern->ctx, pattern->ranges);
    mimic__free(pattern->ctx, pattern->memory);
    mimic__free(pattern->ctx, pattern->rounds);
    mimic__free(pattern->ctx, pattern);
}

static bool class_has(const mimic_pattern *pattern, const mimic_pattern_class *class,
                      uint32_t character)
{
    const mimic_pattern_range *const ranges = pattern->ranges + class->first_range;
    for (size_t i = 0; i < class->range_count; i++)
        if (character >= ranges[i].low && character <= ranges[i].high)
            return !class->is_negated;
    return class->is_negated;
}

static bool step_takes(const mimic_pattern *pattern, const mimic_pattern_step *step,
                       uint32_t character)
{
    if (step->kind == PATTERN_CHARACTER)
        return (uint32_t)step->first == character;
    return class_has(pattern, &pattern->classes[step->first], character);
}

/* Puts a step on the stack unless it was there in this round; so the stack holds each step once. */
static size_t push(mimic_pattern *pattern, uint32_t *stack, size_t depth, size_t step)
{
    if (pattern->rounds[step] == pattern->round)
        return depth;
    pattern->rounds[step] = pattern->round;
    stack[depth] = (uint32_t)step;
    return depth + 1;
}

/* Lists the steps that wait for a character, from `start` on; true when the match is among them. */
static bool follow(mimic_pattern *pattern, size_t start, uint32_t *list, size_t *count)
{
    uint32_t *const stack = pattern->memory + 2 * pattern->step_count;
    size_t depth = push(pattern, stack, 0, start);
    bool is_match = false;
    while (depth > 0) {
        const size_t at = stack[--depth];
        const mimic_pattern_step *const step = &pattern->steps[at];
        if (step->kind == PATTERN_MATCH) {
            is_match = true;
        } else if (step->kind == PATTERN_JUMP || step->kind == PATTERN_SPLIT) {
            depth = push(pattern, stack, depth, (size_t)((int64_t)at + step->first));
            if (step->kind == PATTERN_SPLIT)
                depth = push(pattern, stack, depth, (size_t)((int64_t)at + step->second));
        } else {
            list[(*count)++] = (uint32_t)at;
        }
    }
    return is_match;
}

bool mimic__pattern_matches(mimic_pattern *pattern, const char *text, size_t size)
{
    uint32_t *current = pattern->memory;
    uint32_t *next = pattern->memory + pattern->step_count;
    size_t current_count = 0;
    pattern->round++;
    bool is_match = follow(pattern, 0, current, &current_count);
    for (size_t index = 0; index < size;) {
        const uint32_t character = mimic__utf8_decode(text, size, &index);
        size_t next_count = 0;
        pattern->round++;
        is_match = false;
        for (size_t i = 0; i < current_count; i++)
            if (step_takes(pattern, &pattern->steps[current[i]], character))
                is_match |= follow(pattern, (size_t)current[i] + 1, next, &next_count);
        if (next_count == 0 && !is_match)
            return false;
        uint32_t *const swap = current;
        current = next;
        next = swap;
        current_count = next_count;
    }
    return is_match;
}
