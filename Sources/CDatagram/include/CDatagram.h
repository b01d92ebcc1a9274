// The little C that Swift cannot say: calls and structs that Glibc's module map leaves out.
// Every function returns a negative errno when the system call fails.
#ifndef CDATAGRAM_H
#define CDATAGRAM_H

#include <netinet/in.h>
#include <stdint.h>

#include "CAddress.h"
#include "CNetlink.h"

/// Opens a UDP socket of a family, closed on exec: socket(2). Returns its descriptor.
int cdatagram_socket(int family);

/// Gives a socket an address: bind(2). Returns 0.
int cdatagram_bind(int socket, const union cdatagram_address *_Nonnull address);

/// The UDP port of a socket's address: getsockname(2).
int cdatagram_port(int socket);

/// Joins a group on an interface, given by its number; with a source, hears that one in it: RFC 3678 section 5.1.
/// Returns 0.
int cdatagram_join(int socket, uint32_t interface, const union cdatagram_address *_Nonnull group,
                   const union cdatagram_address *_Nullable source);

/// Leaves a group on an interface, with all its sources: RFC 3678 section 5.1. Returns 0.
int cdatagram_leave(int socket, uint32_t interface, const union cdatagram_address *_Nonnull group);

/// Sends one datagram without waiting: sendto(2) with MSG_DONTWAIT. With a source, sends from that IPv6 address
/// of the interface that is its zone: ipv6(7), IPV6_PKTINFO. Returns 0.
int cdatagram_send(int socket, const void *_Nullable bytes, size_t count,
                   const union cdatagram_address *_Nonnull destination, const union cdatagram_address *_Nullable source);

/// The most datagrams that one call of `cdatagram_send_many` sends.
enum { CDATAGRAM_SEND_BATCH = 128 };

/// Sends datagrams of one size (the last may be shorter; 0 is one datagram of any size) with one pass through the kernel,
/// without waiting: udp(7), UDP_SEGMENT. Returns 0, or -EINVAL for more than the kernel takes: 128, and 64 before Linux 6.9.
int cdatagram_send_segments(int socket, const void *_Nonnull bytes, size_t count, uint16_t segment,
                            const union cdatagram_address *_Nonnull destination,
                            const union cdatagram_address *_Nullable source);

/// Sends datagrams that lie one after the other, without waiting: sendmmsg(2). Returns how many were sent.
int cdatagram_send_many(int socket, const void *_Nonnull bytes, const uint16_t *_Nonnull sizes, uint32_t count,
                        const union cdatagram_address *_Nonnull destination,
                        const union cdatagram_address *_Nullable source);

/// Waits until a socket takes something to send, for some time: poll(2). Returns whether it does.
int cdatagram_wait_to_send(int socket, int milliseconds);

/// Lets the kernel hand over datagrams of one sender and size as one: udp(7), UDP_GRO. Returns 0.
int cdatagram_enable_gro(int socket);

/// Has the kernel discard what this host sends from a UDP port and multicast brings back: socket(7), SO_ATTACH_FILTER.
/// They count as dropped. Returns 0.
int cdatagram_discard_own(int socket, uint16_t port);

/// Asks for a receive buffer: socket(7), SO_RCVBUFFORCE, SO_RCVBUF. Returns how many bytes it has.
int cdatagram_receive_buffer(int socket, int bytes);

/// How many datagrams a socket has dropped, modulo 2^32: socket(7), SO_MEMINFO.
int64_t cdatagram_dropped(int socket);

/// One slot of a batch: a buffer that the caller owns, and what arrived in it, one datagram or several that are joined.
struct cdatagram_slot {
  uint8_t *_Nonnull bytes;  ///< where to put the datagram
  uint32_t capacity;        ///< how many bytes fit
  uint32_t count;           ///< set: bytes stored; a longer datagram is cut off
  uint32_t segment;         ///< set: the size of each of several that are joined, but for the last; else 0
  uint32_t interface;       ///< set: the number of the interface that it came in by; 0 if the kernel does not say
  union cdatagram_address source;       ///< set: who sent it
  union cdatagram_address destination;  ///< set: whom it was sent to, without a port; no family if the kernel does not say
};

/// The most slots that one call of `cdatagram_receive` fills. Joined datagrams fill 64 kB each: more slots would not stay
/// in the processor's cache from the copy in the kernel to the check of the last tag.
enum { CDATAGRAM_BATCH = 8 };

/// Receives what is ready now, without waiting: recvmmsg(2) with MSG_DONTWAIT.
/// Returns how many slots were filled, or -EAGAIN when nothing is there.
int cdatagram_receive(int socket, struct cdatagram_slot *_Nonnull slots, uint32_t slot_count);

/// Opens a tap on what an interface receives of a family, before any firewall sees it: packet(7). It takes CAP_NET_RAW.
/// Returns its descriptor.
int cdatagram_tap(int family, uint32_t interface);

/// Takes what a tap holds by now. Returns how many of the packets were UDP datagrams to a group's address and port that
/// this host did not send.
int cdatagram_tap_count(int tap, const union cdatagram_address *_Nonnull group);

/// Creates an event that can be polled: eventfd(2), closed on exec, non-blocking. Returns its descriptor.
int cdatagram_event(void);

/// Makes the event readable, until it is cleared.
int cdatagram_event_signal(int event);

/// Makes the event readable no more.
int cdatagram_event_clear(int event);

/// Says whether others may look into this process's memory, and whether a crash writes it to disk: prctl(2),
/// PR_SET_DUMPABLE.
int cdatagram_set_dumpable(int is_dumpable);

/// Tells when an open file was made, and its inode's number: statx(2), STATX_BTIME. Returns -ENOTSUP where the file system does not say.
int cdatagram_birth(
    int file, int64_t *_Nonnull seconds, uint32_t *_Nonnull nanoseconds, uint64_t *_Nonnull inode);

/// Tells the type of the file system that a path is on, by its magic number: statfs(2). Returns -errno where that fails.
int64_t cdatagram_file_system(const char *_Nonnull path);

#endif
