/** A library that makes reads of one file fail with EIO, as a dying disk does: compiled where there is a compiler. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Whether the descriptor is of a file whose path contains $EIO_PATH. */
static int doomed(int fd) {
  const char *part = getenv("EIO_PATH");
  char link[64], path[4096];
  if (part == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, part) != NULL;
}
#define FAIL(fd) if (doomed(fd)) { errno = EIO; return -1; }
#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);

ssize_t read(int fd, void *to, size_t n) { REAL(read) FAIL(fd) return real(fd, to, n); }
ssize_t pread(int fd, void *to, size_t n, off_t at) { REAL(pread) FAIL(fd) return real(fd, to, n, at); }
ssize_t pread64(int fd, void *to, size_t n, off64_t at) { REAL(pread64) FAIL(fd) return real(fd, to, n, at); }
ssize_t readv(int fd, const struct iovec *v, int n) { REAL(readv) FAIL(fd) return real(fd, v, n); }
ssize_t preadv(int fd, const struct iovec *v, int n, off_t at) { REAL(preadv) FAIL(fd) return real(fd, v, n, at); }
ssize_t preadv64(int fd, const struct iovec *v, int n, off64_t at) { REAL(preadv64) FAIL(fd) return real(fd, v, n, at); }
`;

/** Path of the library, or why there is none. */
export function eioLibrary(folder: string): { readonly path: string } | string {
  const file = join(folder, "eio.c");
  const path = join(folder, "eio.so");
  writeFileSync(file, source);
  try {
    execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", path, file, "-ldl"], { stdio: "pipe" });
    return { path };
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    return code === "ENOENT" ? "gcc is not installed" : `gcc: ${stderr?.toString() ?? String(error)}`;
  }
}
