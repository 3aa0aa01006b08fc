/*
 * Patient functions: code that looks at one patient's trajectory and gives rows, run over all patients
 * in parallel, with the rows as a table in any target. Scores and features are made of these. A function
 * that is given a patient, and says how many events he has:
 *
 *     mimic_rows_int64(patient_rows, 0, patient.subject_id);
 *     mimic_rows_int64(patient_rows, 1, patient.count);
 *     mimic_rows_end(patient_rows);
 *
 * and how it is run:
 *
 *     mimic_patient_function function = MIMIC_PATIENT_FUNCTION_INIT;
 *     function.table = table;                  // of two integers
 *     function.run = count_events;
 *     status = mimic_patients_run(ctx, "out", &function, "sqlite:counts.db", NULL, &rows, &err);
 *
 * Since: 0.1
 */
#ifndef MIMIC_CLINICAL_H
#define MIMIC_CLINICAL_H

#include <mimic/events.h>
#include <mimic/sink.h>

MIMIC_BEGIN_DECLS

/** The rows that a patient function gives; handed to it. */
typedef struct mimic_rows mimic_rows;

/**
 * Sets a value of the row at hand; a column that is not set is NULL. The function must be the one for
 * the column's type: integers, booleans, dates and times by int64, floats by double, strings and
 * categories by text. A value that does not fit fails the call of the patient function, once it
 * returns, with a message that says which.
 *
 * rows: as handed to the patient function
 * column: number of a field of the function's table
 * value: dates in days, times in microseconds, since 1970; NaN is a value, not NULL
 * text: UTF-8, without NUL; NULL with size 0 is the empty text
 * size: bytes of the text
 *
 * Returns: nothing; failures are kept until the patient function returns.
 * Ownership: the text is copied.
 * Thread safety: the thread of the patient function.
 * Since: 0.1
 *
 * Example:
 *     mimic_rows_int64(patient_rows, 0, patient.subject_id);
 *     mimic_rows_text(patient_rows, 1, "sepsis", 6);
 *     mimic_rows_end(patient_rows);
 */
MIMIC_API void mimic_rows_int64(mimic_rows *rows, size_t column, int64_t value);
MIMIC_API void mimic_rows_double(mimic_rows *rows, size_t column, double value);
MIMIC_API void mimic_rows_text(mimic_rows *rows, size_t column, const char *text, size_t size);

/**
 * Ends the row at hand: it is complete, and the next begins.
 *
 * rows: as handed to the patient function
 *
 * Returns: nothing; a required column without a value fails the call of the patient function.
 * Ownership: none.
 * Thread safety: the thread of the patient function.
 * Since: 0.1
 *
 * Example:
 *     mimic_rows_double(patient_rows, 1, 0.75);
 *     mimic_rows_end(patient_rows);
 */
MIMIC_API void mimic_rows_end(mimic_rows *rows);

/**
 * What is run; begin with MIMIC_PATIENT_FUNCTION_INIT.
 *
 * prepare: called once, on the caller's thread, before the first patient: looks codes up, prepares what
 * all threads read. NULL = nothing to prepare. `trajectories` lives until the run ends; in `run`, only
 * mimic_trajectories_code, _unit and _table may be called on it
 * run: called for each patient, on any thread, several at once. The patient is borrowed during the
 * call. Anything but MIMIC_OK ends the whole run; its message is shown with the subject
 * ctx: handed to both
 */
typedef struct mimic_patient_function {
    uint32_t struct_size;
    const mimic_table *table; /* of its rows; no decimals, no binary columns */
    mimic_status (*prepare)(void *ctx, const mimic_trajectories *trajectories, mimic_error *err);
    mimic_status (*run)(void *ctx, const mimic_patient *patient, mimic_rows *rows,
                        mimic_error *err);
    void *ctx;
} mimic_patient_function;

#define MIMIC_PATIENT_FUNCTION_INIT { sizeof(mimic_patient_function), NULL, NULL, NULL, NULL }

/** How patient functions are run; begin with MIMIC_PATIENTS_OPTIONS_INIT. */
typedef struct mimic_patients_options {
    uint32_t struct_size;
    mimic_group group;   /* what one call is given: a patient, or one admission or stay */
    const char *split;   /* only this one; NULL = all */
    int32_t values_only; /* 1 = texts, units and properties are not read: faster */
    int32_t jobs;        /* threads that may work, the caller's included; 0 = 1. Each takes the memory
                          * of two record batches and of the rows made of one. Rows come in the order of
                          * the patients, whatever it is */
    uint64_t max_batch_bytes;       /* as in mimic_trajectories_options */
    const mimic_sink_options *sink; /* of the target; NULL = defaults */
    mimic_progress_fn progress;     /* rows are patients, or admissions or stays; NULL = none */
    void *progress_ctx;             /* handed to progress */
} mimic_patients_options;

#define MIMIC_PATIENTS_OPTIONS_INIT                                                                \
    { sizeof(mimic_patients_options), 0, NULL, 0, 0, 0, NULL, NULL, NULL }

/**
 * Runs a patient function over a dataset of trajectories, and writes its rows as a table, which appears
 * when all is done, or not at all. Rows stand in the order of the patients
 * (mimic_trajectories_next), and are the same whatever `jobs` is.
 *
 * path: the dataset, as for mimic_trajectories_open
 * function: what is run
 * target: as for mimic_sink_open
 * options: NULL = defaults
 * out_rows: rows written; NULL = not wanted
 *
 * Returns: MIMIC_OK; what `prepare` or `run` answered, for the first patient in order that failed;
 * MIMIC_ERR_VALUE for a row that does not fit its table or that the target refuses;
 * MIMIC_ERR_CANCELLED by the progress callback; MIMIC_ERR_UNSUPPORTED for a column of a type that
 * cannot be written; MIMIC_ERR_ARGUMENT; otherwise as mimic_trajectories_next and mimic_sink_write.
 * Ownership: everything is borrowed during the call.
 * Thread safety: any thread; `run` is called on others too.
 * Since: 0.1
 *
 * Example:
 *     mimic_patient_function function = MIMIC_PATIENT_FUNCTION_INIT;
 *     function.table = table;
 *     function.run = count_events;
 *     status = mimic_patients_run(ctx, "out", &function, "scores.arrow", NULL, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_patients_run(
    const mimic_context *ctx, const char *path, const mimic_patient_function *function,
    const char *target, const mimic_patients_options *options, int64_t *out_rows,
    mimic_error *err);

MIMIC_END_DECLS

#endif
