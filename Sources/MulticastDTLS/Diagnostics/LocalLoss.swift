/// The losses of arrived datagrams on this machine, and the part that was reported. Pure.
struct LocalLoss {
  /// Messages that the program had no room for.
  var overrun = 0
  /// The estimated number of datagrams that the kernel dropped.
  var droppedByKernel = 0

  private var reportedOverrun = 0
  private var reportedDropped = 0
  /// The messages without room at the last look.
  private var lastOverrun = 0

  /// The events of losses that were not reported yet.
  ///
  /// - Parameter admit: Returns the event if its rate limit admits it now.
  mutating func events(_ admit: (PeerEvent) -> PeerEvent?) -> [PeerEvent] {
    var events: [PeerEvent] = []
    // One look later: a program that is just ending takes no more messages, and misses none.
    if lastOverrun > reportedOverrun, let event = admit(.overrun(overrun - reportedOverrun)) {
      events.append(event)
      reportedOverrun = overrun
    }
    lastOverrun = overrun
    let dropped = droppedByKernel - reportedDropped
    if dropped > 0, let event = admit(.kernelDrops(dropped)) {
      events.append(event)
      reportedDropped = droppedByKernel
    }
    return events
  }

  /// The events of all losses that were not reported yet; to be called at the end.
  mutating func rest() -> [PeerEvent] {
    // Messages after the last look were not taken because the program ended.
    let (overrun, dropped) = (lastOverrun - reportedOverrun, droppedByKernel - reportedDropped)
    (reportedOverrun, reportedDropped) = (lastOverrun, droppedByKernel)
    return (overrun > 0 ? [.overrun(overrun)] : []) + (dropped > 0 ? [.kernelDrops(dropped)] : [])
  }
}
