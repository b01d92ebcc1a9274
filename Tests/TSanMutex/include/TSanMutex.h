// Nothing is called from outside: what is in TSanMutex.c takes the place of two functions of Swift's runtime.
