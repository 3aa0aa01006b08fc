/*
 * Synthetic hospitals: MIMIC-shaped data of any size from a seed, where no one may share MIMIC.
 *
 *     mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
 *     options.patients = 100;
 *     options.seed = 7;
 *     mimic_synth(ctx, registry, "mimic-iv", "out", &options, &err);
 *
 * The data is invented by rules; it is fit for demonstrations, tests and benchmarks, and for nothing
 * else. Same version, same seed, same options: same bytes.
 *
 * Since: 0.1
 */
#ifndef MIMIC_SYNTH_H
#define MIMIC_SYNTH_H

#include <mimic/load.h>

MIMIC_BEGIN_DECLS

/** What is invented; begin with MIMIC_SYNTH_OPTIONS_INIT. */
typedef struct mimic_synth_options {
    uint32_t struct_size;
    mimic_compression compression; /* 0 = gzip; NONE, GZIP, ZSTD */
    int64_t patients;              /* 0 = 100 */
    uint64_t seed;                 /* another seed, another hospital */
    const char *const *tables;     /* only these; NULL = all. The bytes of a table do not depend on it */
    size_t table_count;            /* of tables */
    mimic_progress_fn progress;    /* NULL = none */
    void *progress_ctx;            /* handed to progress */
    int32_t force;                 /* 1 = files that stand there under the same names are replaced */
} mimic_synth_options;

#define MIMIC_SYNTH_OPTIONS_INIT                                                                   \
    { sizeof(mimic_synth_options), 0, 0, 0, NULL, 0, NULL, NULL, 0 }

/**
 * Writes all tables of a dataset below a folder, in the layout of its release. A file appears only
 * when whole. Where one of the same name stands already, which may be real data, nothing is written,
 * unless options.force says that it may be replaced.
 *
 * registry: where column order and paths come from
 * dataset: "mimic-iv" or "mimic-iv@3.1"
 * out_dir: the folder, made where it is not there
 * options: NULL = defaults: 100 patients, seed 0, every table
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND for another dataset or a table that it has not;
 * MIMIC_ERR_ARGUMENT for a NULL or options out of their range; MIMIC_ERR_UNSUPPORTED for a
 * compression that is not built in; MIMIC_ERR_SCHEMA when the registry's release has other columns;
 * MIMIC_ERR_STATE when a file of the same name stands there; MIMIC_ERR_IO; MIMIC_ERR_CANCELLED when
 * `progress` asks to stop; MIMIC_ERR_MEMORY.
 * Ownership: everything is borrowed during the call.
 * Thread safety: any thread; the progress callback comes on the caller's.
 * Since: 0.1
 *
 * Example:
 *     mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
 *     options.patients = 20;
 *     status = mimic_synth(ctx, registry, "mimic-iv", "invented", &options, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_synth(const mimic_context *ctx,
                                                   const mimic_registry *registry,
                                                   const char *dataset, const char *out_dir,
                                                   const mimic_synth_options *options,
                                                   mimic_error *err);

MIMIC_END_DECLS

#endif
