// C code that Swift cannot express: calls and structs that Glibc's module map leaves out.
// Every function returns a negative errno when the system call fails.
#ifndef CDATAGRAM_H
#define CDATAGRAM_H

#include <netinet/in.h>
#include <stdint.h>

#include "CAddress.h"
#include "CNetlink.h"

/// Opens a UDP socket of a family, closed on exec: socket(2). Returns its descriptor.
int cdatagram_socket(int family);

/// Binds a socket to an address: bind(2). Returns 0.
int cdatagram_bind(int socket, const union cdatagram_address *_Nonnull address);

/// Returns the UDP port of a socket's address: getsockname(2).
int cdatagram_port(int socket);

/// Joins a group on an interface, given by its number: RFC 3678 section 5.1. With a source, hears only that source.
/// Returns 0.
int cdatagram_join(int socket, uint32_t interface, const union cdatagram_address *_Nonnull group,
                   const union cdatagram_address *_Nullable source);

/// Leaves a group on an interface, with all its sources: RFC 3678 section 5.1. Returns 0.
int cdatagram_leave(int socket, uint32_t interface, const union cdatagram_address *_Nonnull group);

/// Sends one datagram without waiting: sendto(2) with MSG_DONTWAIT. `source` is an IPv6 source address; its zone is the
/// interface: ipv6(7), IPV6_PKTINFO. Returns 0.
int cdatagram_send(int socket, const void *_Nullable bytes, size_t count,
                   const union cdatagram_address *_Nonnull destination, const union cdatagram_address *_Nullable source);

/// The maximum number of datagrams in one call of `cdatagram_send_many`.
enum { CDATAGRAM_SEND_BATCH = 128 };

/// Sends datagrams of the size `segment` in one pass through the kernel, without waiting: udp(7), UDP_SEGMENT. The last
/// may be shorter. A `segment` of 0 sends one datagram of any size. Returns 0, or -EINVAL for more datagrams than the
/// kernel takes: 128, and 64 before Linux 6.9.
int cdatagram_send_segments(int socket, const void *_Nonnull bytes, size_t count, uint16_t segment,
                            const union cdatagram_address *_Nonnull destination,
                            const union cdatagram_address *_Nullable source);

/// Sends datagrams that lie one after the other, without waiting: sendmmsg(2). Returns the number of sent datagrams.
int cdatagram_send_many(int socket, const void *_Nonnull bytes, const uint16_t *_Nonnull sizes, uint32_t count,
                        const union cdatagram_address *_Nonnull destination,
                        const union cdatagram_address *_Nullable source);

/// Waits until a socket can send, or the time is over: poll(2). Returns whether it can send.
int cdatagram_wait_to_send(int socket, int milliseconds);

/// Turns on GRO: the kernel delivers datagrams of one sender and size as one: udp(7), UDP_GRO. Returns 0.
int cdatagram_enable_gro(int socket);

/// Sets a filter that discards this host's own multicast datagrams from a UDP port, which loop back: socket(7),
/// SO_ATTACH_FILTER. The kernel counts them as dropped. Returns 0.
int cdatagram_discard_own(int socket, uint16_t port);

/// Sets the size of the receive buffer: socket(7), SO_RCVBUFFORCE, SO_RCVBUF. Returns the size that the kernel grants.
int cdatagram_receive_buffer(int socket, int bytes);

/// Returns how many datagrams a socket has dropped, modulo 2^32: socket(7), SO_MEMINFO.
int64_t cdatagram_dropped(int socket);

/// One slot of a batch: a buffer that the caller owns, with one received datagram, or several that GRO joined.
struct cdatagram_slot {
  uint8_t *_Nonnull bytes;  ///< the buffer
  uint32_t capacity;        ///< its size in bytes
  uint32_t count;           ///< set: stored bytes; the kernel cuts off a longer datagram
  uint32_t segment;         ///< set: the size of each joined datagram but the last; 0 for one datagram
  uint32_t interface;       ///< set: the number of the receiving interface; 0 if the kernel does not report it
  union cdatagram_address source;       ///< set: the sender's address
  union cdatagram_address destination;  ///< set: without a port; no family if the kernel does not report it
};

/// The maximum number of slots in one call of `cdatagram_receive`. Joined datagrams fill 64 kB each. More slots would
/// not stay in the processor's cache from the copy in the kernel to the check of the last tag.
enum { CDATAGRAM_BATCH = 8 };

/// Receives the waiting datagrams, without blocking: recvmmsg(2) with MSG_DONTWAIT.
/// Returns the number of filled slots, or -EAGAIN if there is no datagram.
int cdatagram_receive(int socket, struct cdatagram_slot *_Nonnull slots, uint32_t slot_count);

/// Opens a tap on the packets of a family that an interface receives, before any firewall: packet(7). It needs
/// CAP_NET_RAW. Returns its descriptor.
int cdatagram_tap(int family, uint32_t interface);

/// Reads the waiting packets of a tap. Returns how many were UDP datagrams to a group's address and port, without those
/// of this host.
int cdatagram_tap_count(int tap, const union cdatagram_address *_Nonnull group);

/// Creates an event for poll(2): eventfd(2), closed on exec, non-blocking. Returns its descriptor.
int cdatagram_event(void);

/// Makes the event readable, until `cdatagram_event_clear`.
int cdatagram_event_signal(int event);

/// Clears the event, so that it is not readable.
int cdatagram_event_clear(int event);

/// Names the calling thread, up to 15 bytes: prctl(2), PR_SET_NAME. Returns 0.
int cdatagram_name_thread(const char *_Nonnull name);

/// Sets whether other processes may read this process's memory, and whether a crash writes it to disk: prctl(2),
/// PR_SET_DUMPABLE. Returns 0.
int cdatagram_set_dumpable(int is_dumpable);

/// Gets the birth time of an open file, and its inode number: statx(2), STATX_BTIME. Returns 0, or -ENOTSUP if the file
/// system does not record the time.
int cdatagram_birth(
    int file, int64_t *_Nonnull seconds, uint32_t *_Nonnull nanoseconds, uint64_t *_Nonnull inode);

/// Returns the magic number of the file system of a path: statfs(2).
int64_t cdatagram_file_system(const char *_Nonnull path);

#endif
