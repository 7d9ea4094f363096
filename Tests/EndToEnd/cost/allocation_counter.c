// Counts what a program allocates, and nothing else: load it before the program (LD_PRELOAD) and name a file of at least one page in
// KAGZI_ALLOCATION_COUNTS. Its first two 64-bit words become the number of allocations and their bytes, kept true all the time, so that
// another process may read them whenever it likes.
//
// glibc's own entry points do the work, which spares looking them up: dlsym itself allocates.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

struct counts {
  _Atomic uint64_t allocations;
  _Atomic uint64_t bytes;
};

// Counted here until there is a file.
static struct counts unseen;
static struct counts *counts = &unseen;

__attribute__((constructor)) static void open_counts(void) {
  char const *const path = getenv("KAGZI_ALLOCATION_COUNTS");
  if (path == NULL) return;
  int const file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *const page = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) counts = page;
}

static void note(size_t bytes) {
  atomic_fetch_add_explicit(&counts->allocations, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&counts->bytes, bytes, memory_order_relaxed);
}

void *malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note(count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  note(size);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  note(size);
  *result = __libc_memalign(alignment, size);
  return *result == NULL ? ENOMEM : 0;
}
