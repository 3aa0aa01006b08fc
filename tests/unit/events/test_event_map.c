/* Event maps: the built-in ones, the structs that come of a map, layers, and every finding. */
#include "check_main.h"

#include <mimic/mimic.h>

#include "events/event_map.h"

START_TEST(event_map__built_in)
{
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    static const char *const releases[] = {
        "mimic-iii@1.4", "mimic-iv@2.2",  "mimic-iv@3.1",  "mimic-iv-ed@2.2", "synthea@2.7.0",
        "synthea@3.0.0", "synthea@3.1.0", "synthea@3.2.0", "synthea@3.3.0"};
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_dataset *dataset = NULL;
        ck_assert_int_eq(mimic_registry_find_dataset(registry, releases[i], &dataset, &err), MIMIC_OK);
        mimic_event_map *map = NULL;
        const mimic_status status =
            mimic__event_map_find(ctx, registry, &dataset, 1, NULL, &map, &err);
        ck_assert_msg(status == MIMIC_OK, "%s: %s", releases[i], err.message);
        ck_assert_uint_gt(map->kind_count, 0);
        mimic__event_map_free(map);
    }
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(event_map, event_map__built_in)
