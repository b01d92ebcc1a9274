import MulticastDTLS

/// Plays one input to a new receiver with each engine, and compares every result with independent code.
///
/// - Returns: The outcomes of the input's datagrams with libcrypto.
/// - Throws: ``Finding`` if a receiver broke a rule.
package func fuzz(_ input: some Collection<UInt8>) throws -> Outcomes {
  _ = try play(input, to: .wolfSSL)
  return try play(input, to: .libcrypto)
}

private func play(_ input: some Collection<UInt8>, to engine: RecordEngine) throws -> Outcomes {
  var script = Script(input)
  let receiver = FuzzReceiver(suite: script.suite, engine: engine)
  var oracle = Oracle(suite: script.suite)
  var outcomes = Outcomes()
  while let datagram = script.next() {
    try checkHeader(of: datagram)
    let result = receiver.open(datagram)
    try oracle.check(result, of: datagram)
    outcomes.count(result, suite: script.suite)
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

/// The outcomes of datagrams, by suite: the number delivered, and the number rejected for each reason.
package struct Outcomes {
  package var delivered: [CipherSuite: Int] = [:]
  package var refused: [CipherSuite: [RejectionReason: Int]] = [:]

  package init() {}

  package mutating func add(_ other: Outcomes) {
    delivered.merge(other.delivered, uniquingKeysWith: +)
    refused.merge(other.refused) { $0.merging($1, uniquingKeysWith: +) }
  }

  mutating func count(_ result: Result<Message, RejectionReason>, suite: CipherSuite) {
    switch result {
    case .success: delivered[suite, default: 0] += 1
    case .failure(let reason): refused[suite, default: [:]][reason, default: 0] += 1
    }
  }
}
