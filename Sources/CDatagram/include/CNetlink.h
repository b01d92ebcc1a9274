// Requests to the kernel about interfaces, addresses and routes: netlink(7), rtnetlink(7).
// Every function returns a negative errno if the system call fails, or the kernel refuses the request.
#ifndef CNETLINK_H
#define CNETLINK_H

#include <netinet/in.h>
#include <stdint.h>

#include "CAddress.h"

/// Opens a socket for requests. One thread at a time may use it. Returns its descriptor.
int cnetlink_open(void);

/// Opens a socket that receives each change of an interface or an address. Returns its descriptor.
int cnetlink_open_changes(void);

/// Reads the waiting changes. Returns 1 if any is about one of the interfaces, given by their numbers, or if some were
/// lost; else 0. Without numbers, any change counts.
int cnetlink_take_changes(int changes, const uint32_t *_Nullable interfaces, uint32_t count);

/// One interface.
struct cnetlink_link {
  uint32_t index;        ///< the kernel's number
  uint32_t flags;        ///< netdevice(7)
  uint32_t carrier_ups;  ///< how often its carrier came up, modulo 2^32; 0 before Linux 4.16
  uint32_t below;        ///< the number of the lower interface, as of a VLAN; 0 if there is none
  uint32_t master;       ///< the number of its bridge, bond or VRF; 0 if there is none
  char name[16];         ///< its own name
  char kind[16];         ///< its kind, such as vlan or bridge; empty for a device
  char port_kind[16];    ///< its master's kind; empty if there is none
};

/// Finds an interface by its name, or by an alternative name ("altname"): ip-link(8), property. Returns 0, or -ENODEV
/// if there is none.
int cnetlink_find(int netlink, const char *_Nonnull name, struct cnetlink_link *_Nonnull link);

/// Finds an interface by its number. Returns 0, or -ENODEV if there is none.
int cnetlink_find_number(int netlink, uint32_t index, struct cnetlink_link *_Nonnull link);

/// An address of an interface.
struct cnetlink_address {
  union cdatagram_address address;
  uint32_t flags;  ///< rtnetlink(7), ifa_flags
  uint32_t scope;  ///< rtnetlink(7), rtm_scope: a larger value is a narrower scope
};

/// Lists the addresses of an interface in a family, in the kernel's order. Returns their number; the list has the first
/// ones, up to its capacity.
int cnetlink_addresses(int netlink, int family, uint32_t interface, struct cnetlink_address *_Nonnull list,
                       uint32_t capacity);

/// Looks up the kernel's route to an address. With the number of an interface, looks up a route by that interface.
/// Returns the number of the route's interface, or -ENETUNREACH if there is no route.
int cnetlink_route(int netlink, const union cdatagram_address *_Nonnull destination, uint32_t interface);

#endif
