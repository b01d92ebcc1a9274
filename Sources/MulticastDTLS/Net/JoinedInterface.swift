internal import CommonSupport

/// One interface of a group: its tracker, and the news about it.
struct JoinedInterface {
  /// The number of changes in a row that are announced without delay.
  static let atOnce = 16

  /// The interface as the user named it, or as the route gives it.
  var wanted: NetworkInterface
  var followed: InterfaceTracker
  /// The interface's own address, from which it sends.
  var source: IPAddress?
  var news: Announcement<Place, BootInstant>
  /// True if the group was joined again since the last event about it.
  var isJoinedAgain = false
  /// The number of times in a row that the kernel refused the join.
  var refusals = 0

  /// An interface, and its condition.
  struct Place: Hashable {
    let interface: NetworkInterface
    let condition: InterfaceCondition
  }

  init(_ wanted: NetworkInterface, _ snapshot: InterfaceSnapshot) {
    (self.wanted, followed, source) = (wanted, InterfaceTracker(snapshot), snapshot.source)
    news = Announcement(Place(interface: snapshot.interface, condition: .ready), atOnce: Self.atOnce)
  }

  var place: Place { Place(interface: followed.interface, condition: followed.condition) }
}
