import Foundation
import FuzzBody
import MulticastDTLS
import Testing

/// `make fuzz` looks for new inputs; here those that are known are played again, without libFuzzer.
@Suite("The fuzz's corpus")
struct FuzzCorpusTests {
  private static let corpus = URL(filePath: #filePath).appending(path: "../../Fuzz/Corpus").standardized

  @Test("no input gets anything false delivered, anything delivered twice, or a member unheard")
  func replay() throws {
    var outcomes = Outcomes()
    for file in try FileManager.default.contentsOfDirectory(at: Self.corpus, includingPropertiesForKeys: nil) {
      #expect(throws: Never.self, "\(file.lastPathComponent)") { outcomes.add(try fuzz(Data(contentsOf: file))) }
    }
    // Inputs that no longer say what they were made to say would find nothing.
    for suite in CipherSuite.allCases {
      #expect(outcomes.delivered[suite, default: 0] > 100)
      #expect(
        Set(outcomes.refused[suite, default: [:]].keys) == Set(RejectionReason.allCases).subtracting([.overrun, .own]))
    }
  }
}
