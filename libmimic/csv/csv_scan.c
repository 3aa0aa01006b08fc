/* Chooses a kernel; a reader asks once. */
#include "csv/csv_scan.h"

const csv_kernel *mimic_csv__kernel_at(uint32_t cpu, size_t i)
{
    const csv_kernel *kernels[4] = {&mimic_csv__kernel_scalar};
    size_t count = 1;
#if defined(__x86_64__)
    if ((cpu & MIMIC_CPU_AVX2) != 0)
        kernels[count++] = &mimic_csv__kernel_avx2;
    if ((cpu & MIMIC_CPU_AVX512) != 0)
        kernels[count++] = &mimic_csv__kernel_avx512;
#elif defined(__aarch64__)
    if ((cpu & MIMIC_CPU_NEON) != 0)
        kernels[count++] = &mimic_csv__kernel_neon;
#endif
    (void)cpu;
    return i < count ? kernels[i] : NULL;
}

const csv_kernel *mimic_csv__kernel_select(uint32_t cpu)
{
    const csv_kernel *chosen = &mimic_csv__kernel_scalar;
    for (size_t i = 0; mimic_csv__kernel_at(cpu, i) != NULL; i++)
        chosen = mimic_csv__kernel_at(cpu, i);
    return chosen;
}
