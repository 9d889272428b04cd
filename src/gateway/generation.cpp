#include "gateway/generation.h"

#include "penstock/drivers.h"

namespace penstock {
namespace {

std::vector<LabelId> add_names(LabelSet& set, const auto& things) {
  std::vector<LabelId> ids;
  for (const auto& thing : things) ids.push_back(set.add(thing.name));
  return ids;
}

}  // namespace

std::expected<std::shared_ptr<const Generation>, std::string> Generation::make(
    std::unique_ptr<const Snapshot> snapshot, const Generation* before,
    const std::shared_ptr<TlsTicketKeys>& ticket_keys) {
  auto made = std::make_shared<Generation>();
  made->serial = before ? before->serial + 1 : 1;
  const Snapshot& config = *snapshot;
  made->kernel_seals =
      before ? before->kernel_seals
             : config.io_kernel_tls == KernelTls::automatic && kernel_tls_offer().any();
  made->keys = std::make_unique<KeyTable>(config);
  made->limits = std::make_unique<LimitCells>(config, before ? before->limits.get() : nullptr);
  if (config.data.tls) {
    TlsServerOptions options;
    options.certificate.path = config.data.tls->certificate;
    options.private_key.path = config.data.tls->private_key;
    options.client_ca.path = config.data.tls->client_ca;
    options.hand_over = made->kernel_seals;
    auto context = TlsServerContext::make(options, ticket_keys);
    if (!context) return std::unexpected("listen.data.tls: " + context.error());
    made->data_tls = *context;
  }
  for (const Provider& provider : config.providers) {
    if (!provider.base_url.tls) {
      made->trust.push_back(nullptr);
      continue;
    }
    Pem ca;
    ca.path = provider.ca;
    auto trust = TlsTrust::load(ca);
    if (!trust) return std::unexpected("providers." + provider.name + ".ca: " + trust.error());
    made->trust.push_back(*trust);
  }
  made->tokens = make_token_cells(config, before ? before->tokens : TokenCells());
  auto labels = before ? std::make_shared<Labels>(*before->labels) : std::make_shared<Labels>();
  if (!before) {
    for (std::size_t i = 0; i < http::reason_count; ++i) {
      labels->parse_reasons.push_back(http::name(static_cast<http::Reason>(i)));
    }
  }
  made->model_labels = add_names(labels->models, config.models);
  made->provider_labels = add_names(labels->providers, config.providers);
  made->target_labels = add_names(labels->targets, config.targets);
  made->labels = std::move(labels);
  for (const Target& target : config.targets) {
    std::array<char, TargetLines::bytes_max> lines;
    const auto written = write_target_lines(config, target, lines);
    if (!written) {
      return std::unexpected("models: the target " + target.name +
                             " has a name that does not fit into a response header; use at most "
                             "300 printable ASCII characters");
    }
    made->target_lines.emplace_back(*written);
    made->target_names.emplace_back(target.name, config.at(target.provider).name,
                                    target.upstream_model);
  }
  for (const VirtualKey& key : config.keys) made->key_names.emplace_back(key.name);
  for (const Model& model : config.models) made->model_names.emplace_back(model.name);
  made->snapshot = std::move(snapshot);
  return made;
}

std::expected<std::unique_ptr<Epoch>, std::string> Epoch::make(
    std::shared_ptr<const Generation> generation) {
  auto epoch = std::make_unique<Epoch>();
  const Snapshot& config = *generation->snapshot;
  for (std::size_t i = 0; i < config.providers.size(); ++i) {
    const Provider& provider = config.providers[i];
    epoch->tokens.emplace_back(generation->tokens[i]);
    epoch->pools.emplace_back(
        UpstreamPool::Limits{config.upstream.max_idle_per_host, config.upstream.keepalive_timeout});
    if (!generation->trust[i]) {
      epoch->tls.push_back(nullptr);
      continue;
    }
    TlsClientOptions options;
    options.trust = generation->trust[i];
    options.unsafe_skip_verify = provider.unsafe_skip_verify;
    options.hand_over = generation->kernel_seals;
    auto context = TlsClientContext::make(options);
    if (!context) return std::unexpected("providers." + provider.name + ": " + context.error());
    epoch->tls.push_back(*context);
  }
  epoch->turns.resize(config.models.size());
  epoch->heads.resize(config.targets.size());
  epoch->generation = std::move(generation);
  return epoch;
}

}  // namespace penstock
