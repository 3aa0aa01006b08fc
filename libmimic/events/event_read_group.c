/*
 * The admissions, or stays, of a patient, each as a patient of its own: its static facts first, those
 * among them that name another admission left out. See event_read.h.
 */
#include <string.h>

#include "events/event_read.h"

void mimic__read_groups_init(mimic_read_groups *groups, const mimic_context *ctx, mimic_group group)
{
    memset(groups, 0, sizeof *groups);
    mimic__hashmap_init(&groups->ids, ctx);
    mimic__event_rows_init(&groups->rows, ctx);
    groups->group = group;
}

void mimic__read_groups_free(mimic_read_groups *groups)
{
    mimic__free(groups->ids.ctx, groups->numbers);
    mimic__hashmap_free(&groups->ids);
    mimic__event_rows_free(&groups->rows);
}

static const int64_t *ids_of(const mimic_read_groups *groups)
{
    return groups->group == MIMIC_GROUP_STAY ? groups->patient.stay_id : groups->patient.hadm_id;
}

bool mimic__read_groups_begin(mimic_read_groups *groups, const mimic_patient *patient)
{
    const size_t count = (size_t)patient->count;
    groups->patient = *patient;
    groups->next = 0;
    mimic__hashmap_clear(&groups->ids);
    if (count > groups->capacity) {
        uint32_t *numbers = mimic__realloc(groups->ids.ctx, groups->numbers,
                                           groups->capacity * sizeof *numbers,
                                           count * sizeof *numbers);
        if (numbers == NULL)
            return false;
        groups->numbers = numbers;
        groups->capacity = count;
    }
    const int64_t *ids = ids_of(groups);
    for (size_t i = 0; i < count; i++) {
        groups->numbers[i] = UINT32_MAX;
        if (ids[i] == MIMIC_EVENT_ABSENT || (int64_t)i < patient->static_count)
            continue;
        groups->numbers[i] = i > 0 && ids[i] == ids[i - 1] ? groups->numbers[i - 1] : UINT32_MAX;
        if (groups->numbers[i] == UINT32_MAX)
            groups->numbers[i] =
                mimic__hashmap_insert(&groups->ids, (const char *)&ids[i], sizeof ids[i]);
        if (groups->numbers[i] == MIMIC_HASHMAP_NONE)
            return false;
    }
    return true;
}

/* Is this event one of the group that is gathered? */
static bool belongs(const mimic_read_groups *groups, const int64_t *ids, size_t event, int64_t id)
{
    if ((int64_t)event < groups->patient.static_count)
        return ids[event] == MIMIC_EVENT_ABSENT || ids[event] == id;
    return groups->numbers[event] == groups->next;
}

mimic_status mimic__read_groups_next(mimic_read_groups *groups, mimic_patient *out_patient)
{
    int64_t id;
    if (groups->next >= groups->ids.count)
        return MIMIC_END;
    memcpy(&id, groups->ids.bytes + sizeof id * groups->next, sizeof id);
    const int64_t *ids = ids_of(groups);
    const size_t count = (size_t)groups->patient.count;
    mimic__event_rows_clear(&groups->rows);
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && belongs(groups, ids, end, id))
            end++;
        if (end > i && !mimic__event_rows_append(&groups->rows, &groups->patient, i, end - i))
            return MIMIC_ERR_MEMORY;
        i = end + 1;
    }
    *out_patient = groups->patient;
    out_patient->group_id = id;
    mimic__event_rows_slice(&groups->rows, 0, groups->rows.count, out_patient);
    groups->next++;
    return MIMIC_OK;
}
