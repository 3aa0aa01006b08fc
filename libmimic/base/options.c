/*
 * See options.h. Every growing struct begins with `uint32_t struct_size`. A size that no version of
 * a struct will reach is one that was never set, and is refused before anything is read by it.
 */
#include "base/options.h"

#include <string.h>

#include "base/error.h"

#define GROWTH_LIMIT 4096 /* bytes that a struct of the future may have more than ours */

mimic_status mimic__options_copy(void *chosen, size_t known_size, const void *given,
                                 const char *name, mimic_error *err)
{
    if (given == NULL)
        return MIMIC_OK;
    uint32_t given_size;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size || given_size > known_size + GROWTH_LIMIT)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%s.struct_size is %u; begin with the INIT macro", name, given_size);
    const unsigned char *bytes = given;
    for (size_t i = known_size; i < given_size; i++)
        if (bytes[i] != 0)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "%s sets a member that this version of the library does not know",
                               name);
    memcpy(chosen, given, given_size < known_size ? given_size : known_size);
    const uint32_t size = (uint32_t)known_size;
    memcpy(chosen, &size, sizeof size);
    return MIMIC_OK;
}

mimic_status mimic__view_copy(void *out, const void *view, size_t known_size)
{
    if (out == NULL)
        return MIMIC_ERR_ARGUMENT;
    uint32_t out_size;
    memcpy(&out_size, out, sizeof out_size);
    if (out_size < sizeof out_size || out_size > known_size + GROWTH_LIMIT)
        return MIMIC_ERR_ARGUMENT;
    memcpy(out, view, out_size < known_size ? out_size : known_size);
    memcpy(out, &out_size, sizeof out_size);
    return MIMIC_OK;
}
