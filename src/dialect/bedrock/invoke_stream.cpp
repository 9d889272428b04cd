#include "dialect/bedrock/invoke_stream.h"

#include <string>

#include "dialect/base64.h"
#include "dialect/bedrock/errors.h"

namespace penstock::dialect::bedrock {
namespace {

class InvokeStreamReader final : public StreamReader {
 public:
  explicit InvokeStreamReader(std::unique_ptr<StreamReader> inner) : inner_(std::move(inner)) {}

  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override {
    if (failed_ || inner_->done()) return {};
    const json::View wrapped = data["bytes"];
    if (!wrapped.is_string()) return exception(name, data, out);
    if (!decode_base64(wrapped.text(), text_)) return fail(Code::malformed, Side::upstream);
    PENSTOCK_TRY(event, document_.read(text_, json::Judge::answer));
    // A type with escapes in it is none that anybody knows.
    return inner_->frame(event["type"].text(), event, out);
  }
  Result<> finish(hub::EventSink& out) override {
    if (failed_) return fail(Code::malformed, Side::upstream);
    return inner_->finish(out);
  }
  bool done() const override { return inner_->done(); }

 private:
  Result<> exception(Bytes name, json::View data, hub::EventSink& out) {
    if (name == "chunk" || name.empty()) return fail(Code::malformed, Side::upstream);
    if (!name.ends_with("xception") && !data["message"].is_string()) return {};
    hub::ErrorNote note;
    read_exception(name, data, note);
    failed_ = true;
    out.on({.kind = hub::EventKind::error, .error = &note});
    return {};
  }

  std::unique_ptr<StreamReader> inner_;
  json::Document document_;
  std::string text_;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> unwrap_invoke_stream(std::unique_ptr<StreamReader> inner) {
  return std::make_unique<InvokeStreamReader>(std::move(inner));
}

}  // namespace penstock::dialect::bedrock
