/* From streams to sets: the order, the cuts, the counts, whatever the memory and the jobs. */
#include "check_main.h"

#include "failing_allocator.h"
#include "slow_assembly.h"

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

/* ---- against the slow way ---- */

typedef struct way {
    int jobs; /* 0 = no pool */
    size_t memory;
    size_t step; /* events a chunk */
} way;

static const way ways[] = {
    {0, (size_t)64 << 20, 1000}, {1, (size_t)64 << 20, 7},   {2, 1, 1000},
    {3, (size_t)8 << 20, 333},   {3, (size_t)64 << 20, 500}, {2, (size_t)64 << 20, 100},
    {8, (size_t)2 << 20, 4096},  {0, (size_t)3 << 20, 20},   {8, (size_t)64 << 20, 50},
};

static mimic_status world_run(const world *tables, const mimic_context *ctx,
                              const mimic_event_rules *rules, const way *how, trial *self,
                              mimic_error *err)
{
    mimic_event_stream *streams[HAND_TABLES];
    mimic_pool *pool = NULL;
    if (how->jobs > 0) {
        const mimic_status status = mimic__pool_new(ctx, how->jobs, &pool, err);
        if (status != MIMIC_OK)
            return status;
    }
    for (uint16_t table = 0; table < HAND_TABLES; table++) {
        self->streams[table] = hand_stream_of(ctx, table, tables->tables[table].events,
                                              tables->tables[table].count, how->step);
        streams[table] = &self->streams[table].stream;
    }
    self->assembly = (mimic_assembly){
        .ctx = ctx,
        .pool = pool,
        .memory = how->memory,
        .path = "assembly-scratch",
        .rules = rules,
        .streams = streams,
        .stream_count = HAND_TABLES,
        .target = &self->target.target,
        .interrupted = self->assembly.interrupted,
        .interrupted_ctx = self->assembly.interrupted_ctx,
        .tallies = self->tallies,
    };
    const mimic_status status = mimic__assemble(&self->assembly, err);
    mimic__pool_free(pool);
    return status;
}

/* Every `every`th way. */
static void compare_ways(const mimic_context *ctx, const world *tables,
                         const mimic_event_rules *rules, size_t every)
{
    slow_result slow = slow_assemble(tables, rules);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i += every) {
        trial one = {.ctx = ctx};
        hand_target_init(&one.target, ctx);
        mimic_error err = MIMIC_ERROR_INIT;
        ck_assert_msg(world_run(tables, ctx, rules, &ways[i], &one, &err) == MIMIC_OK, "%s",
                      err.message);
        slow_check(&slow, &one.target, one.tallies, &one.assembly);
        if (every > 1 && ways[i].memory == 1)
            ck_assert_int_gt(one.assembly.spilled_bytes, 0);
        hand_target_free(&one.target);
        mimic__free(ctx, one.assembly.code_events);
    }
    slow_free(&slow);
}

static mimic_event_plan *plan_of(const mimic_context *ctx, int64_t subjects)
{
    int64_t known[1000];
    size_t count = 0;
    for (int64_t subject = 1; subject <= subjects; subject++)
        if (subject % 9 != 0)
            known[count++] = subject;
    mimic_event_plan *plan = NULL;
    ck_assert_int_eq(
        mimic__event_plan_new(ctx, known, count, &(mimic_event_shares){600, 200, 20}, &plan, NULL),
        MIMIC_OK);
    return plan;
}

START_TEST(event_assembly__random_tables_policies_groups)
{
    mimic_context *const ctx = context();
    for (uint32_t seed = 1; seed <= 10; seed++) {
        world tables = {.state = seed, .span = seed % 3 == 0 ? 20 : 400, .odd_micros = seed % 2};
        const int64_t subjects = 10 + 4 * (int64_t)seed;
        mimic_event_plan *const plan = plan_of(ctx, subjects);
        for (int64_t subject = 1; subject <= subjects; subject++)
            world_subject(&tables, subject, world_random(&tables, 30),
                          world_chance(&tables, 10) ? 60 : 4);
        const mimic_event_rules rules = {
            .map = &hand_map,
            .plan = plan,
            .knows_subjects = seed % 4 != 0,
            .knows_admissions = seed % 5 != 0,
            .knows_stays = seed % 3 != 0,
            .group = (mimic_group)(1 + seed % 3),
            .outside = (mimic_policy)(1 + world_random(&tables, 3)),
            .unknown_subjects = (mimic_policy)(1 + world_random(&tables, 3)),
            .missing_ids = (mimic_policy)(1 + world_random(&tables, 3)),
        };
        compare_ways(ctx, &tables, &rules, 1);
        mimic__event_plan_free(plan);
        world_free(&tables);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_assembly__large_subjects_are_cut)
{
    mimic_context *const ctx = context();
    world tables = {.state = 77, .span = 100000};
    mimic_event_plan *const plan = plan_of(ctx, 60);
    for (int64_t subject = 1; subject <= 60; subject++)
        world_subject(&tables, subject,
                      subject == 20   ? 30000
                      : subject == 50 ? 50000
                      : subject > 40  ? 2500
                                      : 50,
                      3);
    const mimic_event_rules rules = {.map = &hand_map,
                                     .plan = plan,
                                     .outside = MIMIC_POLICY_KEEP,
                                     .missing_ids = MIMIC_POLICY_MARK};
    compare_ways(ctx, &tables, &rules, 2);
    mimic__event_plan_free(plan);
    world_free(&tables);
    mimic_context_free(ctx);
}
END_TEST

/* ---- what goes wrong ---- */

typedef struct trouble {
    world tables;
    mimic_event_plan *plan;
    mimic_event_rules rules;
} trouble;

static trouble make_trouble(const mimic_context *ctx)
{
    trouble made = {.tables = {.state = 5, .span = 300}};
    made.plan = plan_of(ctx, 30);
    for (int64_t subject = 1; subject <= 30; subject++)
        world_subject(&made.tables, subject, 12, 4);
    made.rules = (mimic_event_rules){.map = &hand_map,
                                     .plan = made.plan,
                                     .knows_subjects = true,
                                     .outside = MIMIC_POLICY_REJECT};
    return made;
}

static void free_trouble(trouble *made)
{
    mimic__event_plan_free(made->plan);
    world_free(&made->tables);
}

static int stop_at(void *ctx)
{
    long *const left = ctx;
    return (*left)-- == 0;
}

/* Runs with one thing set to go wrong at moment `at`; false when it came to its end. */
static bool go_wrong(const mimic_context *ctx, const trouble *made, int what, long at,
                     mimic_status expected)
{
    static const way how = {3, (size_t)64 << 20, 40};
    trial one = {.ctx = ctx};
    hand_target_init(&one.target, ctx);
    long left = at;
    if (what == 0) {
        one.assembly.interrupted = stop_at;
        one.assembly.interrupted_ctx = &left;
    } else if (what == 1) {
        atomic_store(&one.target.until_encode_fails, at);
    } else if (what == 2) {
        one.target.until_write_fails = at;
    } else {
        one.target.until_tell_fails = at;
    }
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status = world_run(&made->tables, ctx, &made->rules, &how, &one, &err);
    hand_target_free(&one.target);
    mimic__free(ctx, one.assembly.code_events);
    if (status == MIMIC_OK)
        return false;
    ck_assert_int_eq(status, expected);
    ck_assert_int_eq(err.code, expected);
    return true;
}

START_TEST(event_assembly__stops_at_every_moment)
{
    failing_allocator state = {-1, 0, false};
    mimic_context *const ctx = failing_context(&state);
    trouble made = make_trouble(ctx);
    const long alive = state.alive;
    for (int what = 0; what < 4; what++) {
        long at = 0;
        while (go_wrong(ctx, &made, what, at, what == 0 ? MIMIC_ERR_CANCELLED : MIMIC_ERR_IO)) {
            ck_assert_int_eq(state.alive, alive);
            at++;
        }
        ck_assert_int_ge(at, 3);
    }
    free_trouble(&made);
    mimic_context_free(ctx);
}
END_TEST

static mimic_status assemble_little(const mimic_context *ctx, mimic_error *err)
{
    static const way how = {0, (size_t)64 << 20, 40};
    mimic_context *const sound = context();
    trouble made = make_trouble(sound);
    trial one = {.ctx = ctx};
    hand_target_init(&one.target, ctx);
    const mimic_status status = world_run(&made.tables, ctx, &made.rules, &how, &one, err);
    hand_target_free(&one.target);
    mimic__free(ctx, one.assembly.code_events);
    free_trouble(&made);
    mimic_context_free(sound);
    return status;
}

START_TEST(event_assembly__failing_allocations)
{
    ck_assert_int_ge(replay_failing_allocations(assemble_little), 50);
}
END_TEST

MIMIC_TEST_MAIN(event_assembly, event_assembly__stops_at_every_moment,
                event_assembly__failing_allocations, event_assembly__random_tables_policies_groups,
                event_assembly__large_subjects_are_cut, event_assembly__order_of_one_patient,
                event_assembly__nothing_at_all, event_assembly__subjects_that_turn_back)
