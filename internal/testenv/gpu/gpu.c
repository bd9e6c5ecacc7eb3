/* A GPU made of this processor: NVIDIA's driver, NVRTC and cuBLASLt as far as
 * nuclab calls them, over host memory. Kernels are the CUDA C source itself,
 * compiled as C: each thread of a block is a context of its own, and they take
 * turns from one barrier to the next.
 *
 * It is as strict as a GPU, or stricter: work is done only when something waits
 * for it, so that memory which is changed too early is seen; calls from another
 * thread, calls that may not be recorded, addresses that were not allocated and
 * writes beyond an allocation are errors.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* ---- what CUDA C has beyond C ---- */

#define __global__ static
#define __device__
#define __shared__ static

typedef struct { int x, y, z; } dim3;
static dim3 threadIdx, blockIdx, blockDim, gridDim;

static void wait_for_block(void);
#define __syncthreads wait_for_block

static double exchanged[1024];

static double shuffle_xor(double v, int with)
{
	exchanged[threadIdx.x] = v;
	wait_for_block();
	v = exchanged[threadIdx.x ^ with];
	wait_for_block();
	return v;
}
#define __shfl_xor_sync(mask, v, with) shuffle_xor(v, with)

#include KERNELS /* the kernels, then: struct kernel { name; call; whether it has barriers; number and sizes of its arguments } kernels[] */

/* ---- blocks of threads ---- */

/* A context is made once and runs one thread after the other; setjmp changes between
 * them without a call of the system.
 */
enum { STACK = 64 << 10 };
static ucontext_t scheduler, contexts[1024];
static jmp_buf back, paused[1024];
static int started[1024], finished[1024];
static const struct kernel *running;
static void **arguments;

static void pause_thread(int me)
{
	if (!_setjmp(paused[me]))
		_longjmp(back, 1);
	threadIdx.x = me;
}

static void wait_for_block(void) { pause_thread(threadIdx.x); }

static void thread_main(int me)
{
	for (threadIdx.x = me;; pause_thread(me)) {
		running->call(arguments);
		finished[me] = 1;
	}
}

static void resume(int i)
{
	if (_setjmp(back))
		return;
	if (started[i])
		_longjmp(paused[i], 1);
	started[i] = 1;
	getcontext(&contexts[i]);
	contexts[i].uc_stack.ss_sp = malloc(STACK);
	contexts[i].uc_stack.ss_size = STACK;
	makecontext(&contexts[i], (void (*)(void))thread_main, 1, i);
	swapcontext(&scheduler, &contexts[i]);
}

/* run_block returns 0 if some threads ended while others waited for them. */
static int run_block(int threads)
{
	if (!running->barriers) {
		for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++)
			running->call(arguments);
		return 1;
	}
	memset(finished, 0, sizeof finished);
	for (;;) {
		int ended = 0;
		for (int i = 0; i < threads; i++) {
			resume(i);
			ended += finished[i];
		}
		if (ended)
			return ended == threads;
	}
}

/* ---- memory ---- */

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_CONTEXT = 201, NOT_FOUND = 500,
	ILLEGAL_ADDRESS = 700, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900 };

#ifndef DEVICES
#define DEVICES 1
#endif
#ifndef MEMORY
#define MEMORY (1ll << 30)
#endif

enum { GUARD = 256, PATTERN = 0xa5 };
struct block { char *base; size_t n; struct block *next; };
static struct block *blocks_in_use, *pinned_in_use;
static long long used;
static pthread_t owner;
static int owned, capturing;

static int allowed(void) { return owned && pthread_equal(owner, pthread_self()) ? OK : INVALID_CONTEXT; }
static int immediate(void) { return allowed() ? INVALID_CONTEXT : capturing ? CAPTURE_UNSUPPORTED : OK; }

static int inside(struct block *b, const void *p, size_t n)
{
	for (; b; b = b->next)
		if ((const char *)p >= b->base + GUARD && (const char *)p + n <= b->base + GUARD + b->n)
			return 1;
	return 0;
}

static struct block *new_block(size_t n)
{
	struct block *b = malloc(sizeof *b);
	b->base = aligned_alloc(256, (n + 2 * GUARD + 255) / 256 * 256);
	b->n = n;
	memset(b->base, PATTERN, GUARD);
	memset(b->base + GUARD, 0xff, n); /* NaN */
	memset(b->base + GUARD + n, PATTERN, GUARD);
	return b;
}

static int intact(void)
{
	for (struct block *b = blocks_in_use; b; b = b->next)
		for (int i = 0; i < GUARD; i++)
			if ((unsigned char)b->base[i] != PATTERN || (unsigned char)b->base[GUARD + b->n + i] != PATTERN)
				return 0;
	return 1;
}

/* ---- queued work ---- */

struct desc { int compute, scale, transa, transb, epilogue; uint64_t bias; };
struct layout { int type; uint64_t rows, cols; int64_t ld; };

struct work {
	int (*run)(struct work *);
	const struct kernel *kernel;
	int grid, block;
	uint64_t values[16];
	void *to;
	const void *from;
	size_t n;
	struct list *graph;
	struct desc desc;
	struct layout layouts[3];
	float *a, *b, *d;
	uint64_t event;
};
struct list { struct work *all; int n, room; };
static struct list stream, captured;
static int failed; /* an error of earlier work, which stays */
static uint64_t last_event, reached_event;
static long long launched_graphs;

static struct work *queue(int (*run)(struct work *))
{
	struct list *l = capturing ? &captured : &stream;
	if (l->n == l->room)
		l->all = realloc(l->all, (l->room = 2 * l->room + 16) * sizeof *l->all);
	struct work *w = &l->all[l->n++];
	memset(w, 0, sizeof *w);
	w->run = run;
	return w;
}

static int run_list(struct list *l)
{
	for (int i = 0; i < l->n && !failed; i++)
		failed = l->all[i].run(&l->all[i]);
	return failed;
}

static int flush(void)
{
	run_list(&stream);
	stream.n = 0;
	if (!failed && !intact())
		failed = ILLEGAL_ADDRESS;
	return failed;
}

static int run_kernel(struct work *w)
{
	void *pointers[16];
	for (int i = 0; i < w->kernel->arguments; i++)
		pointers[i] = &w->values[i];
	running = w->kernel;
	arguments = pointers;
	blockDim.x = w->block;
	gridDim.x = w->grid;
	for (blockIdx.x = 0; blockIdx.x < w->grid; blockIdx.x++)
		if (!run_block(w->block))
			return LAUNCH_FAILED;
	return OK;
}

static int run_copy(struct work *w) { memcpy(w->to, w->from, w->n); return OK; }
static int run_set(struct work *w) { memset(w->to, (int)w->values[0], w->n); return OK; }
static int run_graph(struct work *w) { return run_list(w->graph); }
static int run_event(struct work *w) { reached_event = w->event; return OK; }

/* ---- the driver ---- */

int cuInit(unsigned flags) { return DEVICES ? OK : NO_DEVICE; }
int cuDriverGetVersion(int *v) { *v = 12040; return OK; }
int cuDeviceGetCount(int *n) { *n = DEVICES; return OK; }
int cuDeviceGet(int *d, int number) { *d = 41 + number; return number < DEVICES ? OK : INVALID_VALUE; }
int cuDeviceGetName(char *name, int n, int d) { snprintf(name, n, "GPU of host memory"); return d == 41 ? OK : INVALID_VALUE; }

int cuDeviceGetAttribute(int *v, int attribute, int d)
{
	*v = attribute == 75 ? 9 : attribute == 76 ? 0 : -1;
	return d == 41 && *v >= 0 ? OK : INVALID_VALUE;
}

int cuGetErrorName(int code, const char **name)
{
	*name = code == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" :
		code == CAPTURE_UNSUPPORTED ? "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED" : code == NOT_FOUND ? "CUDA_ERROR_NOT_FOUND" : 0;
	return *name ? OK : INVALID_VALUE;
}

int cuDevicePrimaryCtxRetain(void **c, int d) { *c = &owner; return d == 41 ? OK : INVALID_VALUE; }

int cuCtxSetCurrent(void *c)
{
	owner = pthread_self();
	owned = c == &owner;
	return owned ? OK : INVALID_CONTEXT;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) { *free = MEMORY - used; *total = MEMORY; return immediate(); }

int cuMemAlloc_v2(uint64_t *p, size_t n)
{
	if (immediate())
		return immediate();
	if (n == 0 || used + (long long)n > MEMORY)
		return n ? OUT_OF_MEMORY : INVALID_VALUE;
	struct block *b = new_block(n);
	b->next = blocks_in_use;
	blocks_in_use = b;
	used += n;
	*p = (uint64_t)(b->base + GUARD);
	return OK;
}

int cuMemFree_v2(uint64_t p)
{
	if (immediate())
		return immediate();
	if (flush())
		return failed;
	for (struct block **b = &blocks_in_use; *b; b = &(*b)->next)
		if ((uint64_t)((*b)->base + GUARD) == p) {
			struct block *gone = *b;
			*b = gone->next;
			used -= gone->n;
			free(gone->base);
			free(gone);
			return OK;
		}
	return INVALID_VALUE;
}

int cuMemAllocHost_v2(void **p, size_t n)
{
	if (immediate())
		return immediate();
	struct block *b = new_block(n);
	b->next = pinned_in_use;
	pinned_in_use = b;
	*p = b->base + GUARD;
	return OK;
}

static int copy(void *to, const void *from, size_t n, int valid)
{
	if (allowed())
		return INVALID_CONTEXT;
	if (!valid)
		return INVALID_VALUE;
	struct work *w = queue(run_copy);
	w->to = to;
	w->from = from;
	w->n = n;
	return OK;
}

#define STREAM ((void *)0x5eed)

int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t n, void *s)
{
	return copy((void *)to, from, n, s == STREAM && inside(blocks_in_use, (void *)to, n) && inside(pinned_in_use, from, n));
}

int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t n, void *s)
{
	return copy(to, (void *)from, n, s == STREAM && inside(blocks_in_use, (void *)from, n) && inside(pinned_in_use, to, n));
}

int cuMemsetD8Async(uint64_t p, unsigned char v, size_t n, void *s)
{
	if (allowed() || s != STREAM || !inside(blocks_in_use, (void *)p, n))
		return INVALID_VALUE;
	struct work *w = queue(run_set);
	w->to = (void *)p;
	w->n = n;
	w->values[0] = v;
	return OK;
}

int cuModuleLoadData(void **m, const void *code)
{
	*m = (void *)kernels;
	return immediate() ? immediate() : memcmp(code, "\177ELF", 4) ? INVALID_VALUE : OK;
}

int cuModuleGetFunction(void **f, void *m, const char *name)
{
	for (const struct kernel *k = kernels; m == (void *)kernels && k->name; k++)
		if (!strcmp(k->name, name)) {
			*f = (void *)k;
			return OK;
		}
	return NOT_FOUND;
}

int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *s, void **args, void **extra)
{
	if (allowed())
		return INVALID_CONTEXT;
	if (!gx || gx > 0x7fffffffu || gy != 1 || gz != 1 || !bx || bx > 1024 || by != 1 || bz != 1 || shared || s != STREAM || extra)
		return INVALID_VALUE;
	struct work *w = queue(run_kernel);
	w->kernel = f;
	w->grid = gx;
	w->block = bx;
	for (int i = 0; i < w->kernel->arguments; i++)
		memcpy(&w->values[i], args[i], w->kernel->sizes[i]);
	return OK;
}

int cuStreamCreate(void **s, unsigned flags) { *s = STREAM; return flags == 1 ? immediate() : INVALID_VALUE; }
int cuStreamSynchronize(void *s) { return s != STREAM ? INVALID_VALUE : immediate() ? immediate() : flush(); }

int cuStreamBeginCapture_v2(void *s, int mode)
{
	if (immediate() || s != STREAM || mode != 1)
		return INVALID_VALUE;
	capturing = 1;
	captured.n = 0;
	return OK;
}

int cuStreamEndCapture(void *s, void **graph)
{
	if (allowed() || s != STREAM || !capturing)
		return INVALID_VALUE;
	capturing = 0;
	struct list *g = malloc(sizeof *g);
	g->n = g->room = captured.n;
	g->all = malloc((captured.n + 1) * sizeof *g->all);
	memcpy(g->all, captured.all, captured.n * sizeof *g->all);
	*graph = g;
	return OK;
}

int cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long long flags)
{
	struct list *g = graph, *e = malloc(sizeof *e);
	*e = *g;
	e->all = malloc((g->n + 1) * sizeof *e->all);
	memcpy(e->all, g->all, g->n * sizeof *e->all);
	*exec = e;
	return flags ? INVALID_VALUE : immediate();
}

int cuGraphLaunch(void *exec, void *s)
{
	if (allowed() || s != STREAM || capturing)
		return INVALID_VALUE;
	queue(run_graph)->graph = exec;
	launched_graphs++;
	return OK;
}

int cuGraphExecDestroy(void *exec) { flush(); free(((struct list *)exec)->all); free(exec); return failed; }
int cuGraphDestroy(void *graph) { free(((struct list *)graph)->all); free(graph); return OK; }

int cuEventCreate(void **e, unsigned flags) { *e = calloc(1, sizeof(uint64_t)); return flags ? INVALID_VALUE : immediate(); }

int cuEventRecord(void *e, void *s)
{
	if (immediate() || s != STREAM)
		return INVALID_VALUE;
	*(uint64_t *)e = ++last_event;
	queue(run_event)->event = last_event;
	return OK;
}

int cuEventSynchronize(void *e) { return immediate() ? immediate() : *(uint64_t *)e > reached_event ? flush() : OK; }
int cuEventElapsedTime(float *ms, void *a, void *b) { *ms = *(uint64_t *)b - *(uint64_t *)a; return OK; }

/* ---- NVRTC ---- */

static const char *message = "";

int nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 4; return OK; }
const char *nvrtcGetErrorString(int code) { return code == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR"; }
int nvrtcGetNumSupportedArchs(int *n) { *n = 3; return OK; }
int nvrtcGetSupportedArchs(int *a) { a[0] = 80; a[1] = 86; a[2] = 90; return OK; }
int nvrtcCreateProgram(void **p, const char *source, const char *name, int n, void *headers, void *names) { *p = strdup(source); return n; }
int nvrtcDestroyProgram(void **p) { free(*p); *p = 0; return OK; }

int nvrtcCompileProgram(void *p, int n, const char **options)
{
	int good = n == 1 && !strncmp(options[0], "--gpu-architecture=sm_", 22) && strstr(p, "__global__");
	message = good ? "" : "kernels.cu(1): error: no kernel";
	return good ? OK : 6;
}

int nvrtcGetCUBINSize(void *p, size_t *n) { *n = 8; return OK; }
int nvrtcGetCUBIN(void *p, char *code) { memcpy(code, "\177ELFcode", 8); return OK; }
int nvrtcGetProgramLogSize(void *p, size_t *n) { *n = strlen(message) + 1; return OK; }
int nvrtcGetProgramLog(void *p, char *log) { strcpy(log, message); return OK; }

/* ---- cuBLASLt ---- */

enum { BAD = 7, ALGORITHM = 0xa190 };

struct algorithm { uint64_t algo[8]; size_t workspace; int state; float waves; int reserved[4]; };

int cublasLtCreate(void **h) { *h = &stream; return immediate() ? 1 : OK; }
int cublasLtMatmulDescCreate(struct desc **d, int compute, int scale)
{
	*d = calloc(1, sizeof **d);
	(*d)->compute = compute;
	(*d)->scale = scale;
	(*d)->epilogue = 1;
	return (compute == 68 || compute == 77) && scale == 0 ? OK : BAD;
}

int cublasLtMatmulDescSetAttribute(struct desc *d, int attribute, const void *v, size_t n)
{
	switch (attribute) {
	case 3: memcpy(&d->transa, v, 4); return n == 4 ? OK : BAD;
	case 4: memcpy(&d->transb, v, 4); return n == 4 ? OK : BAD;
	case 7: memcpy(&d->epilogue, v, 4); return n == 4 ? OK : BAD;
	case 8: memcpy(&d->bias, v, 8); return n == 8 ? OK : BAD;
	}
	return BAD;
}

int cublasLtMatmulDescDestroy(void *d) { free(d); return OK; }

int cublasLtMatrixLayoutCreate(struct layout **l, int type, uint64_t rows, uint64_t cols, int64_t ld)
{
	*l = malloc(sizeof **l);
	**l = (struct layout){type, rows, cols, ld};
	return ld >= (int64_t)rows && (type == 0 || type == 14) ? OK : BAD;
}

int cublasLtMatrixLayoutDestroy(void *l) { free(l); return OK; }
int cublasLtMatmulPreferenceCreate(uint64_t **p) { *p = calloc(1, 8); return OK; }
int cublasLtMatmulPreferenceSetAttribute(uint64_t *p, int attribute, const void *v, size_t n) { memcpy(p, v, 8); return attribute == 1 && n == 8 ? OK : BAD; }
int cublasLtMatmulPreferenceDestroy(void *p) { free(p); return OK; }

static uint64_t inner(const struct layout *l, int trans) { return trans ? l->rows : l->cols; }
static uint64_t outer(const struct layout *l, int trans) { return trans ? l->cols : l->rows; }

static int fits(const struct desc *d, const struct layout *a, const struct layout *b, const struct layout *c)
{
	return outer(a, d->transa) == c->rows && inner(a, d->transa) == outer(b, d->transb) && inner(b, d->transb) == c->cols &&
		a->type == b->type && c->type == 0 && (a->type == 0 || d->compute == 68) &&
		(d->epilogue == 1 || ((d->epilogue == 4 || d->epilogue == 6) && d->bias));
}

int cublasLtMatmulAlgoGetHeuristic(void *h, struct desc *d, struct layout *a, struct layout *b, struct layout *c, struct layout *out, uint64_t *preference, int wanted, struct algorithm *found, int *n)
{
	if (h != &stream || !fits(d, a, b, c) || c != out || wanted != 1 || *preference == 0)
		return BAD;
	memset(found, 0, sizeof *found);
	found->algo[7] = ALGORITHM;
	found->workspace = *preference;
	*n = 1;
	return OK;
}

static float factor(const void *p, const struct layout *l, uint64_t row, uint64_t col, int trans, int compute)
{
	uint64_t i = trans ? row * l->ld + col : col * l->ld + row;
	uint32_t u;
	float v;
	if (l->type == 14) {
		u = (uint32_t)((const uint16_t *)p)[i] << 16;
	} else {
		memcpy(&u, (const float *)p + i, 4);
		if (compute == 77 && (u & 0x7fffffffu) < 0x7f800000u)
			u = (u + 0x1000u) & ~0x1fffu;
	}
	memcpy(&v, &u, 4);
	return v;
}

static int run_matmul(struct work *w)
{
	const struct layout *a = &w->layouts[0], *b = &w->layouts[1], *c = &w->layouts[2];
	const struct desc *d = &w->desc;
	for (uint64_t j = 0; j < c->cols; j++)
		for (uint64_t i = 0; i < c->rows; i++) {
			double s = 0;
			for (uint64_t k = 0; k < inner(a, d->transa); k++)
				s += (double)factor(w->a, a, i, k, d->transa, d->compute) * factor(w->b, b, k, j, d->transb, d->compute);
			if (d->epilogue & 4)
				s += ((const float *)d->bias)[i];
			if (d->epilogue & 2)
				s = s < 0 ? 0 : s;
			w->d[j * c->ld + i] = (float)s;
		}
	return OK;
}

int cublasLtMatmul(void *h, struct desc *d, const float *alpha, const void *a, struct layout *la, const void *b, struct layout *lb, const float *beta,
	const void *c, struct layout *lc, void *out, struct layout *lout, const uint64_t *algo, void *workspace, size_t n, void *s)
{
	size_t element = la->type == 14 ? 2 : 4;
	if (allowed() || h != &stream || s != STREAM || *alpha != 1 || *beta != 0 || c != out || lc != lout || algo[7] != ALGORITHM ||
		!fits(d, la, lb, lc) || !inside(blocks_in_use, a, element * la->ld * la->cols) || !inside(blocks_in_use, b, element * lb->ld * lb->cols) ||
		!inside(blocks_in_use, out, 4 * lc->ld * lc->cols) || !inside(blocks_in_use, workspace, n) ||
		(d->epilogue != 1 && !inside(blocks_in_use, (void *)d->bias, 4 * lc->rows)))
		return BAD;
	struct work *w = queue(run_matmul);
	w->desc = *d;
	w->layouts[0] = *la;
	w->layouts[1] = *lb;
	w->layouts[2] = *lc;
	w->a = (float *)a;
	w->b = (float *)b;
	w->d = out;
	return OK;
}

/* ---- what tests ask ---- */

long long gpu_used(void) { return used; }
long long gpu_graphs(void) { return launched_graphs; }
