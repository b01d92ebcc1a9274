extension Sequence where Element: Equatable {
  /// The distinct elements in order of first appearance. Quadratic: for few elements.
  package func uniqued() -> [Element] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
