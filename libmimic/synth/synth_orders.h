#ifndef MIMIC_SYNTH_ORDERS_H
#define MIMIC_SYNTH_ORDERS_H
#include "synth/synth_tables.h"
void mimic__orders_free(const mimic_context *ctx, mimic_synth_orders *orders);
#endif
