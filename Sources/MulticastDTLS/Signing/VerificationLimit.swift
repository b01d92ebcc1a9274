/// Limits the failed verifications, of which each costs 56 us: the flood of a member of the group, who makes records in the
/// names of others, must neither fill a processor nor keep those others out. Pure.
///
/// A bucket is emptied by failures, and filled again at its rate; while it is empty, no signature is verified. Each member has
/// one for the address that its last right signature came from, and one for all other addresses; and the other addresses of
/// all members share one. So a flood in a member's name costs that member nothing, unless it also forges its address.
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
    /// The address of the last right signature.
    var familiar: Endpoint?
    var ofFamiliar: Bucket
    var ofOthers: Bucket
  }

  private var members: [Member]
  private var others: Bucket

  init(now: BootInstant = .now) {
    let bucket = Bucket(rate: Self.perMember, now: now)
    members = Array(repeating: Member(ofFamiliar: bucket, ofOthers: bucket), count: 256)
    others = Bucket(rate: Self.ofAll, now: now)
  }

  /// True if a signature in the name of a member may be verified now.
  mutating func admits(_ member: MemberID, from source: Endpoint, now: BootInstant) -> Bool {
    let place = Int(member.rawValue)
    if members[place].familiar == source { return !members[place].ofFamiliar.isEmpty(now: now) }
    return !members[place].ofOthers.isEmpty(now: now) && !others.isEmpty(now: now)
  }

  /// Records the result of a verification.
  mutating func verified(_ member: MemberID, from source: Endpoint, isRight: Bool) {
    let place = Int(member.rawValue)
    if isRight {
      members[place].familiar = source
    } else if members[place].familiar == source {
      members[place].ofFamiliar.take()
    } else {
      members[place].ofOthers.take()
      others.take()
    }
  }
}
