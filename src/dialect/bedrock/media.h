// Images, documents, audio and video as Converse wants them: a word for the format, the bytes
// inline, and a document's name in a small alphabet (AWS API reference: ImageBlock, DocumentBlock).
#pragma once

#include <deque>
#include <string>

#include "penstock/hub.h"

namespace penstock::dialect::bedrock {

// Formats are empty when Converse has no word for it. An image is judged by its first bytes, as
// the provider does, and by its media type only when they say nothing.
Bytes image_format(const hub::Media& media);
Bytes audio_format(const hub::Media& media);
Bytes video_format(const hub::Media& media);
// By the media type, else by the ending of the name.
Bytes document_format(const hub::Media& media);

// Names of documents: the same for the same conversation, so that its cache is met again, each
// once in a request.
class DocumentNames {
 public:
  // Far more than Converse takes in a request.
  static constexpr std::size_t names_max = 100;

  // `name` is Escaped. The view lives as long as this object; empty: these are too many.
  Bytes fit(hub::Escaped name);

 private:
  std::deque<std::string> given_;
};

}  // namespace penstock::dialect::bedrock
