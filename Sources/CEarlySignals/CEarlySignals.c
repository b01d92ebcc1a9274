#include <signal.h>
#include <stddef.h>

// A request by SIGHUP or SIGUSR1 must not end a process that has just begun. The dynamic linker runs this function before
// the constructors of all libraries, which take most of the time until main. Source: the ELF specification,
// DT_PREINIT_ARRAY.
static void ignore_early_signals(int count, char **arguments, char **environment) {
  (void)count;
  (void)arguments;
  (void)environment;
  signal(SIGHUP, SIG_IGN);
  signal(SIGUSR1, SIG_IGN);
}

__attribute__((used, section(".preinit_array"))) static void (*const early)(int, char **, char **) = ignore_early_signals;
