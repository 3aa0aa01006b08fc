/*
 * Reading datasets of trajectories back: patients in order, across record batches and files, admissions
 * and stays, seeking, other writers' datasets, damaged ones, allocations that fail.
 */
#include "event_dataset.h"

#include <sys/stat.h>

#include "check_main.h"
#include "failing_allocator.h"

#define HEAD "{\"name\": \"test\", \"resources\": [{\"name\": \"events\", \"path\": \"events.csv\", \"schema\": {\"fields\": ["
#define TAIL "]}}]}"
#define FIELD(name, type) "{\"name\": \"" name "\", \"type\": \"" type "\"}"
#define FIELD_OF(name, type, constraints)                                                          \
    "{\"name\": \"" name "\", \"type\": \"" type "\", \"mimic:type\": \"" constraints "\"}"

static const char MEDS[] = HEAD FIELD("subject_id", "integer") "," FIELD("time", "datetime") ","
    FIELD("code", "string") "," FIELD("numeric_value", "number") "," FIELD("text_value", "string") TAIL;

static const char OWN[] = HEAD FIELD("subject_id", "integer") "," FIELD("time", "datetime") ","
    FIELD("code", "string") "," FIELD("value", "number") "," FIELD("text_value", "string") ","
    FIELD("unit", "string") "," FIELD("hadm_id", "integer") "," FIELD("stay_id", "integer") ","
    FIELD("source_table", "string") "," FIELD("source_row", "integer") ","
    FIELD("properties", "string") "," FIELD("available_time", "datetime") TAIL;

/* Subjects of `size` events each, from `first` on; the two first events of each have no time. */
typedef struct shape {
    int64_t size;
    int64_t first;
    int64_t bad_row; /* whose subject is 1; -1 = none */
} shape;

static char text[64];

static dataset_cell make_cell(int64_t row, size_t column, void *ctx)
{
    const shape *self = ctx;
    const int64_t subject = self->first + row / self->size;
    const int64_t event = row % self->size;
    const bool is_fact = event < 2;
    dataset_cell cell = {.number = 0};
    switch (column) {
    case 0:
        cell.number = row == self->bad_row ? 1 : subject;
        break;
    case 1:
        cell.number = is_fact ? DATASET_NULL : INT64_C(1000000) * (event / 2);
        break;
    case 2:
        snprintf(text, sizeof text, "CODE//%d", (int)(event % 7));
        cell.text = text;
        break;
    case 3:
        cell.number = event % 3 == 0 ? DATASET_NULL : 0;
        cell.real = (double)row;
        break;
    case 4:
        snprintf(text, sizeof text, "text of %lld", (long long)row);
        cell.text = event % 3 == 0 ? text : NULL;
        break;
    case 5:
        cell.text = event % 2 == 0 ? "mmHg" : event % 5 == 0 ? "mg/dL" : NULL;
        break;
    case 6: /* three admissions a subject, in turns of four; facts and every ninth event have none */
        cell.number =
            is_fact || event % 9 == 0 ? DATASET_NULL : subject * 10 + (event / 4) % 3;
        break;
    case 7:
        cell.number = event % 4 == 1 && !is_fact ? subject * 100 : DATASET_NULL;
        break;
    case 8:
        cell.text = event % 2 == 0 ? "labevents" : "chartevents";
        break;
    case 9:
        cell.number = row + 1;
        break;
    case 10:
        cell.text = event % 4 == 0 ? "{\"a\": 1}" : NULL;
        break;
    default:
        cell.number = is_fact ? DATASET_NULL : INT64_C(1000000) * (event / 2) + 5;
        break;
    }
    return cell;
}

static const mimic_context *context(void)
{
    static mimic_context *ctx = NULL;
    if (ctx == NULL)
        ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static void write_file(test_folder *folder, const char *name, const char *schema, shape how,
                       int64_t subjects)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/data/%s", folder->path, name);
    dataset_write(context(), path, schema, 0, subjects * how.size, make_cell, &how);
}

static mimic_trajectories *open_reader(const test_folder *folder,
                                       const mimic_trajectories_options *options)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectories *reader = NULL;
    const mimic_status status =
        mimic_trajectories_open(context(), folder->path, options, &reader, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    return reader;
}

/* Everything of a patient that a caller may read, as one number. */
static uint64_t digest(const mimic_trajectories *reader, const mimic_patient *patient)
{
    uint64_t sum = (uint64_t)patient->subject_id * 31 + (uint64_t)patient->group_id;
    for (int64_t i = 0; i < patient->count; i++) {
        mimic_code code = MIMIC_CODE_INIT;
        ck_assert_int_eq(mimic_trajectories_code(reader, patient->code[i], &code), MIMIC_OK);
        const int64_t numbers[] = {patient->time[i],      patient->available[i],
                                   patient->hadm_id[i],   patient->stay_id[i],
                                   patient->source_row[i], patient->link_id[i],
                                   patient->order_rank[i], patient->marks[i]};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            sum = sum * 1099511628211u + (uint64_t)numbers[k];
        for (const char *c = code.code; *c != '\0'; c++)
            sum = sum * 131 + (unsigned char)*c;
        for (const char *c = mimic_trajectories_unit(reader, patient->unit[i]); *c != '\0'; c++)
            sum = sum * 131 + (unsigned char)*c;
        for (const char *c = mimic_trajectories_table(reader, patient->table[i]); *c != '\0'; c++)
            sum = sum * 131 + (unsigned char)*c;
        for (int64_t k = patient->text_offsets[i]; k < patient->text_offsets[i + 1]; k++)
            sum = sum * 131 + (unsigned char)patient->text_bytes[k];
        for (int64_t k = patient->properties_offsets[i]; k < patient->properties_offsets[i + 1]; k++)
            sum = sum * 131 + (unsigned char)patient->properties_bytes[k];
        sum = sum * 31 + (patient->value[i] == patient->value[i] ? (uint64_t)patient->value[i] : 7u);
    }
    return sum;
}

typedef struct totals {
    int64_t patients;
    int64_t events;
    uint64_t sum;
} totals;

static totals read_all(const test_folder *folder, const mimic_trajectories_options *options)
{
    totals found = {0};
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status;
    mimic_trajectories *reader = open_reader(folder, options);
    mimic_patient patient = MIMIC_PATIENT_INIT;
    while ((status = mimic_trajectories_next(reader, &patient, &err)) == MIMIC_OK) {
        found.patients++;
        found.events += patient.count;
        found.sum = found.sum * 3 + digest(reader, &patient);
    }
    ck_assert_msg(status == MIMIC_END, "%s", err.message);
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, &err), MIMIC_END);
    mimic_trajectories_free(reader);
    return found;
}

/* The events of a subject of `shape`, value by value. */
static void check_patient(const mimic_trajectories *reader, const mimic_patient *patient, shape how,
                          int64_t first_row)
{
    ck_assert_int_eq(patient->count, how.size);
    ck_assert_int_eq(patient->static_count, how.size < 2 ? how.size : 2);
    for (int64_t i = 0; i < patient->count; i++) {
        mimic_code code = MIMIC_CODE_INIT;
        ck_assert_int_eq(patient->time[i], make_cell(first_row + i, 1, &how).number);
        ck_assert_int_eq(mimic_trajectories_code(reader, patient->code[i], &code), MIMIC_OK);
        ck_assert_str_eq(code.code, make_cell(first_row + i, 2, &how).text);
        const dataset_cell value = make_cell(first_row + i, 3, &how);
        if (value.number == DATASET_NULL)
            ck_assert_double_nan(patient->value[i]);
        else
            ck_assert_double_eq(patient->value[i], value.real);
        const char *wanted = make_cell(first_row + i, 4, &how).text;
        const int64_t start = patient->text_offsets[i];
        const size_t size = (size_t)(patient->text_offsets[i + 1] - start);
        ck_assert_uint_eq(size, wanted == NULL ? 0 : strlen(wanted));
        ck_assert_int_eq(wanted == NULL ? 0 : memcmp(patient->text_bytes + start, wanted, size), 0);
    }
}

START_TEST(event_read__foreign_dataset)
{
    test_folder folder = test_folder_make();
    const shape how = {5, 100, -1};
    write_file(&folder, "train/10.arrow", MEDS, (shape){5, 300, -1}, 3);
    write_file(&folder, "train/2.arrow", MEDS, (shape){5, 200, -1}, 2);
    write_file(&folder, "held_out/0.arrow", MEDS, (shape){5, 50, -1}, 1);
    write_file(&folder, "other/0.arrow", MEDS, how, 1);
    write_file(&folder, "tuning/0.arrow", MEDS, how, 1);
    static const int64_t subjects[] = {200, 201, 300, 301, 302, 100, 50, 100};
    static const char *const splits[] = {"train",  "train",  "train",    "train",
                                         "train", "tuning", "held_out", "other"};
    mimic_trajectories *reader = open_reader(&folder, NULL);
    mimic_patient patient = MIMIC_PATIENT_INIT;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
        ck_assert_int_eq(patient.subject_id, subjects[i]);
        ck_assert_str_eq(patient.split, splits[i]);
        ck_assert_int_eq(patient.group_id, INT64_MIN);
        check_patient(reader, &patient, how, (subjects[i] % 100) * 5 % (subjects[i] == 50 ? 1 : 999));
        ck_assert_int_eq(patient.hadm_id[0], INT64_MIN);
        ck_assert_int_eq(patient.available[4], INT64_MIN);
        ck_assert_uint_eq(patient.unit[0], UINT32_MAX);
        ck_assert_uint_eq(patient.table[0], UINT16_MAX);
        ck_assert_int_eq(patient.properties_offsets[5], patient.properties_offsets[0]);
        ck_assert_int_eq(patient.marks[0], 0);
    }
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_END);
    ck_assert_uint_eq(mimic_trajectories_code_count(reader), 5);
    ck_assert_uint_ne(mimic_trajectories_find_code(reader, "CODE//4"), UINT32_MAX);
    ck_assert_uint_eq(mimic_trajectories_find_code(reader, "CODE//9"), UINT32_MAX);
    mimic_trajectories_free(reader);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(event_read__patients_across_batches)
{
    /* A batch has 65,536 rows at most: patients of 1,000 events lie across, one of 200,000 in four. */
    test_folder folder = test_folder_make();
    const shape small = {1000, 10, -1};
    write_file(&folder, "train/0.arrow", OWN, small, 300);
    write_file(&folder, "train/1.arrow", OWN, (shape){200000, 400, -1}, 2);
    mimic_trajectories *reader = open_reader(&folder, NULL);
    mimic_patient patient = MIMIC_PATIENT_INIT;
    for (int64_t i = 0; i < 300; i++) {
        ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
        ck_assert_int_eq(patient.subject_id, 10 + i);
        check_patient(reader, &patient, small, i * small.size);
        ck_assert_int_eq(patient.source_row[999], i * 1000 + 1000);
        ck_assert_str_eq(mimic_trajectories_unit(reader, patient.unit[0]), "mmHg");
        ck_assert_str_eq(mimic_trajectories_table(reader, patient.table[1]), "chartevents");
    }
    for (int64_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
        check_patient(reader, &patient, (shape){200000, 400, -1}, i * 200000);
    }
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_END);
    mimic_trajectories_free(reader);

    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    for (mimic_group group = MIMIC_GROUP_SUBJECT; group <= MIMIC_GROUP_STAY; group++) {
        options.group = group;
        options.jobs = 1;
        const totals alone = read_all(&folder, &options);
        options.jobs = 4;
        const totals together = read_all(&folder, &options);
        ck_assert_int_eq(alone.events, together.events);
        ck_assert_uint_eq(alone.sum, together.sum);
        ck_assert_int_eq(alone.patients, group == MIMIC_GROUP_ADMISSION ? 906 : 302);
    }
    test_folder_remove(&folder);
}
END_TEST

START_TEST(event_read__groups)
{
    test_folder folder = test_folder_make();
    write_file(&folder, "train/0.arrow", OWN, (shape){40, 7, -1}, 2);
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    options.group = MIMIC_GROUP_ADMISSION;
    mimic_trajectories *reader = open_reader(&folder, &options);
    mimic_patient patient = MIMIC_PATIENT_INIT;
    for (int64_t i = 0; i < 6; i++) {
        ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
        const int64_t subject = 7 + i / 3;
        ck_assert_int_eq(patient.subject_id, subject);
        ck_assert_int_eq(patient.group_id, subject * 10 + i % 3);
        ck_assert_int_eq(patient.static_count, 2);
        int64_t wanted = 2;
        for (int64_t event = 2; event < 40; event++)
            wanted += event % 9 != 0 && (event / 4) % 3 == i % 3;
        ck_assert_int_eq(patient.count, wanted);
        for (int64_t event = 2; event < patient.count; event++) {
            ck_assert_int_eq(patient.hadm_id[event], patient.group_id);
            ck_assert_int_ge(patient.time[event], event == 2 ? 0 : patient.time[event - 1]);
        }
    }
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_END);
    ck_assert_int_eq(mimic_trajectories_seek(reader, 8, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
    ck_assert_int_eq(patient.group_id, 80);
    mimic_trajectories_free(reader);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(event_read__values_only)
{
    test_folder folder = test_folder_make();
    write_file(&folder, "train/0.arrow", OWN, (shape){40, 7, -1}, 2);
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    options.values_only = 1;
    options.split = "train";
    mimic_trajectories *reader = open_reader(&folder, &options);
    mimic_patient patient = MIMIC_PATIENT_INIT;
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
    ck_assert_int_eq(patient.text_offsets[40], patient.text_offsets[0]);
    ck_assert_int_eq(patient.properties_offsets[40], patient.properties_offsets[0]);
    ck_assert_uint_eq(patient.unit[0], UINT32_MAX);
    ck_assert_double_eq(patient.value[1], 1);
    ck_assert_int_eq(patient.hadm_id[2], 70);
    mimic_trajectories_free(reader);
    options.split = "tuning";
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_trajectories_open(context(), folder.path, &options, &reader, &err),
                     MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "no split \"tuning\""));
    test_folder_remove(&folder);
}
END_TEST

static void check_seek(mimic_trajectories *reader, int64_t subject)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    ck_assert_msg(mimic_trajectories_seek(reader, subject, &err) == MIMIC_OK, "%lld: %s",
                  (long long)subject, err.message);
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, &err), MIMIC_OK);
    ck_assert_int_eq(patient.subject_id, subject);
}

START_TEST(event_read__seek)
{
    test_folder folder = test_folder_make();
    /* The files of split "b" do not ascend, those of "train" do; one is empty. */
    write_file(&folder, "train/0.arrow", OWN, (shape){700, 1000, -1}, 300);
    write_file(&folder, "train/1.arrow", OWN, (shape){3, 1400, -1}, 0);
    write_file(&folder, "train/2.arrow", OWN, (shape){150000, 1500, -1}, 3);
    write_file(&folder, "train/3.arrow", OWN, (shape){3, 1600, -1}, 40);
    write_file(&folder, "b/0.arrow", OWN, (shape){3, 5000, -1}, 10);
    write_file(&folder, "b/1.arrow", OWN, (shape){3, 4000, -1}, 10);
    write_file(&folder, "b/2.arrow", OWN, (shape){3, 7000, -1}, 10);
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    for (options.jobs = 1; options.jobs < 4; options.jobs += 2) {
        mimic_trajectories *reader = open_reader(&folder, &options);
        static const int64_t THERE[] = {1502, 1000, 1299, 1250, 1639, 4009, 4000, 7005, 5000,
                                        1500, 1501, 1093, 1094};
        static const int64_t ABSENT[] = {999, 1300, 1400, 1503, 1640, 0, -5, 8000, INT64_MAX};
        mimic_patient patient = MIMIC_PATIENT_INIT;
        for (size_t i = 0; i < sizeof THERE / sizeof THERE[0]; i++) {
            check_seek(reader, THERE[i]);
            mimic_error err = MIMIC_ERROR_INIT;
            const int64_t absent = ABSENT[i % (sizeof ABSENT / sizeof ABSENT[0])];
            ck_assert_int_eq(mimic_trajectories_seek(reader, absent, &err), MIMIC_ERR_NOT_FOUND);
        }
        for (int64_t subject = 1000; subject < 1300; subject += 23) {
            check_seek(reader, subject);
            if (subject < 1299) { /* and on from there */
                ck_assert_int_eq(mimic_trajectories_next(reader, &patient, NULL), MIMIC_OK);
                ck_assert_int_eq(patient.subject_id, subject + 1);
            }
        }
        mimic_trajectories_free(reader);
    }
    test_folder_remove(&folder);
}
END_TEST

static void check_failure(const test_folder *folder, mimic_status wanted, const char *message)
{
    for (int32_t jobs = 1; jobs < 4; jobs += 2) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_trajectories *reader = NULL;
        mimic_patient patient = MIMIC_PATIENT_INIT;
        mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
        options.jobs = jobs;
        mimic_status status =
            mimic_trajectories_open(context(), folder->path, &options, &reader, &err);
        while (status == MIMIC_OK)
            status = mimic_trajectories_next(reader, &patient, &err);
        ck_assert_msg(status == wanted, "%s: %s", mimic_status_name(status), err.message);
        ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
        if (reader != NULL)
            ck_assert_int_eq(mimic_trajectories_next(reader, &patient, &err), wanted);
        mimic_trajectories_free(reader);
    }
}

START_TEST(event_read__faults)
{
    test_folder folder = test_folder_make();
    check_failure(&folder, MIMIC_ERR_NOT_FOUND, "no folder data");
    write_file(&folder, "train/0.arrow", OWN, (shape){10, 100, 75}, 20);
    check_failure(&folder, MIMIC_ERR_CORRUPT, "row 76: subject 1 is out of order");
    write_file(&folder, "train/0.arrow", OWN, (shape){10, 100, 65536}, 7000);
    check_failure(&folder, MIMIC_ERR_CORRUPT, "record batch 2: subject 1 is out of order");
    write_file(&folder, "train/0.arrow", OWN, (shape){10, 100, -1}, 20);
    write_file(&folder, "train/1.arrow", OWN, (shape){10, 119, -1}, 20);
    check_failure(&folder, MIMIC_ERR_CORRUPT, "in the file before");
    static const char NO_CODE[] = HEAD FIELD("subject_id", "integer") TAIL;
    write_file(&folder, "train/1.arrow", NO_CODE, (shape){10, 200, -1}, 20);
    check_failure(&folder, MIMIC_ERR_CORRUPT, "no column \"code\"");
    static const char TEXT_TIME[] = HEAD FIELD("subject_id", "integer") "," FIELD("x", "integer") ","
        FIELD("code", "string") "," FIELD("y", "number") "," FIELD("time", "string") TAIL;
    write_file(&folder, "train/1.arrow", TEXT_TIME, (shape){10, 200, -1}, 20);
    check_failure(&folder, MIMIC_ERR_CORRUPT, "\"time\" of timestamps");
    static const char NULL_CODE[] = HEAD FIELD("subject_id", "integer") "," FIELD("x", "integer") ","
        FIELD("y", "string") "," FIELD("z", "number") "," FIELD("code", "string") TAIL;
    write_file(&folder, "train/1.arrow", NULL_CODE, (shape){10, 200, -1}, 20);
    check_failure(&folder, MIMIC_ERR_VALUE, "an event without a code");
    test_folder_remove(&folder);
}
END_TEST

/* What a dataset says of itself is read once: to ask again takes no more memory, and texts stay. */
START_TEST(event_read__describe)
{
    test_folder folder = test_folder_make();
    static const char CARD[] = "{\"dataset_name\": \"d\", \"dataset_version\": \"2\"}";
    write_file(&folder, "train/0.arrow", OWN, (shape){10, 100, -1}, 2);
    char path[1200];
    snprintf(path, sizeof path, "%s/metadata", folder.path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/metadata/dataset.json", folder.path);
    test_write_file(path, CARD, strlen(CARD));
    mimic_trajectories *reader = open_reader(&folder, NULL);
    mimic_trajectories_info first = MIMIC_TRAJECTORIES_INFO_INIT;
    mimic_trajectories_info again = MIMIC_TRAJECTORIES_INFO_INIT;
    ck_assert_int_eq(mimic_trajectories_describe(reader, &first, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_trajectories_describe(reader, &again, NULL), MIMIC_OK);
    ck_assert_str_eq(first.dataset, "d");
    ck_assert_str_eq(first.version, "2");
    ck_assert_int_eq(first.subjects, -1);
    ck_assert_int_eq(first.files, 1);
    ck_assert_ptr_eq(again.dataset, first.dataset);
    mimic_trajectories_free(reader);
    test_folder_remove(&folder);
}
END_TEST

/* What is made of a record batch counts, too: 96 bytes an event. */
START_TEST(event_read__large_batch)
{
    test_folder folder = test_folder_make();
    write_file(&folder, "train/0.arrow", MEDS, (shape){10, 100, -1}, 2000);
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    options.max_batch_bytes = 96 * 20000;
    ck_assert_int_eq(read_all(&folder, &options).events, 20000);
    options.max_batch_bytes--;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    mimic_trajectories *reader = open_reader(&folder, &options);
    ck_assert_int_eq(mimic_trajectories_next(reader, &patient, &err), MIMIC_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "record batch 1: its 20000 events"));
    mimic_trajectories_free(reader);
    test_folder_remove(&folder);
}
END_TEST

/* A file that is cut, or one of whose bytes is another, is an error or reads as something: never more. */
START_TEST(event_read__damaged_files)
{
    test_folder folder = test_folder_make();
    size_t size = 0;
    uint64_t random = 5;
    write_file(&folder, "train/0.arrow", OWN, (shape){10, 100, -1}, 20);
    char path[1200];
    snprintf(path, sizeof path, "%s/data/train/0.arrow", folder.path);
    char *bytes = test_read_file(path, &size);
    for (int i = 0; i < 600; i++) {
        const size_t place = (size_t)test_random(&random) % size;
        const char kept = bytes[place];
        const bool is_cut = i % 3 == 0;
        bytes[place] = (char)test_random(&random);
        test_write_file(path, bytes, is_cut ? place : size);
        bytes[place] = kept;
        mimic_trajectories *reader = NULL;
        mimic_patient patient = MIMIC_PATIENT_INIT;
        mimic_status status = mimic_trajectories_open(context(), folder.path, NULL, &reader, NULL);
        while (status == MIMIC_OK && (status = mimic_trajectories_next(reader, &patient, NULL)) == MIMIC_OK)
            (void)digest(reader, &patient);
        ck_assert_msg(!is_cut || status < 0, "cut at %zu: %s", place, mimic_status_name(status));
        if (status == MIMIC_END)
            status = mimic_trajectories_seek(reader, 110, NULL);
        mimic_trajectories_free(reader);
    }
    free(bytes);
    test_folder_remove(&folder);
}
END_TEST

static test_folder shared;

static mimic_status read_under_stress(const mimic_context *ctx, mimic_error *err)
{
    mimic_trajectories *reader = NULL;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    mimic_trajectories_info info = MIMIC_TRAJECTORIES_INFO_INIT;
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    options.group = MIMIC_GROUP_ADMISSION;
    options.split = "train";
    mimic_status status = mimic_trajectories_open(ctx, shared.path, &options, &reader, err);
    if (status == MIMIC_OK)
        status = mimic_trajectories_describe(reader, &info, err);
    while (status == MIMIC_OK) {
        status = mimic_trajectories_next(reader, &patient, err);
        if (status == MIMIC_OK)
            ck_assert_str_eq(patient.split, "train");
    }
    if (status == MIMIC_END)
        status = mimic_trajectories_seek(reader, 101, err);
    if (status == MIMIC_OK)
        status = mimic_trajectories_next(reader, &patient, err);
    mimic_trajectories_free(reader);
    return status;
}

START_TEST(event_read__failing_allocations)
{
    shared = test_folder_make();
    write_file(&shared, "train/0.arrow", OWN, (shape){10, 100, -1}, 3);
    write_file(&shared, "tuning/0.arrow", OWN, (shape){10, 200, -1}, 3);
    replay_failing_allocations(read_under_stress);
    test_folder_remove(&shared);
}
END_TEST

START_TEST(event_read__arguments)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectories *reader = NULL;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    ck_assert_int_eq(mimic_trajectories_open(context(), NULL, NULL, &reader, &err),
                     MIMIC_ERR_ARGUMENT);
    options.group = 9;
    ck_assert_int_eq(mimic_trajectories_open(context(), "x", &options, &reader, &err),
                     MIMIC_ERR_ARGUMENT);
    options.group = 0;
    options.jobs = -1;
    ck_assert_int_eq(mimic_trajectories_open(context(), "x", &options, &reader, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_trajectories_next(NULL, &patient, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_trajectories_seek(NULL, 1, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_trajectories_describe(NULL, NULL, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_uint_eq(mimic_trajectories_code_count(NULL), 0);
    ck_assert_int_eq(mimic_trajectories_code(NULL, 0, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_uint_eq(mimic_trajectories_find_code(NULL, "a"), UINT32_MAX);
    ck_assert_str_eq(mimic_trajectories_unit(NULL, 0), "");
    ck_assert_str_eq(mimic_trajectories_table(NULL, 0), "");
    mimic_trajectories_free(NULL);
    test_folder folder = test_folder_make();
    test_write_file(test_path(&folder, "data"), "", 0);
    ck_assert_int_lt(mimic_trajectories_open(context(), folder.path, NULL, &reader, &err), 0);
    test_folder_remove(&folder);
}
END_TEST

MIMIC_TEST_MAIN(event_read, event_read__foreign_dataset, event_read__patients_across_batches,
                event_read__groups, event_read__values_only, event_read__seek, event_read__faults,
                event_read__describe, event_read__large_batch, event_read__damaged_files, event_read__failing_allocations, event_read__arguments)
