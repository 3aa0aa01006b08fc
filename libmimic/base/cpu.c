/* Asks the compiler's run-time support, which also checks that the system saves the registers. */
#include "base/cpu.h"

#include <mimic/context.h>

uint32_t mimic__cpu_features(void)
{
    uint32_t features = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul"))
        features |= MIMIC_CPU_AVX2;
#elif defined(__aarch64__)
    features |= MIMIC_CPU_NEON;
#endif
    return features;
}
