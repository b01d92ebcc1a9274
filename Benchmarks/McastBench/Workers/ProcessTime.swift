import Glibc

/// The CPU time of this process, in microseconds. Source: getrusage(2).
func processMicroseconds() -> Double {
  var usage = rusage()
  unsafe getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
  return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) * 1e6 + Double($1.tv_usec) }
}
