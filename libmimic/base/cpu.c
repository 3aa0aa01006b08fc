/* Asks the compiler's run-time support, which also checks that the system saves the registers. */
#include "base/cpu.h"

#include <mimic/context.h>

uint32_t mimic__cpu_features(void)
{
    uint32_t features = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    /* What the kernels are compiled with; virtual machines may hide any of these. LZCNT came with BMI in
     * every processor that has AVX2. */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
        __builtin_cpu_supports("popcnt"))
        features |= MIMIC_CPU_AVX2;
    if ((features & MIMIC_CPU_AVX2) != 0 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
        features |= MIMIC_CPU_AVX512;
#elif defined(__aarch64__)
    features |= MIMIC_CPU_NEON;
#endif
    return features;
}
