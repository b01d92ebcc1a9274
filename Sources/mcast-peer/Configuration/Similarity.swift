/// The number of typing errors between two texts: characters inserted, left out, replaced, or swapped with their
/// neighbour. Source: the optimal string alignment distance.
func typingErrors(_ one: String, _ other: String) -> Int {
  let (one, other) = (Array(one), Array(other))
  var beforeLast: [Int] = []
  var last = Array(0...other.count)
  for row in one.indices {
    var next = [row + 1]
    for column in other.indices {
      let isSame = one[row] == other[column]
      var least = min(last[column + 1] + 1, next[column] + 1, last[column] + (isSame ? 0 : 1))
      if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
        least = min(least, beforeLast[column - 1] + 1)
      }
      next.append(least)
    }
    (beforeLast, last) = (last, next)
  }
  return last[other.count]
}
