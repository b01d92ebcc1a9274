// libcrypto's MAC or AEAD for one record under one key, in place. It is not in Limit.c, since the headers of wolfSSL
// and OpenSSL use the same names.
#ifndef PROTECTION_H
#define PROTECTION_H

enum { header_size = 13 };

struct protection;

/// Prepares HMAC-SHA256 with a key of 32 bytes. Returns null if memory is short.
struct protection *protection_of_mac(const unsigned char *key);

/// Prepares ChaCha20-Poly1305 with a key of 32 bytes and an IV of 12. Returns null if libcrypto refuses.
struct protection *protection_of_cipher(const unsigned char *key, const unsigned char *iv, int is_sealing);

void protection_free(struct protection *protection);

/// The size of a tag in bytes.
unsigned int protection_tag_size(const struct protection *protection);

/// Seals the payload behind its header, and appends the tag. Returns 0, or -1 if libcrypto fails.
int protection_seal(const struct protection *protection, unsigned char *payload, unsigned int count);

/// Opens the payload behind its header; `size` includes the tag. Returns -1 if the record is not authentic.
int protection_open(const struct protection *protection, unsigned char *payload, unsigned int size);

#endif
