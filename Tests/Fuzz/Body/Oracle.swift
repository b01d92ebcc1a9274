import TestSupport

@testable import MulticastDTLS

/// Checks the outcome of a datagram from its bytes, the keys and the earlier deliveries alone.
///
/// A sender must be heard when it begins a later epoch. It may be heard in the former epoch for a while, but in no
/// earlier one.
struct Oracle {
  private struct Number: Hashable {
    let member: UInt8
    let epoch: UInt16
    let sequence: UInt64

    init(_ record: IndependentRecord) {
      member = record.member
      epoch = record.epoch
      sequence = record.sequence
    }
  }

  /// The messages that the members have signed, of a signed group.
  var signed: Set<SignedMessage> = []

  private let suite: CipherSuite
  private let isSigned: Bool
  private let signer: IndependentSigner
  private let keys: RecordKeys
  private let otherKeys: RecordKeys
  private var delivered: Set<Number> = []
  /// For each member, the latest epoch with a delivered record, and the one before it.
  private var epochs: [UInt8: (latest: UInt16, former: UInt16?)] = [:]
  /// For each member and epoch, the highest delivered sequence.
  private var highest: [UInt8: [UInt16: UInt64]] = [:]

  init(suite: CipherSuite, isSigned: Bool) {
    self.suite = suite
    self.isSigned = isSigned
    signer = Script.signer(suite)
    keys = .ofVectors(suite)
    otherKeys = .ofVectors(suite.other)
  }

  /// Checks the outcome of a datagram.
  mutating func check(_ result: Result<Message, RejectionReason>, of datagram: [UInt8]) throws {
    let record = IndependentRecord(opening: datagram, with: keys)
    switch result {
    case .success(let message):
      guard let record else { throw Finding("delivered a record that is not authentic", datagram) }
      try accept(message, as: record, datagram)
    case .failure(let reason):
      if let record, isNew(record) { throw Finding("deaf: refused as '\(reason)' a new record", datagram) }
      // Only after the last number of an epoch may an authentic record be called forged.
      if reason == .forged, let record, !isAfterTheLast(record) {
        throw Finding("called an authentic record forged", datagram)
      }
      let isOfOtherSuite = IndependentRecord(opening: datagram, with: otherKeys) != nil
      let isPossible =
        switch reason {
        case .replayed, .staleEpoch: record != nil
        case .unknownMember, .duplicateID: record != nil || isOfOtherSuite
        case .otherSuite: isOfOtherSuite
        case .unsigned, .noKey: isSigned && record != nil
        case .notBySender: isSigned && record.map { message(of: $0) == nil } == true
        // An input has fewer datagrams than the limit.
        case .unverified: false
        case .foreign, .malformed, .own, .forged, .overrun: true
        }
      guard isPossible else { throw Finding("took a forged record for an authentic one: \(reason)", datagram) }
    }
  }

  private mutating func accept(_ message: Message, as record: IndependentRecord, _ datagram: [UInt8]) throws {
    guard isOfMember(record) else { throw Finding("delivered what is no member's message", datagram) }
    guard record.payload.count <= suite.maximumPayload else { throw Finding("delivered too long a message", datagram) }
    guard
      message.sender.rawValue == record.member, message.epoch.rawValue == record.epoch,
      message.sequence == record.sequence, isSigned || message.payload == record.payload
    else { throw Finding("delivered another message than was sealed", datagram) }
    guard !isSigned || signed.contains(SignedMessage(record, message: message.payload)) else {
      throw Finding("delivered a message that its sender has not signed", datagram)
    }
    guard delivered.insert(Number(record)).inserted else { throw Finding("delivered twice", datagram) }
    let before = epochs[record.member]
    if record.epoch > before?.latest ?? 0 {
      epochs[record.member] = (record.epoch, before?.latest)
    } else if record.epoch != before?.latest, record.epoch != before?.former {
      throw Finding("went back to an epoch that is over", datagram)
    }
    let sequence = highest[record.member]?[record.epoch] ?? 0
    highest[record.member, default: [:]][record.epoch] = max(sequence, record.sequence)
  }

  /// The message of a record, if its signature is right.
  private func message(of record: IndependentRecord) -> [UInt8]? {
    isSigned ? signer.message(of: record, publicKey: signer.publicKey) : record.payload
  }

  /// True for a record that a followed member can send: application data of DTLS 1.2.
  private func isOfMember(_ record: IndependentRecord) -> Bool {
    record.type == 23 && record.version == [0xFE, 0xFD]
      && FuzzReceiver.followed.map(\.rawValue).contains(record.member)
  }

  /// True if a record must be delivered: its epoch is the member's latest or a later one, its number is new, and it is
  /// less than 64 numbers late.
  private func isNew(_ record: IndependentRecord) -> Bool {
    guard isOfMember(record), record.epoch > 0, record.sequence < 1 << 32,
      record.payload.count <= suite.maximumPayload, message(of: record) != nil
    else { return false }
    guard let latest = epochs[record.member]?.latest, record.epoch <= latest else { return true }
    return record.epoch == latest && !delivered.contains(Number(record))
      && record.sequence + 64 > highest[record.member]?[latest] ?? 0 && !isAfterTheLast(record)
  }

  /// True once the last number of the epoch has arrived. wolfSSL's own window is then at its end and rejects late
  /// records.
  private func isAfterTheLast(_ record: IndependentRecord) -> Bool {
    highest[record.member]?[record.epoch] == (1 << 32) - 1
  }

  /// For each member, the next record that must be delivered, and the first record of the next epoch.
  mutating func nextRecords() -> [[UInt8]] {
    let records = FuzzReceiver.followed.map(\.rawValue).flatMap { member in
      let epoch = epochs[member]?.latest ?? 1
      let sequence = highest[member]?[epoch].map { $0 + 1 } ?? 0
      return [(epoch, sequence), (epoch &+ 1, 0)].filter { $0.0 > 0 && $0.1 < 1 << 32 }.map {
        IndependentRecord(member: member, sequence: $0.1, epoch: $0.0, text: "still heard")
      }
    }
    guard isSigned else { return records.map { $0.sealed(keys) } }
    signed.formUnion(records.map { SignedMessage($0) })
    return records.map { signer.sign($0).sealed(keys) }
  }
}
