// Questions to the kernel about interfaces, addresses and routes: netlink(7), rtnetlink(7).
// Every function returns a negative errno when the system call fails, or the kernel refuses.
#ifndef CNETLINK_H
#define CNETLINK_H

#include <netinet/in.h>
#include <stdint.h>

#include "CAddress.h"

/// Opens a socket for questions. One thread at a time may use it. Returns its descriptor.
int cnetlink_open(void);

/// Opens a socket that hears of each change of an interface or an address. Returns its descriptor.
int cnetlink_open_changes(void);

/// Takes the changes that a socket holds by now. Returns 1 if any concerns one of the interfaces, given by their numbers,
/// or if some were lost; else 0. With no numbers, any change counts.
int cnetlink_take_changes(int changes, const uint32_t *_Nullable interfaces, uint32_t count);

/// One interface.
struct cnetlink_link {
  uint32_t index;        ///< the kernel's number
  uint32_t flags;        ///< netdevice(7)
  uint32_t carrier_ups;  ///< how often its carrier has come, modulo 2^32; 0 before Linux 4.16
  uint32_t below;        ///< the number of the interface that it is made of, as a VLAN is; 0 if there is none
  uint32_t master;       ///< the number of the bridge, bond or VRF that it belongs to; 0 if there is none
  char name[16];         ///< its own name
  char kind[16];         ///< its kind, such as vlan or bridge; empty for a device
  char port_kind[16];    ///< its master's kind; empty if there is none
};

/// Finds an interface by its name, or by another that it has ("altname"): ip-link(8), property. Returns 0, or -ENODEV if
/// there is none.
int cnetlink_find(int netlink, const char *_Nonnull name, struct cnetlink_link *_Nonnull link);

/// Finds an interface by its number. Returns 0, or -ENODEV if there is none.
int cnetlink_find_number(int netlink, uint32_t index, struct cnetlink_link *_Nonnull link);

/// An address of an interface.
struct cnetlink_address {
  union cdatagram_address address;
  uint32_t flags;  ///< rtnetlink(7), ifa_flags
  uint32_t scope;  ///< rtnetlink(7), rtm_scope: the larger, the less far it is known
};

/// Lists the addresses that an interface has of a family, in the kernel's order. Returns how many there are; the list has
/// the first ones, as many as it has room for.
int cnetlink_addresses(int netlink, int family, uint32_t interface, struct cnetlink_address *_Nonnull list,
                       uint32_t capacity);

/// Asks by which interface the kernel would send to an address. With the number of an interface, whether it would by that
/// one. Returns the interface's number, or -ENETUNREACH where there is no route.
int cnetlink_route(int netlink, const union cdatagram_address *_Nonnull destination, uint32_t interface);

#endif
