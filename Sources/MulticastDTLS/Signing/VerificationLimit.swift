/// Limits the failed verifications, of which each costs 56 us: the flood of a member of the group, who makes records in the
/// names of others, must neither fill a processor nor keep those others out. Pure.
///
/// A bucket is emptied by failures, and filled again at its rate; while it is empty, no signature is verified. Each member has
/// three: for the address and port that its last right signature came from, for other ports of that address, so that it is
/// heard after a restart, and for all other addresses. The last of all members also share one. So a flood in a member's name
/// costs that member nothing, unless it also comes from the member's address, or forges it.
struct VerificationLimit {
  /// The failures of other addresses in a second: in the name of one member, and of all.
  static let perMember = 2000.0
  static let ofAll = 6000.0

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
      tokens = min(rate / 10, tokens + rate * (filled.duration(to: now) / .seconds(1)))
      filled = now
      return tokens < 1
    }

    mutating func take() {
      tokens -= 1
    }
  }

  private struct Member {
    /// The address and port of the last right signature.
    var familiar: Endpoint?
    /// For that one, for other ports of its address, and for other addresses.
    var buckets: InlineArray<3, Bucket>

    /// The bucket of an address.
    func bucket(of source: Endpoint) -> Int {
      guard let familiar, familiar.address == source.address else { return Member.ofOthers }
      return familiar == source ? 0 : 1
    }

    static let ofOthers = 2
  }

  private var members: [Member]
  private var others: Bucket

  init(now: BootInstant = .now) {
    let bucket = Bucket(rate: Self.perMember, now: now)
    members = Array(repeating: Member(buckets: InlineArray(repeating: bucket)), count: 256)
    others = Bucket(rate: Self.ofAll, now: now)
  }

  /// True if a signature in the name of a member may be verified now.
  mutating func admits(_ member: MemberID, from source: Endpoint, now: BootInstant) -> Bool {
    let place = Int(member.rawValue)
    let bucket = members[place].bucket(of: source)
    return !members[place].buckets[bucket].isEmpty(now: now) && (bucket != Member.ofOthers || !others.isEmpty(now: now))
  }

  /// Records the result of a verification.
  mutating func verified(_ member: MemberID, from source: Endpoint, isRight: Bool) {
    let place = Int(member.rawValue)
    guard !isRight else {
      members[place].familiar = source
      return
    }
    let bucket = members[place].bucket(of: source)
    members[place].buckets[bucket].take()
    if bucket == Member.ofOthers { others.take() }
  }
}
