/// The losses on this machine of datagrams that had arrived, and the part that was said. Pure.
struct LocalLoss {
  /// Messages for which the program had no room.
  var overrun = 0
  /// About how many datagrams the kernel dropped.
  var droppedByKernel = 0

  private var saidOverrun = 0
  private var saidDropped = 0
  /// The messages without room when it was looked at last.
  private var lastOverrun = 0

  /// The events of what was not said yet.
  ///
  /// - Parameter admit: Returns the event if it may be said now.
  mutating func events(_ admit: (PeerEvent) -> PeerEvent?) -> [PeerEvent] {
    var events: [PeerEvent] = []
    // One look later: a program that ends just now takes nothing more, and misses nothing.
    if lastOverrun > saidOverrun, let event = admit(.overrun(overrun - saidOverrun)) {
      events.append(event)
      saidOverrun = overrun
    }
    lastOverrun = overrun
    let dropped = droppedByKernel - saidDropped
    if dropped > 0, let event = admit(.kernelDrops(dropped)) {
      events.append(event)
      saidDropped = droppedByKernel
    }
    return events
  }

  /// The events of all that was not said yet; to be called at the end.
  mutating func rest() -> [PeerEvent] {
    // What came after the last look was not taken because the program ended.
    let (overrun, dropped) = (lastOverrun - saidOverrun, droppedByKernel - saidDropped)
    (saidOverrun, saidDropped) = (lastOverrun, droppedByKernel)
    return (overrun > 0 ? [.overrun(overrun)] : []) + (dropped > 0 ? [.kernelDrops(dropped)] : [])
  }
}
