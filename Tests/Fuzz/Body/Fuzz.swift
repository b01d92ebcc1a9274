import MulticastDTLS

/// Plays one input to a new receiver with each engine, and compares every result with independent code. A signed group has one
/// engine.
///
/// - Returns: The outcomes of the input's datagrams with libcrypto.
/// - Throws: ``Finding`` if a receiver broke a rule.
package func fuzz(_ input: some Collection<UInt8>) throws -> Outcomes {
  if !Script(input).isSigned { _ = try play(input, to: .wolfSSL) }
  return try play(input, to: .libcrypto)
}

private func play(_ input: some Collection<UInt8>, to engine: RecordEngine) throws -> Outcomes {
  var script = Script(input)
  let receiver = FuzzReceiver(suite: script.suite, engine: engine, isSigned: script.isSigned)
  var oracle = Oracle(suite: script.suite, isSigned: script.isSigned)
  var outcomes = Outcomes()
  while let datagram = script.next() {
    try checkHeader(of: datagram)
    let result = receiver.open(datagram)
    oracle.signed.formUnion(script.signed)
    try oracle.check(result, of: datagram)
    outcomes.count(result, script.suite, isSigned: script.isSigned)
  }
  // After any input, every member is still heard, and no record is delivered twice.
  for datagram in oracle.nextRecords() {
    for _ in 0..<2 { try oracle.check(receiver.open(datagram), of: datagram) }
  }
  return outcomes
}

/// A fault that an input revealed.
package struct Finding: Error, CustomStringConvertible {
  package let description: String

  init(_ what: String, _ datagram: [UInt8]) {
    let digits = datagram.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    description = "\(what): \(digits)"
  }
}

/// The outcomes of datagrams, by suite: the number delivered, the number rejected for each reason, and those of signed groups.
package struct Outcomes {
  package var delivered: [CipherSuite: Int] = [:]
  package var deliveredSigned: [CipherSuite: Int] = [:]
  package var refused: [CipherSuite: [RejectionReason: Int]] = [:]

  package init() {}

  package mutating func add(_ other: Outcomes) {
    delivered.merge(other.delivered, uniquingKeysWith: +)
    deliveredSigned.merge(other.deliveredSigned, uniquingKeysWith: +)
    refused.merge(other.refused) { $0.merging($1, uniquingKeysWith: +) }
  }

  mutating func count(_ result: Result<Message, RejectionReason>, _ suite: CipherSuite, isSigned: Bool) {
    switch result {
    case .success where isSigned: deliveredSigned[suite, default: 0] += 1
    case .success: delivered[suite, default: 0] += 1
    case .failure(let reason): refused[suite, default: [:]][reason, default: 0] += 1
    }
  }
}
