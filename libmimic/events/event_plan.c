/*
 * See event_plan.h. The plan keeps the known ids, to tell whom it knows, and for each file the
 * first id that it covers; where a subject belongs is then a search among the files of its split.
 */
#include "events/event_plan.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define SHARES 1000

typedef struct plan_split {
    int64_t *first; /* ids: the first one of each file; of file 0 INT64_MIN */
    uint32_t file_count;
    uint32_t index; /* of its first file among all */
} plan_split;

struct mimic_event_plan {
    const mimic_context *ctx;
    mimic_event_shares shares;
    int64_t *subjects; /* those known, ascending */
    size_t subject_count;
    plan_split splits[MIMIC_SPLIT_COUNT];
};

const char *mimic__event_split_name(unsigned split)
{
    static const char *const names[MIMIC_SPLIT_COUNT] = {"train", "tuning", "held_out"};
    return names[split];
}

unsigned mimic__event_plan_split(const void *plan, int64_t subject)
{
    const mimic_event_plan *const self = plan;
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)subject >> (8 * i));
    const int32_t share = (int32_t)(mimic__hash64(bytes, sizeof bytes) % SHARES);
    if (share < self->shares.train)
        return 0;
    return share < self->shares.train + self->shares.tuning ? 1 : 2;
}

static int32_t share_of(const mimic_event_shares *shares, unsigned split)
{
    return split == 0   ? shares->train
           : split == 1 ? shares->tuning
                        : SHARES - shares->train - shares->tuning;
}

/* ---- making ---- */

/* Files of each split: at least one where a subject that nobody knows could come to. */
static mimic_status count_files(mimic_event_plan *plan, mimic_error *err)
{
    const size_t per_file = (size_t)plan->shares.subjects_per_file;
    size_t known[MIMIC_SPLIT_COUNT] = {0};
    size_t all = 0;
    for (size_t i = 0; i < plan->subject_count; i++)
        known[mimic__event_plan_split(plan, plan->subjects[i])]++;
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++) {
        size_t files = known[split] / per_file + (known[split] % per_file != 0);
        if (files == 0 && share_of(&plan->shares, split) > 0)
            files = 1;
        plan->splits[split].index = (uint32_t)all;
        plan->splits[split].file_count = (uint32_t)files;
        all += files;
        if (all > UINT32_MAX)
            return mimic__fail(err, MIMIC_ERR_LIMIT,
                               "%zu subjects in files of %d need more files than can be numbered",
                               plan->subject_count, (int)plan->shares.subjects_per_file);
    }
    return MIMIC_OK;
}

static mimic_status cut_files(mimic_event_plan *plan, mimic_error *err)
{
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++) {
        plan_split *const cut = &plan->splits[split];
        if (cut->file_count == 0)
            continue;
        cut->first = mimic__alloc_array(plan->ctx, cut->file_count, sizeof *cut->first);
        if (cut->first == NULL)
            return mimic__fail_memory(err);
        cut->first[0] = INT64_MIN;
    }
    const size_t per_file = (size_t)plan->shares.subjects_per_file;
    size_t seen[MIMIC_SPLIT_COUNT] = {0};
    for (size_t i = 0; i < plan->subject_count; i++) {
        const unsigned split = mimic__event_plan_split(plan, plan->subjects[i]);
        const size_t place = seen[split]++;
        if (place > 0 && place % per_file == 0)
            plan->splits[split].first[place / per_file] = plan->subjects[i];
    }
    return MIMIC_OK;
}

static mimic_status make(mimic_event_plan *plan, const int64_t *subjects, size_t count,
                         mimic_error *err)
{
    for (size_t i = 1; i < count; i++)
        if (subjects[i - 1] >= subjects[i])
            return mimic__fail(err, MIMIC_ERR_INTERNAL, "the subjects of a plan do not ascend");
    if (count > 0) {
        plan->subjects = mimic__alloc_array(plan->ctx, count, sizeof *plan->subjects);
        if (plan->subjects == NULL)
            return mimic__fail_memory(err);
        memcpy(plan->subjects, subjects, count * sizeof *subjects);
    }
    plan->subject_count = count;
    MIMIC_TRY(count_files(plan, err));
    return cut_files(plan, err);
}

mimic_status mimic__event_plan_new(const mimic_context *ctx, const int64_t *subjects, size_t count,
                                   const mimic_event_shares *shares, mimic_event_plan **out_plan,
                                   mimic_error *err)
{
    *out_plan = NULL;
    if (shares->train < 0 || shares->tuning < 0 || shares->train > SHARES ||
        shares->tuning > SHARES - shares->train)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "of 1,000 subjects %d cannot be in split train and %d in tuning",
                           (int)shares->train, (int)shares->tuning);
    if (shares->subjects_per_file < 1)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a file cannot be of %d subjects",
                           (int)shares->subjects_per_file);
    mimic_event_plan *const plan = mimic__alloc_zeroed(ctx, 1, sizeof *plan);
    if (plan == NULL)
        return mimic__fail_memory(err);
    plan->ctx = ctx;
    plan->shares = *shares;
    const mimic_status status = make(plan, subjects, count, err);
    if (status != MIMIC_OK) {
        mimic__event_plan_free(plan);
        return status;
    }
    *out_plan = plan;
    return MIMIC_OK;
}

void mimic__event_plan_free(mimic_event_plan *plan)
{
    if (plan == NULL)
        return;
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        mimic__free(plan->ctx, plan->splits[split].first);
    mimic__free(plan->ctx, plan->subjects);
    mimic__free(plan->ctx, plan);
}

/* ---- asking ---- */

/* How many of the ascending ids are <= id. */
static size_t count_up_to(const int64_t *ids, size_t count, int64_t id)
{
    size_t low = 0;
    while (count > 0) {
        const size_t half = count / 2;
        const bool goes_on = ids[low + half] <= id;
        low += goes_on ? half + 1 : 0;
        count = goes_on ? count - half - 1 : half;
    }
    return low;
}

mimic_event_place mimic__event_plan_place(const mimic_event_plan *plan, int64_t subject)
{
    const unsigned split = mimic__event_plan_split(plan, subject);
    const plan_split *const cut = &plan->splits[split];
    const uint32_t file = (uint32_t)count_up_to(cut->first, cut->file_count, subject) - 1;
    return (mimic_event_place){split, file, cut->index + file};
}

bool mimic__event_plan_knows(const mimic_event_plan *plan, int64_t subject)
{
    const size_t count = count_up_to(plan->subjects, plan->subject_count, subject);
    return count > 0 && plan->subjects[count - 1] == subject;
}

uint32_t mimic__event_plan_files(const mimic_event_plan *plan, unsigned split)
{
    return plan->splits[split].file_count;
}

uint32_t mimic__event_plan_all_files(const mimic_event_plan *plan)
{
    const plan_split *const last = &plan->splits[MIMIC_SPLIT_COUNT - 1];
    return last->index + last->file_count;
}

void mimic__event_plan_range(const mimic_event_plan *plan, unsigned split, uint32_t file,
                             int64_t *out_first, int64_t *out_last)
{
    const plan_split *const cut = &plan->splits[split];
    *out_first = cut->first[file];
    *out_last = file + 1 == cut->file_count ? INT64_MAX : cut->first[file + 1] - 1;
}
