// The keyed session of both C programs over wolfSSL.
#ifndef SESSION_H
#define SESSION_H

#include <stdint.h>
// options.h comes first: every other header depends on it.
#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

struct cbaseline_session {
  WOLFSSL_CTX *context;
  WOLFSSL *ssl;
  int socket;
};

/// Makes a session that hears the members below `member_count`, but not itself. Returns null if wolfSSL refuses.
///
/// Fills `reserved` entries of wolfSSL's table of peers while it adds the members, and frees them afterwards. wolfSSL
/// gives a peer the last free entry, but searches from the first one for each record.
struct cbaseline_session *cbaseline_make_session(uint8_t member, int member_count, int reserved, const char *suite_name,
                                                 const uint8_t *suite);

#endif
