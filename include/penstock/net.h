// What the network side offers: listening, connecting, names, TLS. The connection itself is
// stream.h.
#pragma once

#include "net/connector.h"       // name → connection, plain or TLS
#include "net/dns_thread.h"      // the one thread that asks for names
#include "net/listener.h"        // a shard's listening socket
#include "net/shard_resolver.h"  // a shard's cache of names
#include "net/tls_context.h"     // certificates, trust and rules
#include "net/tls_session.h"     // TLS for one connection
#include "penstock/address.h"
#include "penstock/resolver.h"
#include "penstock/stream.h"
