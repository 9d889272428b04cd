// What all parts of one request's writing share, for the time of one call.
#pragma once

#include "dialect/bedrock/cache_points.h"
#include "dialect/bedrock/model.h"
#include "dialect/bedrock/plan.h"
#include "penstock/dialect.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::bedrock {

struct RequestJob {
  const hub::Request& request;
  const TargetTraits& target;
  json::Composer& out;
  Losses& losses;
  Model model;
  Plan plan;
  CachePoints cache;
  json::Document document;  // for small texts: arguments, metadata, extras
};

}  // namespace penstock::dialect::bedrock
