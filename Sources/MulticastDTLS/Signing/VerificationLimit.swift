/// Limits the failed verifications: a member of the group who floods it with records in the names of others must neither fill a
/// processor nor keep those others out. Pure.
///
/// A bucket is emptied by failures, and filled again at its rate; while it is empty, no signature is verified. Each member has
/// one for the address and port that its last right signature came from. Any other datagram takes from the bucket of its
/// address, and from one that all of these share. So a flood costs a member nothing that was heard before, and neither one
/// that comes from another address than the flood. An attacker who forges addresses, or has many, can still delay a member that
/// is new or has restarted; and one who forges the addresses and ports of many members fills a processor.
struct VerificationLimit {
  /// The failures of a member's own address and port, or of another address, in a second.
  static let perSource = 2000.0
  /// The failures of all other addresses in a second.
  static let ofOthers = 6000.0

  private struct Bucket {
    private let rate: Double
    private var tokens: Double
    private var filled: BootInstant

    /// - Parameter rate: The tokens of a second. A tenth of them fit.
    init(rate: Double, now: BootInstant) {
      self.rate = rate
      tokens = rate / 10
      filled = now
    }

    mutating func isEmpty(now: BootInstant) -> Bool {
      // The time of a datagram may lie before the bucket was made.
      if filled < now {
        tokens = min(rate / 10, tokens + rate * (filled.duration(to: now) / .seconds(1)))
        filled = now
      }
      return tokens < 1
    }

    mutating func take() {
      tokens -= 1
    }
  }

  private struct Member {
    /// The address and port of the last right signature.
    var familiar: Endpoint?
    var bucket: Bucket
  }

  private var members: [Member]
  /// The addresses by their hash, which differs in each process: others share a bucket with few, and cannot choose with whom.
  private var addresses: [Bucket]
  private var others: Bucket

  init(now: BootInstant = .now) {
    let bucket = Bucket(rate: Self.perSource, now: now)
    members = Array(repeating: Member(bucket: bucket), count: 256)
    addresses = Array(repeating: bucket, count: 256)
    others = Bucket(rate: Self.ofOthers, now: now)
  }

  /// True if a signature in the name of a member may be verified now.
  mutating func admits(_ member: MemberID, from source: Endpoint, now: BootInstant) -> Bool {
    let place = Int(member.rawValue)
    if members[place].familiar == source { return !members[place].bucket.isEmpty(now: now) }
    return !addresses[Self.place(of: source)].isEmpty(now: now) && !others.isEmpty(now: now)
  }

  /// Records the result of a verification.
  mutating func verified(_ member: MemberID, from source: Endpoint, isRight: Bool) {
    let place = Int(member.rawValue)
    if isRight {
      members[place].familiar = source
    } else if members[place].familiar == source {
      members[place].bucket.take()
    } else {
      addresses[Self.place(of: source)].take()
      others.take()
    }
  }

  /// The bucket of an address.
  static func place(of source: Endpoint) -> Int {
    Int(UInt8(truncatingIfNeeded: source.address.hashValue))
  }
}
