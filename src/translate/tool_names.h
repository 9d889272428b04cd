// Names of tools that the target would refuse: written in another way for it, and given back to the
// client in every call of the answer. A dialect's readers and writers never see to it.
#pragma once

#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::translate {

// The client speaks the target's dialect: names, and blocks that hold them, are for that provider
// to judge.
bool is_own_dialect(dialect::Dialect provider, const hub::Request& request);

// All names of the request meet the rule of the dialect's providers.
bool has_fitting_names(const hub::Request& request, dialect::NameRule rule);
// Makes the names of `request` fit, in declarations, choices, calls and results. False: two of its
// tools could not be told apart any more.
bool fit_names(hub::Request& request, dialect::NameRule rule);

// From the provider's names to the client's. Made from the tools of the request; empty, as nearly
// always, when all of them went as they were.
class NamesBack {
 public:
  // `request` may be null. Nothing of it is viewed later.
  NamesBack(dialect::Dialect provider, const hub::Request* request);

  bool empty() const { return names_.empty(); }
  // The client's name of the tool; `name` itself when it went as it was. Lives as long as this.
  hub::Escaped original(hub::Escaped name) const;

 private:
  struct Name {
    std::string fitted;
    std::string original;  // Escaped
  };
  std::vector<Name> names_;  // by `fitted`
};

// Hands events on, calls with the client's names.
class NamingSink final : public hub::EventSink {
 public:
  NamingSink(const NamesBack& names, hub::EventSink& out) : names_(names), out_(out) {}
  void on(const hub::Event& event) override;

 private:
  const NamesBack& names_;
  hub::EventSink& out_;
};

}  // namespace penstock::translate
