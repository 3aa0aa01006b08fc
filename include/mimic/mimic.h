/* libmimic: messy clinical data into typed, validated tables. Includes every public header. */
#ifndef MIMIC_MIMIC_H
#define MIMIC_MIMIC_H

#include <mimic/arrow.h>
#include <mimic/batch.h>
#include <mimic/clinical.h>
#include <mimic/coerce.h>
#include <mimic/context.h>
#include <mimic/csv.h>
#include <mimic/events.h>
#include <mimic/frame.h>
#include <mimic/load.h>
#include <mimic/quality.h>
#include <mimic/record.h>
#include <mimic/scan.h>
#include <mimic/schema.h>
#include <mimic/sink.h>
#include <mimic/source.h>
#include <mimic/status.h>
#include <mimic/synth.h>
#include <mimic/version.h>

#endif
