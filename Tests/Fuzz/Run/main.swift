import CLibFuzzer
import FuzzBody
import Glibc

/// Called by libFuzzer for every input.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    _ = try fuzz(UnsafeBufferPointer(start: start, count: count))
  } catch {
    // A crash makes libFuzzer write the input to a file.
    fatalError("\(error)")
  }
  return 0
}

// SwiftPM links no executable without a main of its own, so libFuzzer's main is not used.
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments, testOneInput))
