// The MAC or the AEAD of one record under one key, by libcrypto, in place. Apart from Limit.c, since wolfSSL's headers and
// OpenSSL's use the same names.
#ifndef PROTECTION_H
#define PROTECTION_H

enum { header_size = 13 };

struct protection;

/// Prepares HMAC-SHA256 with a key of 32 bytes. Returns null without memory.
struct protection *protection_of_mac(const unsigned char *key);

/// Prepares ChaCha20-Poly1305 with a key of 32 bytes and an IV of 12. Returns null if libcrypto refuses.
struct protection *protection_of_cipher(const unsigned char *key, const unsigned char *iv, int is_sealing);

void protection_free(struct protection *protection);

/// The bytes of a tag.
unsigned int protection_tag_size(const struct protection *protection);

/// Seals a payload that stands right behind its header, and puts the tag behind it. Returns 0, or -1 if libcrypto fails.
int protection_seal(const struct protection *protection, unsigned char *payload, unsigned int count);

/// Opens a payload that stands right behind its header; its tag is part of `size`. Returns -1 if it is not authentic.
int protection_open(const struct protection *protection, unsigned char *payload, unsigned int size);

#endif
