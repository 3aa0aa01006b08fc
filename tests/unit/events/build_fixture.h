/*
 * A small hospital of files made here, built into a dataset; and a folder as one number.
 */
#ifndef MIMIC_TESTS_BUILD_FIXTURE_H
#define MIMIC_TESTS_BUILD_FIXTURE_H

#include <dirent.h>

#include <mimic/mimic.h>

#include "../../support/check_main.h"
#include "../../support/failing_allocator.h"
#include "../../support/test_folder.h"

#define HEAD_PATIENTS "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n"
#define HEAD_ADMISSIONS                                                                            \
    "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,"           \
    "admission_location,discharge_location,insurance,language,marital_status,race,edregtime,"      \
    "edouttime,hospital_expire_flag\n"
#define HEAD_LABS                                                                                  \
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,"     \
    "value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n"

typedef struct hospital {
    test_folder folder;
    mimic_context *ctx;
    mimic_registry *registry;
    char dir[300];
    char out[300];
} hospital;

static inline void put_file(hospital *self, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", self->dir, name);
    test_write_file(path, text, strlen(text));
}

static inline void begin(hospital *self)
{
    char hosp[400];
    mimic_error err = MIMIC_ERROR_INIT;
    self->folder = test_folder_make();
    snprintf(self->dir, sizeof self->dir, "%s/in", self->folder.path);
    snprintf(self->out, sizeof self->out, "%s/out", self->folder.path);
    snprintf(hosp, sizeof hosp, "%s/hosp", self->dir);
    ck_assert_int_eq(mkdir(self->dir, 0777), 0);
    ck_assert_int_eq(mkdir(hosp, 0777), 0);
    ck_assert_int_eq(mimic_context_new(NULL, &self->ctx, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(self->ctx, &self->registry, &err), MIMIC_OK);
    put_file(self, "hosp/patients.csv",
             HEAD_PATIENTS "11,F,50,2150,2014 - 2016,\n"
                           "12,M,40,2140,2014 - 2016,2141-03-01\n"
                           "13,F,60,2160,2014 - 2016,\n");
    put_file(self, "hosp/admissions.csv",
             HEAD_ADMISSIONS
             "11,101,2150-01-01 10:00:00,2150-01-05 12:00:00,,URGENT,P1,ER,HOME,Other,?,,WHITE,,,0\n"
             "12,102,2140-02-01 00:00:00,2140-02-03 00:00:00,2140-02-03 00:00:00,URGENT,P1,ER,DIED,"
             "Other,?,,WHITE,,,1\n");
    put_file(self, "hosp/labevents.csv",
             HEAD_LABS
             "1,11,101,1,50912,,2150-01-02 08:00:00,2150-01-02 09:00:00,1.5,1.5,mg/dL,,,,STAT,\n"
             "2,11,,2,50912,,2150-01-03 08:00:00,2150-01-03 09:00:00,___,2.25,mg/dL,,,,,\n"
             "3,12,102,3,50971,,2140-02-01 08:00:00,,4,4,mEq/L,,,,,\n"
             "4,99,,4,50971,,2140-02-01 08:00:00,2140-02-01 09:00:00,4,4,mEq/L,,,,,\n"
             "5,13,,5,50971,,never,2140-02-01 09:00:00,4,4,mEq/L,,,,,\n"
             "6,13,,6,50971,,,,4,4,mEq/L,,,,,\n");
}

static inline void end(hospital *self)
{
    mimic_registry_free(self->registry);
    mimic_context_free(self->ctx);
    test_folder_remove(&self->folder);
}

static inline mimic_status build(hospital *self, const mimic_trajectory_options *given, const char *out,
                                 mimic_trajectory_report **out_report, mimic_error *err)
{
    const char *const dirs[] = {self->dir};
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    if (given != NULL)
        options = *given;
    options.dataset = "mimic-iv@2.2";
    return mimic_trajectories_build(self->ctx, self->registry, dirs, 1, out, &options, out_report,
                                    err);
}

static inline mimic_trajectory_totals build_well(hospital *self, const mimic_trajectory_options *given,
                                                 const char *out)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_totals totals = MIMIC_TRAJECTORY_TOTALS_INIT;
    const mimic_status status = build(self, given, out, &report, &err);
    ck_assert_msg(status == MIMIC_OK, "%s: %s", mimic_status_name(status), err.message);
    ck_assert_int_eq(mimic_trajectory_report_totals(report, &totals), MIMIC_OK);
    mimic_trajectory_report_free(report);
    return totals;
}

/* ---- a folder as one number ---- */

static inline uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static inline uint64_t digest(const char *path, const char *relative)
{
    DIR *const folder = opendir(path);
    uint64_t sum = 0; /* a sum, as the order of entries is the file system's */
    ck_assert_msg(folder != NULL, "%s is not there", path);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char below[1024], name[512];
        struct stat facts;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, ".mimic-partial") == 0)
            continue;
        const int below_size = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        const int name_size = snprintf(name, sizeof name, "%s/%s", relative, entry->d_name);
        ck_assert_int_lt(below_size, (int)sizeof below);
        ck_assert_int_lt(name_size, (int)sizeof name);
        ck_assert_int_eq(lstat(below, &facts), 0);
        if (S_ISDIR(facts.st_mode)) {
            sum += digest(below, name);
            continue;
        }
        size_t size;
        char *const bytes = test_read_file(below, &size);
        sum += mix(mix(UINT64_C(0xcbf29ce484222325), name, strlen(name)), bytes, size);
        free(bytes);
    }
    closedir(folder);
    return sum;
}

/* ---- many rows ---- */

/* Labs of many patients, in no order; more than are sorted in memory at the least memory. */
static inline void put_many(hospital *self, size_t rows)
{
    char path[400];
    uint64_t state = 5;
    snprintf(path, sizeof path, "%s/hosp/patients.csv", self->dir);
    FILE *file = fopen(path, "wb");
    fputs(HEAD_PATIENTS, file);
    for (int i = 0; i < 50; i++)
        fprintf(file, "%d,F,50,2150,2014 - 2016,\n", 1000 + i);
    fclose(file);
    snprintf(path, sizeof path, "%s/hosp/labevents.csv", self->dir);
    file = fopen(path, "wb");
    fputs(HEAD_LABS, file);
    for (size_t i = 0; i < rows; i++)
        fprintf(file,
                "%zu,%d,,%zu,%d,,2150-%02d-%02d 08:00:00,2150-12-30 09:00:00,%d,%d,mg/dL,,,,,\n",
                i + 1, i < 2 ? 1000 + (int)i : 1000 + (int)(test_random(&state) % 50), i,
                50900 + (int)(test_random(&state) % 40), 1 + (int)(test_random(&state) % 11),
                1 + (int)(test_random(&state) % 28), (int)(i % 90), (int)(i % 90));
    fclose(file);
}

#endif
