internal import CommonSupport
import Glibc
import Synchronization

/// The interfaces of a group. Checks them once a second, and takes the steps of ``InterfaceTracker`` and
/// ``RouteTracker``.
///
/// 1. If the route chooses the interface: ask the kernel for the route, and move to its interface.
/// 2. Read the kernel's notifications. If one concerns an interface of the group, take a new snapshot of it.
/// 3. Join, leave, and change the interface for sending.
/// 4. Return the changes, as events.
final class GroupInterfaces: Sendable {
  private let group: GroupAddress
  private let receiver: GroupReceiver
  private let sender: GroupSender
  /// True if this member sends.
  private let isSending: Bool
  private let state: Mutex<State>

  private struct State: ~Copyable {
    /// Nil if the kernel cannot be asked: then the interfaces never change.
    let netlink: Netlink?
    /// The first entry is used for sending.
    var entries: [JoinedInterface]
    /// Nil if the user named the interfaces.
    var route: RouteTracker?
    var routeNews: Announcement<RouteState, BootInstant>
    var refusalNews = Announcement<SystemError?, BootInstant>(nil)
    var egress: GroupSender.Egress?
    var isFirstLook = true
  }

  private struct RouteState: Hashable {
    let route: GroupRoute
    let interface: NetworkInterface
  }

  /// - Parameters:
  ///   - interfaces: The interfaces to join on; the first is used for sending.
  ///   - followsRoute: True if the kernel's route has chosen the interface and may change it later.
  ///   - isSending: True if this member sends.
  init(
    _ group: GroupAddress, on interfaces: [NetworkInterface], followsRoute: Bool, isSending: Bool,
    receiver: GroupReceiver, sender: GroupSender
  ) {
    (self.group, self.receiver, self.sender, self.isSending) = (group, receiver, sender, isSending)
    let netlink = try? Netlink()
    let route = followsRoute ? netlink?.route(for: group) : nil
    let entries = interfaces.map { wanted in
      let snapshot =
        netlink?.snapshot(of: wanted, for: group) ?? InterfaceSnapshot(interface: wanted, isLoopback: wanted.isLoopback)
      return JoinedInterface(wanted, snapshot)
    }
    let routeState = RouteState(route: route ?? .none, interface: interfaces[0])
    state = Mutex(
      State(
        netlink: netlink, entries: entries, route: route.map { RouteTracker($0) },
        routeNews: Announcement(routeState, atOnce: JoinedInterface.atOnce))
    )
  }

  /// The interfaces where the group is joined; the first is used for sending.
  var interfaces: [NetworkInterface] {
    state.withLock { $0.entries.map(\.followed.interface) }
  }

  /// The names of the interfaces, each with true if the group is joined there and packets can pass.
  var readiness: [String: Bool] {
    state.withLock { state in
      Dictionary(state.entries.map { ($0.followed.interface.name, $0.followed.isReady) }) { $0 && $1 }
    }
  }

  /// Sets the interface for sending.
  func beginToSend() throws(SystemError) {
    try state.withLock { (state) throws(SystemError) in try send(&state) }
  }

  /// Joins the group on all interfaces.
  ///
  /// - Throws: ``JoinFailure`` for the first interface that refuses.
  func join() throws(JoinFailure) {
    try state.withLock { (state) throws(JoinFailure) in
      for index in state.entries.indices {
        let interface = state.entries[index].followed.interface
        do throws(SystemError) {
          try join(interface.index, &state.entries[index], state.egress)
        } catch {
          throw JoinFailure(interface: interface, error: error)
        }
      }
    }
  }

  /// Checks the interfaces and the route, and adapts to changes. Called at the start, and then about once a second.
  ///
  /// - Returns: The changes that a person should know.
  func look(now: BootInstant) -> [NetworkEvent] {
    state.withLock { state in
      guard state.netlink != nil else { return [] }
      var events: [NetworkEvent] = []
      followRoute(&state, now, &events)
      let isPending = state.isFirstLook || state.entries.contains { $0.followed.isPending }
      let watched = isPending ? [] : state.entries.map(\.followed.interface.index)
      if state.netlink?.haveChanged(watched) ?? false || isPending {
        for index in state.entries.indices {
          lookAt(index, &state, now)
          renew(index, &state)
        }
        try? send(&state)
      }
      state.isFirstLook = false
      for index in state.entries.indices { announce(index, &state, now, &events) }
      return events
    }
  }

  private func followRoute(_ state: inout State, _ now: BootInstant, _ events: inout [NetworkEvent]) {
    guard state.route != nil, let route = state.netlink?.route(for: group) else { return }
    let present = state.entries[0].followed.interface
    if state.isFirstLook, route == .none, present.isLoopback {
      // Loopback accepts IPv6 groups only if somebody has given it a route.
      events.append(.noRoute(others: Self.others, isLoopbackRouted: group.address.isIPv4))
    }
    if case .by(let interface) = route, interface.index == present.index { state.entries[0].wanted = interface }
    if let next = state.route?.look(route, present: present) {
      do throws(SystemError) {
        try move(to: next, &state)
        _ = state.refusalNews.due(nil, now: now)
      } catch {
        if state.refusalNews.due(error, now: now) != nil {
          events.append(.interfaceGone(next, .refused(error), .init(isSendingOn: true, isOnly: true)))
        }
        return
      }
    }
    let routeState = RouteState(route: route, interface: state.entries[0].followed.interface)
    guard let former = state.routeNews.due(routeState, now: now) else { return }
    if case .by = route {
      events.append(.routeChanged(routeState.interface, former: former.interface))
    } else {
      events.append(.routeGone(route, staying: routeState.interface))
    }
  }

  /// Moves to another interface: joins there before it leaves the former one.
  private func move(to interface: NetworkInterface, _ state: inout State) throws(SystemError) {
    // The interface is gone again: the next look handles it.
    guard let snapshot = state.netlink?.snapshot(of: interface, for: group) else { return }
    var next = JoinedInterface(interface, snapshot)
    try join(interface.index, &next, state.egress)
    let former = state.entries[0]
    // The same interface with a new number was announced as away, so its return must be announced.
    if former.followed.interface.name == interface.name { (next.news, next.isJoinedAgain) = (former.news, true) }
    state.entries[0] = next
    // Switch sending before leaving the former interface, so that sent records loop back without a gap.
    try? send(&state)
    if let number = former.followed.joined { leave(number, state.egress) }
  }

  private func lookAt(_ index: Int, _ state: inout State, _ now: BootInstant) {
    let entry = state.entries[index]
    let snapshot = state.netlink?.snapshot(of: entry.wanted, at: entry.followed.interface, for: group)
    state.entries[index].source = snapshot?.source
    for step in state.entries[index].followed.look(snapshot, isReportedByKernel: isReportedByKernel, at: now) {
      switch step {
      case .leave(let number):
        leave(number, state.egress)
        state.entries[index].followed.joined = nil
      case .join(let number):
        joinInTurn(number, &state.entries[index], state.egress, now)
      case .report(let number):
        leave(number, state.egress)
        state.entries[index].followed.left(now: now)
        joinInTurn(number, &state.entries[index], state.egress, now)
      }
    }
  }

  /// Joins again, unless other members of this machine still have to leave: the kernel reports the first that joins.
  private func joinInTurn(
    _ number: UInt32, _ entry: inout JoinedInterface, _ egress: GroupSender.Egress?, _ now: BootInstant
  ) {
    let mayJoin = entry.followed.mayJoin(
      isAlone: !MembershipTable.current(for: group.address).hasMember(of: group.address, on: number), now: now)
    if mayJoin { joinAgain(number, &entry, egress) }
  }

  /// Joins again if the kernel has dropped the membership without telling the socket: for IPv6 while the MTU was below
  /// 1280, and for an interface that went and came back under its number between two looks.
  private func renew(_ index: Int, _ state: inout State) {
    guard let number = state.entries[index].followed.joined, state.entries[index].followed.condition == .ready else {
      return
    }
    let table = MembershipTable.current(for: group.address)
    guard !table.isEmpty, !table.hasMember(of: group.address, on: number) else { return }
    leave(number, state.egress)
    state.entries[index].followed.joined = nil
    joinAgain(number, &state.entries[index], state.egress)
  }

  /// True if the kernel reports the membership again by itself when a carrier returns: for IPv6, without a source
  /// filter. Source: Linux, net/ipv6/addrconf.c, NETDEV_CHANGE; net/ipv6/mcast.c, ipv6_mc_up and mld_send_initial_cr.
  private var isReportedByKernel: Bool {
    !group.address.isIPv4 && !receiver.isSelective
  }

  private func joinAgain(_ number: UInt32, _ entry: inout JoinedInterface, _ egress: GroupSender.Egress?) {
    do throws(SystemError) {
      try join(number, &entry, egress)
      entry.isJoinedAgain = true
      entry.refusals = 0
    } catch {
      // It may not be ready yet: the next look tries again.
      entry.followed.refused(error)
      entry.refusals += 1
    }
  }

  private func join(_ number: UInt32, _ entry: inout JoinedInterface, _ egress: GroupSender.Egress?) throws(SystemError)
  {
    if number == egress?.interface { sender.setLoopsBack(true) }
    do throws(SystemError) {
      try receiver.join(number)
    } catch {
      if let egress { sender.setLoopsBack(receiver.isJoined(on: egress.interface)) }
      throw error
    }
    entry.followed.joined = number
  }

  private func leave(_ number: UInt32, _ egress: GroupSender.Egress?) {
    receiver.leave(number)
    if let egress { sender.setLoopsBack(receiver.isJoined(on: egress.interface)) }
  }

  /// Sets the first interface, as it is now, for sending.
  private func send(_ state: inout State) throws(SystemError) {
    let entry = state.entries[0]
    let interface = entry.followed.interface
    var egress = GroupSender.Egress(
      interface: interface.index,
      source: entry.source.map { source in
        // For IPv6, and on loopback, the kernel chooses well unless the user named an address.
        interface.address == source || group.address.isIPv4 && !interface.isLoopback ? .address(source) : .kernels
      } ?? (state.netlink == nil || interface.isLoopback && interface.address == nil ? .kernels : .none))
    switch entry.followed.condition {
    case .gone: egress = GroupSender.Egress(interface: interface.index, source: .gone)
    case .down: egress = GroupSender.Egress(interface: interface.index, source: .down)
    default: break
    }
    guard egress != state.egress else { return }
    if receiver.isJoined(on: egress.interface) { sender.setLoopsBack(true) }
    try sender.choose(egress)
    state.egress = egress
  }

  /// Adds the event for a change of an interface, or of its condition, that lasts.
  private func announce(_ index: Int, _ state: inout State, _ now: BootInstant, _ events: inout [NetworkEvent]) {
    let entry = state.entries[index]
    let (interface, condition) = (entry.followed.interface, entry.followed.condition)
    switch condition {
    // The next look continues.
    case .ready where entry.followed.joined == nil, .noAddress where entry.followed.joined == nil: return
    case .refused where entry.refusals < 2: return
    default: break
    }
    guard let former = state.entries[index].news.due(entry.place, now: now) else { return }
    switch (former.condition, condition) {
    case (.ready, .ready) where former.interface.name == interface.name && !entry.isJoinedAgain:
      return
    case (let before, .ready)
    where former.interface.name != interface.name && (before == .ready || interface.address != nil):
      events.append(.interfaceMoved(interface, former: former.interface))
      state.entries[index].isJoinedAgain = false
      return
    case (_, .ready):
      events.append(
        .interfaceBack(interface, after: former.condition, source: entry.source, isJoinedAgain: entry.isJoinedAgain))
      state.entries[index].isJoinedAgain = false
      return
    // The same condition on another interface, or under another name.
    case (let before, _) where before == condition: return
    default: break
    }
    var part = NetworkEvent.Role(isSendingOn: isSending && index == 0, isOnly: state.entries.count == 1)
    if case .noAddress = condition, [.gone, .down, .noCarrier].contains(former.condition) {
      (part.isBack, part.isJoinedAgain) = (true, entry.isJoinedAgain)
      state.entries[index].isJoinedAgain = false
    }
    events.append(.interfaceGone(interface, condition, part))
  }

  /// The names of the interfaces that the user could choose instead of loopback.
  private static var others: [String] {
    InterfaceStatus.all(withTies: true).filter { $0.isUp && $0.takesMulticast && !$0.isLoopback && !$0.isPort }
      .map(\.name)
  }
}
