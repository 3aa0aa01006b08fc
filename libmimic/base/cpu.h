/* CPU features of the machine, as MIMIC_CPU_… bits. */
#ifndef MIMIC_BASE_CPU_H
#define MIMIC_BASE_CPU_H

#include <stdint.h>

uint32_t mimic__cpu_features(void);

#endif
