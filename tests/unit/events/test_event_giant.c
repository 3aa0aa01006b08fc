/* A subject beyond memory comes out as it does within, however small the pieces. */
#include "check_main.h"

#include "events/event_giant.h"
#include "failing_allocator.h"
#include "slow_assembly.h"

typedef struct giant_trial {
    const mimic_context *ctx;
    hand_target target;
    mimic_event_plan *plan;
    mimic_event_rules rules;
    mimic_patient_rules patient_rules;
    mimic_packet_setup setup;
    mimic_packet *packet;
    mimic_event_chunk *chunks[HAND_TABLES];
    mimic_pinned pinned;
    long checks_left; /* negative = goes on for ever */
} giant_trial;

/* Chunks and plan are of a context of their own, which does not fail. */
static void trial_init(giant_trial *self, const mimic_context *sound, const world *tables)
{
    memset(self, 0, sizeof *self);
    self->checks_left = -1;
    ck_assert_int_eq(mimic__event_plan_new(sound, (int64_t[]){1}, 1,
                                           &(mimic_event_shares){1000, 0, 1000}, &self->plan, NULL),
                     MIMIC_OK);
    self->rules = (mimic_event_rules){.map = &hand_map,
                                      .plan = self->plan,
                                      .knows_subjects = true,
                                      .knows_admissions = true,
                                      .outside = MIMIC_POLICY_REJECT};
    for (uint16_t table = 0; table < HAND_TABLES; table++)
        self->chunks[table] =
            hand_chunk(sound, table, tables->tables[table].events, tables->tables[table].count);
}

static mimic_status trial_open(giant_trial *self, const mimic_context *ctx, mimic_error *err)
{
    self->ctx = ctx;
    self->pinned.ctx = ctx;
    hand_target_init(&self->target, ctx);
    const mimic_status status =
        mimic__patient_rules_init(&self->patient_rules, ctx, &self->rules, err);
    if (status != MIMIC_OK)
        return status;
    self->setup =
        (mimic_packet_setup){ctx, &self->patient_rules, &self->target.target, HAND_TABLES};
    return mimic__packet_new(&self->setup, &self->packet, err);
}

static void trial_close(giant_trial *self)
{
    if (self->packet != NULL)
        mimic__packet_let_go(self->packet, &self->pinned, 0);
    mimic__packet_free(self->packet);
    mimic__patient_rules_free(&self->patient_rules, self->ctx);
    hand_target_free(&self->target);
    self->packet = NULL;
}

static void trial_free(giant_trial *self)
{
    for (int table = 0; table < HAND_TABLES; table++)
        mimic__chunk_release(self->chunks[table]);
    mimic__event_plan_free(self->plan);
}

static mimic_status write_sets(mimic_packet *packet, mimic_error *err)
{
    const mimic_event_target *const target = packet->setup->target;
    mimic_status status = mimic__packet_encode(packet, err);
    for (size_t i = 0; i < packet->encoded_count; i++) {
        const mimic_status written =
            target->write(target->ctx, packet->place, packet->encoded[i], err);
        status = status == MIMIC_OK ? written : status;
    }
    packet->encoded_count = 0;
    return status;
}

static mimic_status give(void *ctx, mimic_packet *packet, bool is_more, mimic_error *err)
{
    (void)ctx;
    packet->is_more = is_more;
    return write_sets(packet, err);
}

static mimic_status check(void *ctx, mimic_error *err)
{
    giant_trial *const self = ctx;
    if (self->checks_left == 0)
        return hand_fail(err, "stop");
    self->checks_left -= self->checks_left > 0;
    return MIMIC_OK;
}

static mimic_status through_file(giant_trial *self, size_t memory, mimic_error *err)
{
    mimic_giant *giant = NULL;
    mimic_status status = mimic__packet_add_subject(self->packet, 1, err);
    if (status != MIMIC_OK)
        return status;
    const mimic_giant_options options = {
        memory, "giant-scratch", self->packet, &self->packet->subjects[0], give, check, self};
    status = mimic__giant_new(&options, &giant, err);
    for (uint16_t table = 0; table < HAND_TABLES && status == MIMIC_OK; table++) {
        /* in two slices, so that a row may be cut between them */
        const uint32_t count = (uint32_t)self->chunks[table]->count;
        if (count == 0)
            continue;
        status =
            mimic__giant_add(giant, (mimic_event_slice){self->chunks[table], 0, count / 2}, err);
        if (status == MIMIC_OK)
            status = mimic__giant_add(
                giant, (mimic_event_slice){self->chunks[table], count / 2, count - count / 2}, err);
    }
    if (status == MIMIC_OK)
        status = mimic__giant_finish(giant, err);
    mimic__giant_free(giant);
    return status;
}

/* The same through memory, by chunks that are copied on the way. */
static mimic_status through_memory(giant_trial *self, mimic_error *err)
{
    mimic_packet *const packet = self->packet;
    mimic_status status = mimic__packet_add_subject(packet, 1, err);
    for (uint16_t table = 0; table < HAND_TABLES && status == MIMIC_OK; table++) {
        mimic_held_chunk *held = NULL;
        status =
            mimic__held_new(&self->pinned, mimic__chunk_share(self->chunks[table]), &held, err);
        for (size_t i = 0; status == MIMIC_OK && i < self->chunks[table]->run_count; i++)
            status = mimic__packet_add_slice(packet, held, &self->chunks[table]->runs[i], err);
        mimic__held_leave(&self->pinned, held);
    }
    if (status == MIMIC_OK)
        status = mimic__packet_detach(packet, &self->pinned, err);
    if (status == MIMIC_OK)
        status = mimic__packet_make_room(packet, packet->event_count, err);
    if (status == MIMIC_OK)
        status = mimic__packet_settle_subject(packet, 0, err);
    return status == MIMIC_OK ? write_sets(packet, err) : status;
}

static world one_subject(uint32_t rows, uint64_t seed)
{
    world made = {.state = seed, .span = 500, .odd_micros = (int)(seed % 2)};
    world_subject(&made, 1, rows, seed % 3 == 0 ? 40 : 5);
    return made;
}

static void compare(const hand_target *a, const hand_target *b)
{
    ck_assert_uint_gt(a->event_count, 0);
    ck_assert_uint_eq(a->event_count, b->event_count);
    ck_assert_int_eq(memcmp(a->events, b->events, a->event_count * sizeof *a->events), 0);
}

START_TEST(event_giant__gives_what_memory_gives)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    static const size_t memories[] = {1, 1 << 20, 4 << 20};
    static const uint32_t rows[] = {0, 3, 90, 600, 4000};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint64_t seed = 2; seed < 5; seed++) {
            world tables = one_subject(rows[i] + (uint32_t)(i == 0), seed);
            giant_trial here;
            trial_init(&here, ctx, &tables);
            giant_trial there = here;
            mimic_error err = MIMIC_ERROR_INIT;
            ck_assert_int_eq(trial_open(&here, ctx, NULL), MIMIC_OK);
            ck_assert_msg(through_memory(&here, &err) == MIMIC_OK, "%s", err.message);
            ck_assert_uint_gt(here.pinned.copies, 0);
            for (size_t j = 0; j < sizeof memories / sizeof memories[0]; j++) {
                ck_assert_int_eq(trial_open(&there, ctx, NULL), MIMIC_OK);
                ck_assert_msg(through_file(&there, memories[j], &err) == MIMIC_OK, "%s",
                              err.message);
                compare(&here.target, &there.target);
                ck_assert_int_eq(memcmp(here.packet->tallies, there.packet->tallies,
                                        HAND_TABLES * sizeof(mimic_event_tally)),
                                 0);
                ck_assert_uint_eq(here.packet->patient.reject_count,
                                  there.target.reject_count);
                for (size_t k = 0; k < there.target.reject_count; k++)
                    ck_assert_int_eq(here.packet->patient.rejects[k].row,
                                     there.target.rejects[k].row);
                trial_close(&there);
            }
            trial_close(&here);
            ck_assert_uint_eq(here.pinned.bytes, 0);
            ck_assert_uint_eq(here.pinned.copies, 0);
            trial_free(&here);
            world_free(&tables);
        }
    mimic_context_free(ctx);
}
END_TEST

static world replayed;

static mimic_status replay_file(const mimic_context *ctx, mimic_error *err)
{
    mimic_context *sound = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &sound, NULL), MIMIC_OK);
    giant_trial trial;
    trial_init(&trial, sound, &replayed);
    mimic_status status = trial_open(&trial, ctx, err);
    if (status == MIMIC_OK)
        status = through_file(&trial, 1, err);
    trial_close(&trial);
    trial_free(&trial);
    mimic_context_free(sound);
    return status;
}

static mimic_status replay_memory(const mimic_context *ctx, mimic_error *err)
{
    mimic_context *sound = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &sound, NULL), MIMIC_OK);
    giant_trial trial;
    trial_init(&trial, sound, &replayed);
    mimic_status status = trial_open(&trial, ctx, err);
    if (status == MIMIC_OK)
        status = through_memory(&trial, err);
    trial_close(&trial);
    trial_free(&trial);
    mimic_context_free(sound);
    return status;
}

START_TEST(event_giant__failing_allocations)
{
    replayed = one_subject(500, 3);
    ck_assert_int_ge(replay_failing_allocations(replay_file), 100);
    ck_assert_int_ge(replay_failing_allocations(replay_memory), 20);
    world_free(&replayed);
}
END_TEST

START_TEST(event_giant__stops_when_told)
{
    failing_allocator state = {-1, 0, false};
    mimic_context *const ctx = failing_context(&state);
    world tables = one_subject(300, 4);
    giant_trial trial;
    trial_init(&trial, ctx, &tables);
    const long alive = state.alive;
    for (long at = 0;; at++) {
        ck_assert_int_eq(trial_open(&trial, ctx, NULL), MIMIC_OK);
        trial.checks_left = at;
        const mimic_status status = through_file(&trial, 1, NULL);
        trial_close(&trial);
        ck_assert_int_eq(state.alive, alive);
        if (status == MIMIC_OK) {
            ck_assert_int_ge(at, 10);
            break;
        }
        ck_assert_int_eq(status, MIMIC_ERR_IO);
    }
    trial_free(&trial);
    world_free(&tables);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_giant__more_admissions_than_memory)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    world tables = {.state = 9, .span = 500};
    for (int i = 0; i < 4000; i++)
        world_context_row(&tables, 3, GROUP_ADMISSION, 1, 100000);
    giant_trial trial;
    trial_init(&trial, ctx, &tables);
    ck_assert_int_eq(trial_open(&trial, ctx, NULL), MIMIC_OK);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(through_file(&trial, 1, &err), MIMIC_ERR_LIMIT);
    ck_assert_msg(strstr(err.message, "subject 1 ") != NULL, "%s", err.message);
    trial_close(&trial);
    trial_free(&trial);
    world_free(&tables);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(event_giant, event_giant__gives_what_memory_gives, event_giant__failing_allocations,
                event_giant__stops_when_told, event_giant__more_admissions_than_memory)
