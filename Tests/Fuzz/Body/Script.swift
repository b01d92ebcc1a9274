import MulticastDTLS
import TestSupport

/// Datagrams, each encoded in a few bytes, so that a fuzzer that changes bytes also makes records that authenticate.
///
/// The first byte of the input chooses the suite, and its top bit a signed group. Orders follow until the end of the input:
///
///     order     bits 0-1: 0 unchanged bytes     1 a header with a correct length
///                         2 a sealed record     3 an earlier datagram again
///               bit 2     stretch the payload     bit 4  with type and version (sealed only)
///               bit 3     the other suite's keys  bit 5  the sequence is relative
///               bits 6-7: 0 no change  1 flip a bit   2 cut off the end   3 add a byte
///     header    (1) 11 bytes  (2) [type, 2 version] member, 2 epoch, 5 sequence or 1 relative  (3) 1 index
///     payload   (0-2) 1 count [2 count when stretched] bytes
///     change    flip: 2 position, 1 bit   cut: 1 count   add: 1 byte
///
/// In a signed group, a signature follows the payload of a sealed record:
///
///     signature bits 0-2: the depth of its tree; the record is one of its messages
///               bit 3     by a stranger's key     bit 5  flip a bit behind: 2 position, 1 bit
///               bit 4     none                    bit 6  instead, another message of the last tree: 1 index
struct Script {
  let suite: CipherSuite
  let isSigned: Bool
  /// The records of all trees that the members have signed, as sent.
  private(set) var signed: Set<SignedMessage> = []

  private var input: InputReader
  private var made: [[UInt8]] = []
  private var tree: [IndependentRecord] = []
  private var trees: UInt8 = 0
  /// The last sealed sequence of each member, the base of a relative one.
  private var sequences: [UInt8: UInt64] = [:]

  /// More datagrams would make an input slow and find nothing new.
  private static let limit = 48

  init(_ bytes: some Collection<UInt8>) {
    input = InputReader(bytes)
    let first = input.byte()
    suite = CipherSuite.allCases[Int(first) % CipherSuite.allCases.count]
    isSigned = first & 0x80 != 0
  }

  /// The key of all members.
  static func signer(_ suite: CipherSuite) -> IndependentSigner {
    IndependentSigner(seed: [UInt8](repeating: 7, count: 32), secret: Vectors.shared.secret, suite)
  }

  /// The next datagram.
  mutating func next() -> [UInt8]? {
    guard !input.isEmpty, made.count < Self.limit else { return nil }
    let order = input.byte()
    var datagram: [UInt8]
    switch order & 3 {
    case 0: datagram = payload(order)
    case 1: datagram = headed(order)
    case 2: datagram = sealed(order)
    default: datagram = made.isEmpty ? [] : made[Int(input.byte()) % made.count]
    }
    change(&datagram, order >> 6)
    made.append(datagram)
    return datagram
  }

  private mutating func payload(_ order: UInt8) -> [UInt8] {
    let count = input.byte()
    let size = order & 4 == 0 ? nil : input.number(2) % 2048
    let bytes = input.bytes(Int(count))
    guard let size else { return bytes }
    return (0..<Int(size)).map { bytes.isEmpty ? 0 : bytes[$0 % bytes.count] }
  }

  private mutating func headed(_ order: UInt8) -> [UInt8] {
    let header = (0..<11).map { _ in input.byte() }
    let payload = payload(order)
    return header + [UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
  }

  private mutating func sealed(_ order: UInt8) -> [UInt8] {
    var record = IndependentRecord(member: 0, payload: [])
    if order & 16 != 0 {
      record.type = input.byte()
      record.version = [input.byte(), input.byte()]
    }
    record.member = input.byte()
    record.epoch = UInt16(input.number(2))
    if order & 32 != 0 {
      let step = UInt64(bitPattern: Int64(Int8(bitPattern: input.byte())))
      record.sequence = (sequences[record.member, default: 0] &+ step) & 0xFF_FFFF_FFFF
    } else {
      record.sequence = input.number(5)
    }
    sequences[record.member] = record.sequence
    record.payload = payload(order)
    if isSigned { sign(&record) }
    let other = CipherSuite.allCases.first { $0 != suite } ?? suite
    return record.sealed(.ofVectors(order & 8 == 0 ? suite : other))
  }

  private mutating func sign(_ record: inout IndependentRecord) {
    let order = input.byte()
    if order & 16 != 0 { return }
    if order & 64 != 0, !tree.isEmpty {
      record = tree[Int(input.byte()) % tree.count]
    } else {
      let (depth, position) = (Int(order & 7), Int(input.byte()))
      var signer = Self.signer(suite)
      let isStranger = order & 8 != 0
      if isStranger { signer.seed[0] ^= 1 }
      // The numbers around that of the record, which has a place among them.
      let place = min(position % (1 << depth), Int(clamping: record.sequence))
      let records = (0..<1 << depth).map { index in
        var other = record
        other.sequence = (record.sequence - UInt64(place) + UInt64(index)) & 0xFF_FFFF_FFFF
        if index != place { other.payload = [UInt8(index)] }
        return other
      }
      // Two trees never have the same salt.
      trees += 1
      let signedRecords = signer.sign(records, salt: [0, 0, 0, 0, 0, 0, 0, trees]).records
      if !isStranger {
        tree = signedRecords
        signed = Set(records.map { SignedMessage($0) })
      }
      record = signedRecords[place]
    }
    if order & 32 != 0 {
      let (position, bit) = (Int(input.number(2)), input.byte() & 7)
      record.payload[position % record.payload.count] ^= 1 << bit
    }
  }

  private mutating func change(_ datagram: inout [UInt8], _ change: UInt8) {
    switch change {
    case 1:
      let (position, bit) = (Int(input.number(2)), input.byte() & 7)
      if !datagram.isEmpty { datagram[position % datagram.count] ^= 1 << bit }
    case 2: datagram.removeLast(min(Int(input.byte()), datagram.count))
    case 3: datagram.append(input.byte())
    default: break
    }
  }
}

/// A message with its number.
struct SignedMessage: Hashable {
  let number: [UInt8]
  let message: [UInt8]

  init(_ record: IndependentRecord, message: [UInt8]? = nil) {
    number = record.epochAndSequence
    self.message = message ?? record.payload
  }
}

/// Reads the bytes of an input in order, and zeros past its end.
struct InputReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Collection<UInt8>) {
    rest = Array(bytes)[...]
  }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// A big-endian number of `count` bytes.
  mutating func number(_ count: Int) -> UInt64 {
    (0..<count).reduce(0) { number, _ in number << 8 | UInt64(byte()) }
  }

  /// The next `count` bytes, or the rest if there are fewer.
  mutating func bytes(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}
