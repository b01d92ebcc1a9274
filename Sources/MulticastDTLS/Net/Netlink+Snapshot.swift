internal import CDatagram

extension Netlink {
  /// A current snapshot of an interface, found by the address, altname or name that chose it; nil if it is gone.
  ///
  /// - Parameter present: The last known interface. It remains the answer if it has lost the altname or address, and no
  ///   other interface has it.
  func snapshot(of wanted: NetworkInterface, at present: NetworkInterface? = nil, for group: GroupAddress)
    -> InterfaceSnapshot?
  {
    let named = wanted.address.flatMap { $0.isIPv4 == group.address.isIPv4 ? $0 : nil }
    if let link = wanted.alias.flatMap({ link(named: $0) })
      ?? link(
        named: named == nil && wanted.alias == nil ? wanted.name : (present ?? wanted).name)
    {
      let snapshot = snapshot(of: link, wanted, named, group)
      if named == nil || snapshot.source != nil { return snapshot }
      // The address may have moved to another interface.
      return elsewhere(wanted, named, group) ?? snapshot
    }
    return elsewhere(wanted, named, group)
  }

  private func elsewhere(_ wanted: NetworkInterface, _ named: IPAddress?, _ group: GroupAddress) -> InterfaceSnapshot? {
    guard let named, let other = InterfaceStatus.all().first(where: { $0.addresses.contains(named) })?.name,
      let link = link(named: other)
    else { return nil }
    return snapshot(of: link, wanted, named, group)
  }

  private func snapshot(
    of link: cnetlink_link, _ wanted: NetworkInterface, _ named: IPAddress?, _ group: GroupAddress
  ) -> InterfaceSnapshot {
    let addresses = addresses(of: link.index, for: group)
    return InterfaceSnapshot(
      interface: NetworkInterface(name: link.ownName, index: link.index, address: named, alias: wanted.alias),
      isUp: link.isUp, hasCarrier: link.hasCarrier, carrierUps: link.carrier_ups,
      source: named.map { addresses.contains($0) ? $0 : nil } ?? addresses.first, isLoopback: link.isLoopback)
  }
}
