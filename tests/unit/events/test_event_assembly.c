/* From streams to sets: the order, the cuts, the counts, whatever the memory and the jobs. */
#include "check_main.h"

#include "failing_allocator.h"
#include "hand_events.h"

static mimic_context *context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

/* One assembly of some streams, all in one file. */
typedef struct trial {
    const mimic_context *ctx;
    mimic_pool *pool;
    mimic_event_plan *plan;
    hand_target target;
    mimic_event_rules rules;
    hand_stream streams[HAND_TABLES];
    size_t stream_count;
    mimic_event_tally tallies[HAND_TABLES];
    mimic_assembly assembly;
} trial;

static void trial_init(trial *self, const mimic_context *ctx)
{
    memset(self, 0, sizeof *self);
    self->ctx = ctx;
    hand_target_init(&self->target, ctx);
    ck_assert_int_eq(mimic__event_plan_new(ctx, (int64_t[]){1, 2, 3}, 3,
                                           &(mimic_event_shares){1000, 0, 1000}, &self->plan, NULL),
                     MIMIC_OK);
    self->rules = (mimic_event_rules){.map = &hand_map, .plan = self->plan};
}

static void trial_add(trial *self, uint16_t table, const mimic_event *events, size_t count,
                      size_t step)
{
    self->streams[self->stream_count++] = hand_stream_of(self->ctx, table, events, count, step);
}

static mimic_status trial_run(trial *self, mimic_error *err)
{
    mimic_event_stream *streams[HAND_TABLES];
    for (size_t i = 0; i < self->stream_count; i++)
        streams[i] = &self->streams[i].stream;
    self->assembly = (mimic_assembly){
        .ctx = self->ctx,
        .pool = self->pool,
        .memory = (size_t)64 << 20,
        .rules = &self->rules,
        .streams = streams,
        .stream_count = self->stream_count,
        .target = &self->target.target,
        .tallies = self->tallies,
    };
    return mimic__assemble(&self->assembly, err);
}

static void trial_free(trial *self)
{
    hand_target_free(&self->target);
    mimic__free(self->ctx, self->assembly.code_events);
    mimic__event_plan_free(self->plan);
}

START_TEST(event_assembly__order_of_one_patient)
{
    mimic_context *const ctx = context();
    trial one;
    trial_init(&one, ctx);
    const mimic_event patients[] = {
        hand_context(GROUP_SUBJECT, 1, 1, NONE, (int64_t[]){NONE, NONE, NONE}),
        hand_event(HAND_GENDER, 1, 1, NONE),
        hand_event(HAND_BIRTH, 1, 1, 5),
        hand_event(HAND_DEATH, 1, 1, NONE),
    };
    mimic_event admissions[] = {
        hand_context(GROUP_ADMISSION, 1, 1, 70, (int64_t[]){100, 200, NONE}),
        hand_event(HAND_ADMISSION, 1, 1, 100),
        hand_event(HAND_DISCHARGE, 1, 1, 200),
        hand_context(GROUP_ADMISSION, 1, 2, 71, (int64_t[]){300, 400, 399}),
    };
    admissions[1].admission = admissions[2].admission = 70;
    mimic_event diagnoses[] = {hand_event(HAND_DIAGNOSIS, 1, 1, NONE),
                               hand_event(HAND_DIAGNOSIS, 1, 2, NONE)};
    diagnoses[0].admission = 71;
    diagnoses[1].admission = 70;
    const mimic_event labs[] = {hand_event(HAND_SPECIMEN, 1, 1, 150),
                                hand_event(HAND_RESULT, 1, 1, 200)};
    trial_add(&one, 0, patients, 4, 3);
    trial_add(&one, 1, diagnoses, 2, 1);
    trial_add(&one, 2, labs, 2, 1);
    trial_add(&one, 3, admissions, 4, 4);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(trial_run(&one, &err) == MIMIC_OK, "%s", err.message);
    static const int kinds[] = {HAND_GENDER,    HAND_BIRTH,  HAND_ADMISSION,
                                HAND_SPECIMEN,  HAND_RESULT, HAND_DISCHARGE,
                                HAND_DIAGNOSIS, HAND_DEATH,  HAND_DIAGNOSIS};
    static const int64_t times[] = {NONE, 5, 100, 150, 200, 200, 200, 399, 400};
    ck_assert_uint_eq(one.target.event_count, 9);
    for (size_t i = 0; i < 9; i++) {
        const mimic_event *const event = &one.target.events[i].event;
        ck_assert_int_eq(event->kind, kinds[i]);
        ck_assert_int_eq(event->time, times[i]);
        ck_assert_int_eq(event->available, times[i]);
    }
    ck_assert_int_eq(one.target.events[3].event.admission, 70);
    ck_assert_int_eq(one.target.events[3].event.flags, MIMIC_MARK_ADMISSION_FILLED);
    ck_assert_str_eq(one.target.events[3].bytes, "1.4");
    ck_assert_uint_eq(one.target.subject_count, 1);
    ck_assert_int_eq(one.target.subjects[0].events, 9);
    ck_assert_int_eq(one.tallies[3].with_events, 2);
    ck_assert_int_eq(one.tallies[3].events, 2);
    ck_assert_int_eq(one.tallies[2].marked[5], 2);
    ck_assert_uint_eq(one.assembly.code_count, 1);
    ck_assert_int_eq(one.assembly.code_events[0], 9);
    trial_free(&one);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_assembly__nothing_at_all)
{
    mimic_context *const ctx = context();
    trial one;
    trial_init(&one, ctx);
    ck_assert_int_eq(trial_run(&one, NULL), MIMIC_OK);
    trial_add(&one, 2, NULL, 0, 1);
    ck_assert_int_eq(trial_run(&one, NULL), MIMIC_OK);
    ck_assert_uint_eq(one.target.event_count, 0);
    trial_free(&one);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_assembly__subjects_that_turn_back)
{
    mimic_context *const ctx = context();
    trial one;
    trial_init(&one, ctx);
    const mimic_event labs[] = {hand_event(HAND_SPECIMEN, 2, 1, 150),
                                hand_event(HAND_SPECIMEN, 1, 2, 150)};
    trial_add(&one, 2, labs, 2, 1);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(trial_run(&one, &err), MIMIC_ERR_STATE);
    ck_assert_msg(strstr(err.message, "1 stands behind 2") != NULL, "%s", err.message);
    trial_free(&one);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(event_assembly, event_assembly__order_of_one_patient,
                event_assembly__nothing_at_all, event_assembly__subjects_that_turn_back)
