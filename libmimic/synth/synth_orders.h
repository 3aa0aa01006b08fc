/*
 * The orders of one patient: what poe, poe_detail, pharmacy, prescriptions, emar and emar_detail all
 * speak of. Each of these tables makes the same list again, so that their ids agree.
 */
#ifndef MIMIC_SYNTH_ORDERS_H
#define MIMIC_SYNTH_ORDERS_H

#include "synth/synth_drugs.h"
#include "synth/synth_tables.h"

typedef enum mimic_order_detail {
    MIMIC_DETAIL_NONE,
    MIMIC_DETAIL_ADMIT,
    MIMIC_DETAIL_DISCHARGE,
    MIMIC_DETAIL_TRANSFER,
    MIMIC_DETAIL_CODE_STATUS,
    MIMIC_DETAIL_TUBE,
    MIMIC_DETAIL_CONSULT,
    MIMIC_DETAIL_LINE,
} mimic_order_detail;

typedef struct mimic_order_type {
    const char *type;
    const char *subtype;
    int16_t weight;
    int16_t detail;
} mimic_order_type;

extern const mimic_order_type mimic__order_types[];

typedef struct mimic_order {
    int64_t time;
    int64_t stop;        /* of a medication */
    int32_t admission;   /* index */
    int32_t seq;         /* poe_seq, from 1 */
    int32_t ends;        /* index of the order that this one discontinues, -1 = none */
    int32_t ended_by;    /* index of the order that discontinues this one, -1 = none */
    int32_t pharmacy_id; /* of a medication */
    int16_t type;
    int16_t drug; /* -1 = no medication */
    uint64_t key;
} mimic_order;

struct mimic_synth_orders {
    mimic_order *items;
    size_t count;
    size_t capacity;
};

/* Makes the orders of run->patient. On failure the writer's status says so and there are none. */
const mimic_synth_orders *mimic__orders_make(mimic_synth_run *run);
void mimic__orders_free(const mimic_context *ctx, mimic_synth_orders *orders);

/* "10000032-36" with its comma. */
void mimic__csv_order_id(mimic_csv_writer *out, int32_t subject_id, int32_t seq);

#endif
