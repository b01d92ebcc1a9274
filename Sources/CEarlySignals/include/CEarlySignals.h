// Has no declaration: the code runs by itself, before main (see CEarlySignals.c).
