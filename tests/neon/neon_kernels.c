/* The kernels of aarch64 against the scalar one and the grammar; run.sh builds it and runs it under an
 * emulator. The argument is the number of rounds. */
#include "kernel_check.h"

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 1;
    const csv_kernel *kernel;
    if (strcmp(mimic_csv__kernel_select(MIMIC_CPU_NEON)->name, "neon") != 0) {
        puts("not built for aarch64");
        return 1;
    }
    for (size_t i = 0; (kernel = mimic_csv__kernel_at(MIMIC_CPU_NEON, i)) != NULL; i++) {
        if (!kernel_check_all(kernel, rounds))
            return 1;
        printf("kernel %s agrees with the grammar\n", kernel->name);
    }
    return 0;
}
