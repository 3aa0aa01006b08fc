/* Reads Arrow IPC files and streams. */
#include "base/error.h"
#include "scan/scan_internal.h"

mimic_status mimic__scan_add_arrow(mimic_scan *scan, const scan_file *file, mimic_error *err)
{
    (void)scan;
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED, "%s: this version reads no Arrow files",
                       file->path);
}
