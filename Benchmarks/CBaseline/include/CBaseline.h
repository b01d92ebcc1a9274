// The C programs that the library is compared with: a loop over UDP without any security, and wolfSSL's multicast calls
// in the order of its documentation, one message at a time.
#ifndef CBASELINE_H
#define CBASELINE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/// Receives each message. The bytes are valid during the call only.
typedef void (*cbaseline_deliver)(void *_Nullable context, const uint8_t *_Nonnull bytes, size_t count);

/// Opens a socket that sends to groups over loopback, with a TTL of 0. Returns its descriptor, or a negative errno.
int cbaseline_sending_socket(void);

/// Opens a socket that has joined a group on loopback. Returns its descriptor, or a negative errno.
int cbaseline_receiving_socket(struct sockaddr_in group, int buffer_size);

/// Asks for a receive buffer, past the system's limit where we may: SO_RCVBUFFORCE, else SO_RCVBUF. Returns the bytes
/// that the kernel grants, as it counts them.
int cbaseline_set_receive_buffer(int socket, int size);

/// Sends one message: one sendto(2). Returns 0, or a negative errno.
int cbaseline_plain_send(int socket, struct sockaddr_in group, const void *_Nonnull bytes, size_t count);

/// Hands over messages as they arrive, one recv(2) each, until a call fails. Returns a negative errno.
int cbaseline_plain_receive(int socket, cbaseline_deliver _Nonnull deliver, void *_Nullable context);

/// A wolfSSL session of one member, with a socket that wolfSSL uses by itself.
struct cbaseline_session;

/// Makes a session that sends to a group. Returns null if wolfSSL refuses.
///
/// `suite_name` and the two bytes of `suite` are the suite as wolfSSL_CTX_set_cipher_list and wolfSSL_set_secret take it.
struct cbaseline_session *_Nullable cbaseline_sending_session(uint8_t member, const char *_Nonnull suite_name,
                                                              const uint8_t *_Nonnull suite, int socket,
                                                              struct sockaddr_in group);

/// Makes a session that hears the members below `member_count`, but not itself.
struct cbaseline_session *_Nullable cbaseline_receiving_session(uint8_t member, int member_count,
                                                                const char *_Nonnull suite_name,
                                                                const uint8_t *_Nonnull suite, int socket);

/// Frees an unused session. Its socket stays open.
void cbaseline_free_session(struct cbaseline_session *_Nonnull session);

/// Sends one message: one wolfSSL_write. Returns 0, or wolfSSL's error.
int cbaseline_session_send(struct cbaseline_session *_Nonnull session, const void *_Nonnull bytes, size_t count);

/// Hands over messages as they arrive, one select(2) and one wolfSSL_mcast_read each, until a call fails.
int cbaseline_session_receive(struct cbaseline_session *_Nonnull session, cbaseline_deliver _Nonnull deliver,
                              void *_Nullable context);

/// The same calls in the fastest C program: libcrypto behind wolfSSL's user atomic record layer, one sendmsg(2) with
/// UDP_SEGMENT for many records, UDP_GRO and one wolfSSL_mcast_read for each record. It omits the checks that a hostile
/// network requires, so no safe program is faster.
struct cbaseline_limit;

/// Prepares to send to a group. Returns null if wolfSSL or libcrypto refuses.
struct cbaseline_limit *_Nullable cbaseline_limit_sender(uint8_t member, const char *_Nonnull suite_name,
                                                         const uint8_t *_Nonnull suite, int socket,
                                                         struct sockaddr_in group);

/// Prepares to hear the members below `member_count`, but not itself.
struct cbaseline_limit *_Nullable cbaseline_limit_receiver(uint8_t member, int member_count,
                                                           const char *_Nonnull suite_name,
                                                           const uint8_t *_Nonnull suite, int socket);

/// Frees an unused sender or receiver. Its socket stays open.
void cbaseline_free_limit(struct cbaseline_limit *_Nonnull limit);

/// Seals one message: one wolfSSL_write. It leaves with others of its size. Returns 0, a negative errno or wolfSSL's error.
int cbaseline_limit_write(struct cbaseline_limit *_Nonnull limit, const void *_Nonnull bytes, size_t count);

/// Sends all that was sealed. Returns 0, or a negative errno.
int cbaseline_limit_flush(struct cbaseline_limit *_Nonnull limit);

/// Hands over messages as they arrive, until a call fails.
int cbaseline_limit_receive(struct cbaseline_limit *_Nonnull limit, cbaseline_deliver _Nonnull deliver,
                            void *_Nullable context);

#endif
