#pragma once

#include <openssl/types.h>

#include "plugins/inputs/beats/event_reader.h"

namespace millrace::beats {

/// What a finished handshake says of the client: TLS version, cipher suite, its certificate's
/// names.
void describe(const SSL* session, Peer& peer);

}  // namespace millrace::beats
