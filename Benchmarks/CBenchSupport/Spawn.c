#define _GNU_SOURCE  // pipe2

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include "CBenchSupport.h"

extern char **environ;

int cbench_spawn(const char *argument, int shared, struct cbench_child *child) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) < 0) return -errno;
  if (pipe2(out, O_CLOEXEC) < 0) {
    int error = errno;
    close(in[0]);
    close(in[1]);
    return -error;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, shared, 3);
  pid_t process;
  char *arguments[] = {"mcast-bench", (char *)argument, NULL};
  int error = posix_spawn(&process, "/proc/self/exe", &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  if (error != 0) {
    close(in[1]);
    close(out[0]);
    return -error;
  }
  *child = (struct cbench_child){.process = process, .input = in[1], .output = out[0]};
  return 0;
}
