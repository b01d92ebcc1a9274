// What mcast-peer uses of OpenSSL's libcrypto: one hash and one cipher, in their fastest form for this processor.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// The SHA256_ calls are called deprecated since 3.0 in favour of EVP. They are meant here all the same: their state is a
// plain struct, so that the state after a key can be copied, where EVP 3.0 allocates twice for each MAC.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#endif
