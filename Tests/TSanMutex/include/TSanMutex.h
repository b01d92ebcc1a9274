// Declares nothing: TSanMutex.c replaces two functions of Swift's runtime.
