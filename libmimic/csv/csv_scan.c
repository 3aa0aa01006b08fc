/* Chooses a kernel; a reader asks once. */
#include "csv/csv_scan.h"

const csv_kernel *mimic_csv__kernel_select(uint32_t cpu)
{
#if defined(__x86_64__)
    if ((cpu & MIMIC_CPU_AVX2) != 0)
        return &mimic_csv__kernel_avx2;
#endif
    (void)cpu;
    return &mimic_csv__kernel_scalar;
}
