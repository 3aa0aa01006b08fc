/* Writes a synthetic dataset without compression: make_dataset FOLDER PATIENTS SEED. */
#include <stdio.h>
#include <stdlib.h>

#include <mimic/mimic.h>

static mimic_status make(char **argv, mimic_error *err)
{
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    options.patients = strtoll(argv[2], NULL, 10);
    options.seed = strtoull(argv[3], NULL, 10);
    mimic_status status = mimic_context_new(NULL, &ctx, err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, err);
    if (status == MIMIC_OK)
        status = mimic_synth(ctx, registry, "mimic-iv", argv[1], &options, err);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status;
}

int main(int argc, char **argv)
{
    mimic_error err = MIMIC_ERROR_INIT;
    if (argc != 4) {
        fprintf(stderr, "usage: %s FOLDER PATIENTS SEED\n", argv[0]);
        return 2;
    }
    if (make(argv, &err) != MIMIC_OK) {
        fprintf(stderr, "%s: %s\n", mimic_status_name(err.code), err.message);
        return 1;
    }
    return 0;
}
