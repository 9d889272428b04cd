// Writes what a request says beside its contents.
#pragma once

#include "dialect/gemini/content_writer.h"

namespace penstock::dialect::gemini {

// `generationConfig`, when there is anything in it. `format`: the answer's form may be asked for
// there.
Result<> write_generation_config(Target& to, bool format);
// `tools` and `toolConfig`.
Result<> write_tools(Target& to);
// Extra members and those that only Vertex or only AI Studio has.
Result<> write_extra(Target& to);

// The client named cached contents, which hold the system instruction and the tools already.
bool uses_cached_content(const hub::Request& request);
// A member of the client's body that goes into the object `path` ("generationConfig."): its name
// there; empty: it does not belong there, or it is another dialect's.
Bytes extra_name(const hub::Request& request, const hub::Extra& extra, Bytes path);

}  // namespace penstock::dialect::gemini
