/* Tables that are still to come: header only. */
#include "synth/synth_orders.h"
#define EMPTY(name) void mimic__write_##name(mimic_synth_run *run) { (void)run; }
EMPTY(microbiologyevents)
EMPTY(poe)
EMPTY(poe_detail)
EMPTY(pharmacy)
EMPTY(prescriptions)
EMPTY(emar)
EMPTY(emar_detail)
EMPTY(datetimeevents)
EMPTY(inputevents)
EMPTY(ingredientevents)
EMPTY(outputevents)
EMPTY(procedureevents)
void mimic__orders_free(const mimic_context *ctx, mimic_synth_orders *orders) { (void)ctx; (void)orders; }
