import Foundation
import FuzzBody
import MulticastDTLS
import Testing

/// Plays the known inputs without libFuzzer. `make fuzz` looks for new ones.
@Suite("The fuzz corpus")
struct FuzzCorpusTests {
  private static let corpus = URL(filePath: #filePath).appending(path: "../../Fuzz/Corpus").standardized

  @Test("no input makes a receiver deliver a false record, deliver twice, or lose a member")
  func replay() throws {
    var outcomes = Outcomes()
    for file in try FileManager.default.contentsOfDirectory(at: Self.corpus, includingPropertiesForKeys: nil) {
      #expect(throws: Never.self, "\(file.lastPathComponent)") { outcomes.add(try fuzz(Data(contentsOf: file))) }
    }
    // If the encoding changed, the inputs would decode to noise and find nothing.
    for suite in CipherSuite.allCases {
      #expect(outcomes.delivered[suite, default: 0] > 100)
      #expect(outcomes.deliveredSigned[suite, default: 0] > 20)
      #expect(
        Set(outcomes.refused[suite, default: [:]].keys)
          == Set(RejectionReason.allCases).subtracting([.overrun, .own, .unverified]))
    }
  }
}
