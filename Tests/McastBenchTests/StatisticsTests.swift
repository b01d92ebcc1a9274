import Testing

@testable import mcast_bench

@Suite("Medians and spreads")
struct StatisticsTests {
  @Test("the median is the middle value, and the spread is half the distance between the quartiles")
  func summary() throws {
    let summary = try #require(Summary([5, 1, 4, 2, 3]))
    #expect(summary.median == 3)
    #expect(summary.spread == 1)
    let pair = try #require(Summary([1, 2]))
    #expect(pair.median == 1.5)
    #expect(pair.spread == 0.25)
  }

  @Test("one disturbed round hardly moves the median and the spread")
  func outlier() throws {
    let summary = try #require(Summary([10, 11, 12, 13, 1000]))
    #expect(summary.median == 12)
    #expect(summary.spread == 1)
  }

  @Test("one value has no spread, and no values have no summary")
  func few() {
    #expect(Summary([7])?.spread == 0)
    #expect(Summary([]) == nil)
  }

  @Test(
    "a figure has three decimals at most, commas between thousands, and a dash for no number",
    arguments: [
      (1_234_567.2, "1,234,567"), (123.4, "123"), (12.345, "12.3"), (1.0, "1.00"), (0.0051, "0.005"), (-2.5, "-2.50"),
      (999.6, "1,000"), (Double.nan, "-"),
    ])
  func short(value: Double, text: String) {
    #expect(value.short == text)
  }
}
