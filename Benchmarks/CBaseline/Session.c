#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>

#include "CBaseline.h"
#include "Session.h"

// Any key will do, since both ends are this program.
static const unsigned char pre_master_secret[48] = {1};
static const unsigned char client_random[32] = {2};
static const unsigned char server_random[32] = {3};
static const unsigned short epoch = 1;

void cbaseline_free_session(struct cbaseline_session *session) {
  if (session->ssl) wolfSSL_free(session->ssl);
  if (session->context) wolfSSL_CTX_free(session->context);
  free(session);
}

// The order of wolfSSL's documentation: member, suite, session, peers, then the secret.
struct cbaseline_session *cbaseline_make_session(uint8_t member, int member_count, int reserved, const char *suite_name,
                                                 const uint8_t *suite) {
  struct cbaseline_session *session = calloc(1, sizeof *session);
  if (!session || wolfSSL_Init() != WOLFSSL_SUCCESS) {
    free(session);
    return NULL;
  }
  session->context = wolfSSL_CTX_new(wolfDTLSv1_2_client_method());
  int is_made = session->context && wolfSSL_CTX_mcast_set_member_id(session->context, member) == WOLFSSL_SUCCESS &&
                wolfSSL_CTX_set_cipher_list(session->context, suite_name) == WOLFSSL_SUCCESS &&
                (session->ssl = wolfSSL_new(session->context)) != NULL;
  for (int i = 0; is_made && i < reserved; i++) {
    is_made = wolfSSL_mcast_peer_add(session->ssl, (unsigned short)(255 - i), 0) == WOLFSSL_SUCCESS;
  }
  for (int other = 0; is_made && other < member_count; other++) {
    if (other != member) is_made = wolfSSL_mcast_peer_add(session->ssl, (unsigned short)other, 0) == WOLFSSL_SUCCESS;
  }
  for (int i = 0; is_made && i < reserved; i++) {
    is_made = wolfSSL_mcast_peer_add(session->ssl, (unsigned short)(255 - i), 1) == WOLFSSL_SUCCESS;
  }
  is_made = is_made && wolfSSL_set_secret(session->ssl, epoch, pre_master_secret, sizeof pre_master_secret, client_random,
                                          server_random, suite) == WOLFSSL_SUCCESS;
  if (is_made) return session;
  cbaseline_free_session(session);
  return NULL;
}

struct cbaseline_session *cbaseline_sending_session(uint8_t member, const char *suite_name, const uint8_t *suite,
                                                    int socket, struct sockaddr_in group) {
  struct cbaseline_session *session = cbaseline_make_session(member, 0, 0, suite_name, suite);
  if (!session) return NULL;
  session->socket = socket;
  if (wolfSSL_set_write_fd(session->ssl, socket) == WOLFSSL_SUCCESS &&
      wolfSSL_dtls_set_peer(session->ssl, &group, sizeof group) == WOLFSSL_SUCCESS) {
    return session;
  }
  cbaseline_free_session(session);
  return NULL;
}

struct cbaseline_session *cbaseline_receiving_session(uint8_t member, int member_count, const char *suite_name,
                                                      const uint8_t *suite, int socket) {
  struct cbaseline_session *session = cbaseline_make_session(member, member_count, 0, suite_name, suite);
  if (!session) return NULL;
  session->socket = socket;
  wolfSSL_dtls_set_using_nonblock(session->ssl, 1);
  if (wolfSSL_set_read_fd(session->ssl, socket) == WOLFSSL_SUCCESS) return session;
  cbaseline_free_session(session);
  return NULL;
}

int cbaseline_session_send(struct cbaseline_session *session, const void *bytes, size_t count) {
  int written = wolfSSL_write(session->ssl, bytes, (int)count);
  return written == (int)count ? 0 : wolfSSL_get_error(session->ssl, written);
}

int cbaseline_session_receive(struct cbaseline_session *session, cbaseline_deliver deliver, void *context) {
  uint8_t buffer[1500];
  for (;;) {
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(session->socket, &readable);
    struct timeval patience = {.tv_sec = 1};
    int ready = select(session->socket + 1, &readable, NULL, NULL, &patience);
    if (ready < 0) return -errno;
    if (ready == 0) continue;
    unsigned short sender;
    int count = wolfSSL_mcast_read(session->ssl, &sender, buffer, sizeof buffer);
    if (count > 0) {
      deliver(context, buffer, (size_t)count);
    } else if (wolfSSL_get_error(session->ssl, count) != WOLFSSL_ERROR_WANT_READ) {
      return wolfSSL_get_error(session->ssl, count);
    }
  }
}
