/*
 * The second step with files of partition that somebody changed: sections are made anew, and their
 * checksums right, so that nothing but what they say is wrong.
 */
#include <mimic/mimic.h>

#include "../../support/check_main.h"
#include "../../support/test_folder.h"
#include "base/hash.h"
#include "events/event_file.h"
#include "io/codec.h"

#define HEAD_PATIENTS "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n"
#define HEAD_STAYS "subject_id,hadm_id,stay_id,intime,outtime,first_careunit,last_careunit,los\n"
#define FOOTER_SECTIONS (16 + 16 * MIMIC_EVENT_FILE_LANES) /* where they begin in the footer */
#define SECTION_BYTES 40
#define MOST_BYTES ((size_t)1 << 20)

typedef struct two_steps {
    test_folder folder;
    mimic_context *ctx;
    mimic_registry *registry;
    char work[300];
    char out[300];
} two_steps;

static void begin(two_steps *self)
{
    static const char patients[] = HEAD_PATIENTS "11,F,50,2150,2014 - 2016,\n"
                                                 "12,M,40,2140,2014 - 2016,2141-03-01\n";
    static const char stays[] = HEAD_STAYS
        "11,101,1001,2150-01-01 10:00:00,2150-01-05 12:00:00,MICU,MICU,4\n";
    char dir[300], path[400];
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    self->folder = test_folder_make();
    snprintf(dir, sizeof dir, "%s/in", self->folder.path);
    snprintf(self->work, sizeof self->work, "%s/work", self->folder.path);
    snprintf(self->out, sizeof self->out, "%s/out", self->folder.path);
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    snprintf(path, sizeof path, "%s/hosp", dir);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/hosp/patients.csv", dir);
    test_write_file(path, patients, strlen(patients));
    snprintf(path, sizeof path, "%s/icu", dir);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/icu/icustays.csv", dir);
    test_write_file(path, stays, strlen(stays));
    ck_assert_int_eq(mimic_context_new(NULL, &self->ctx, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(self->ctx, &self->registry, &err), MIMIC_OK);
    const char *const dirs[] = {dir};
    options.dataset = "mimic-iv@2.2";
    const mimic_status status = mimic_trajectories_partition(self->ctx, self->registry, dirs, 1,
                                                             self->work, &options, &report, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    mimic_trajectory_report_free(report);
}

static void end(two_steps *self)
{
    mimic_registry_free(self->registry);
    mimic_context_free(self->ctx);
    test_folder_remove(&self->folder);
}

/* The second step may refuse what it finds, and must not do anything else that is wrong. */
static mimic_status assemble(const two_steps *self)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    const mimic_status status = mimic_trajectories_assemble(self->ctx, self->registry, self->work,
                                                            self->out, NULL, &report, &err);
    if (status != MIMIC_OK)
        ck_assert_str_ne(err.message, "");
    mimic_trajectory_report_free(report);
    return status;
}

/* ---- a section, made anew ---- */

static uint64_t number_at(const unsigned char *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

static void put_number(unsigned char *bytes, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
}

/* Changes a content in place, within MOST_BYTES; gives its size. */
typedef size_t (*change_fn)(char *content, size_t size, const char *how);

static size_t unpack(const char *file, const unsigned char *section, char *content)
{
    const uint64_t offset = number_at(section);
    const uint64_t stored = number_at(section + 8);
    const uint64_t packed = number_at(section + 16);
    ck_assert_uint_lt(packed, MOST_BYTES);
    if (stored == packed)
        memcpy(content, file + offset, (size_t)packed);
    else
        ck_assert_int_eq(mimic__zstd_decompress_frame((const unsigned char *)file + offset,
                                                      (size_t)stored, (unsigned char *)content,
                                                      (size_t)packed, NULL),
                         MIMIC_OK);
    content[packed] = '\0';
    return (size_t)packed;
}

/* The new content stands behind the blocks, not compressed. */
static void change_section(const two_steps *self, const char *name, int number, change_fn change,
                           const char *how)
{
    char path[400];
    size_t size;
    snprintf(path, sizeof path, "%s/%s.events", self->work, name);
    char *const file = test_read_file(path, &size);
    char *const made = malloc(size + MOST_BYTES + MIMIC_EVENT_FOOTER_BYTES);
    ck_assert_ptr_nonnull(made);
    unsigned char footer[MIMIC_EVENT_FOOTER_BYTES];
    const size_t end = size - sizeof footer;
    memcpy(footer, file + end, sizeof footer);
    memcpy(made, file, end);
    unsigned char *const section = footer + FOOTER_SECTIONS + SECTION_BYTES * number;
    const size_t before = unpack(file, section, made + end);
    const size_t after = change(made + end, before, how);
    put_number(section, end);
    put_number(section + 8, after);
    put_number(section + 16, after);
    put_number(section + 32, mimic__hash64(made + end, after));
    put_number(footer + sizeof footer - 16, end + after + sizeof footer);
    put_number(footer + sizeof footer - 8, mimic__hash64(footer, sizeof footer - 8));
    memcpy(made + end + after, footer, sizeof footer);
    test_write_file(path, made, end + after + sizeof footer);
    free(made);
    free(file);
}

/* "name=value": the value of a member of the head that is an array. */
static size_t change_head(char *content, size_t size, const char *how)
{
    const char *const value = strchr(how, '=') + 1;
    char name[64];
    snprintf(name, sizeof name, "\"%.*s\": [", (int)(value - how - 1), how);
    char *const at = strstr(content, name);
    ck_assert_msg(at != NULL, "no %s in %s", name, content);
    char *const first = at + strlen(name);
    char *const last = strchr(first, ']');
    char *const rest = strdup(last);
    ck_assert_ptr_nonnull(rest);
    (void)size;
    memcpy(first, value, strlen(value));
    memcpy(first + strlen(value), rest, strlen(rest) + 1);
    free(rest);
    return strlen(content);
}

/* The first code comes from nowhere. */
static size_t forget_origin(char *content, size_t size, const char *how)
{
    const size_t text = (size_t)(number_at((const unsigned char *)content) & UINT32_MAX);
    (void)how;
    memset(content + 4 + text, 0xff, 2);
    return size;
}

static const char *name_of(const two_steps *self, const char *table)
{
    static char name[64];
    for (int i = 0; i < 100; i++) {
        char path[400];
        snprintf(name, sizeof name, "%03d-%s", i, table);
        snprintf(path, sizeof path, "%s/%s.events", self->work, name);
        if (access(path, F_OK) == 0)
            return name;
    }
    ck_abort_msg("no file of %s", table);
}

START_TEST(partition__code_without_an_origin)
{
    two_steps self;
    begin(&self);
    change_section(&self, name_of(&self, "icustays"), SECTION_CODES, forget_origin, NULL);
    ck_assert_int_eq(assemble(&self), MIMIC_OK);
    end(&self);
}
END_TEST

START_TEST(partition__made_up_counts)
{
    static const char *const faults[] = {
        "reading=9223372036854775807, 0, 9223372036854775807", "reading=9223372036854775807, 0, 0",
        "reading=4611686018427387904, 0, 0", "stamp=9223372036854775807, 5",
        "stamp=-9223372036854775808, 5"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        two_steps self;
        begin(&self);
        change_section(&self, name_of(&self, "patients"), SECTION_HEAD, change_head, faults[i]);
        change_section(&self, name_of(&self, "icustays"), SECTION_HEAD, change_head, faults[i]);
        ck_assert_msg(assemble(&self) == MIMIC_ERR_CORRUPT, "%s", faults[i]);
        end(&self);
    }
}
END_TEST

START_TEST(partition__sections_made_anew_are_read)
{
    two_steps self;
    begin(&self);
    change_section(&self, name_of(&self, "patients"), SECTION_HEAD, change_head, "stamp=5, 6");
    ck_assert_int_eq(assemble(&self), MIMIC_OK);
    end(&self);
}
END_TEST

MIMIC_TEST_MAIN(partition, partition__sections_made_anew_are_read,
                partition__code_without_an_origin, partition__made_up_counts)
