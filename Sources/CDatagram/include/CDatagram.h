// The little C that Swift cannot say: calls and structs that Glibc's module map leaves out.
// Every function returns a negative errno when the system call fails.
#ifndef CDATAGRAM_H
#define CDATAGRAM_H

#include <netinet/in.h>
#include <stdint.h>

/// Opens an IPv4 UDP socket, closed on exec: socket(2). Returns its descriptor.
int cdatagram_socket(void);

/// Sends one datagram without waiting: sendto(2) with MSG_DONTWAIT. Returns 0.
int cdatagram_send(int socket, const void *_Nullable bytes, size_t count, struct sockaddr_in destination);

/// One datagram of a batch: a buffer that the caller owns, and what arrived in it.
struct cdatagram_slot {
  uint8_t *_Nonnull bytes;    ///< where to put the datagram
  uint32_t capacity;          ///< how many bytes fit
  uint32_t count;             ///< set: bytes stored; a longer datagram is cut off
  struct sockaddr_in source;  ///< set: who sent it
  uint32_t dropped;           ///< set: datagrams that the socket has dropped, if SO_RXQ_OVFL is set; 0 is not said
};

/// Asks the kernel by which interface it would send to an IPv4 address: rtnetlink(7), RTM_GETROUTE.
/// Returns the interface's number, or -ENETUNREACH where there is no route.
int cdatagram_route_interface(struct in_addr destination);

/// The most datagrams that one call of `cdatagram_receive` takes.
enum { CDATAGRAM_BATCH = 32 };

/// Receives what is ready now, without waiting: recvmmsg(2) with MSG_DONTWAIT.
/// Returns how many slots were filled, or -EAGAIN when nothing is there.
int cdatagram_receive(int socket, struct cdatagram_slot *_Nonnull slots, uint32_t slot_count);

/// Creates an event that can be polled: eventfd(2), closed on exec, non-blocking. Returns its descriptor.
int cdatagram_event(void);

/// Makes the event readable, until it is cleared.
int cdatagram_event_signal(int event);

/// Makes the event readable no more.
int cdatagram_event_clear(int event);

/// Says whether others may look into this process's memory, and whether a crash writes it to disk: prctl(2),
/// PR_SET_DUMPABLE.
int cdatagram_set_dumpable(int is_dumpable);

#endif
