// What the gateway tells about itself: metrics (one struct per shard, added up when they are read),
// one access-log line per request, event lines, and the measure of its own time.
//
// Nothing here allocates, locks or waits on the request path. Telemetry knows neither configuration
// nor HTTP: names come in as `Labels`, reasons as numbers, the fields of a line as views.
#pragma once

#include "telemetry/access_log.h"     // AccessRecord → one JSON line
#include "telemetry/event_log.h"      // start, stop, reload, target state: rare lines on stderr
#include "telemetry/labels.h"         // names of models, providers and targets, as small numbers
#include "telemetry/log_ring.h"       // shard → log writer, bounded, never waits
#include "telemetry/log_writer.h"     // the thread that writes access lines to a descriptor
#include "telemetry/overhead.h"       // the gateway's own time in an exchange
#include "telemetry/prometheus.h"     // all shards' metrics as text
#include "telemetry/shard_metrics.h"  // what a shard counts
