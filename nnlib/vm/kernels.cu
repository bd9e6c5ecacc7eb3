/* The kernels of the CUDA backend, in the part of CUDA C that is C as well. They
 * include nothing. Matrices are row-major. Launches are one-dimensional: either a
 * thread an element, or a block a row, of a multiple of 32 threads. Sums are
 * formed in an order that depends on the shapes alone.
 */
#ifdef __cplusplus
extern "C" {
#endif

/* The numbers of package op's activations. */
enum { IDENTITY, RELU, ELU, TANH };

/* What the optimiser's settings of a step are called in its control block. */
enum { BETA1, BETA2, STEP, ROOT, EPSILON, KEEP, CLIP, UNSCALE, PAST, SLOT };

#define ELEMENT (blockIdx.x * blockDim.x + threadIdx.x)

/* sum_block returns to each thread the sum of v over the threads of its block. */
static __device__ double sum_block(double v)
{
	__shared__ double part[32];
	double total = 0;
	for (int k = 16; k > 0; k >>= 1)
		v += __shfl_xor_sync(0xffffffffu, v, k);
	if (threadIdx.x % 32 == 0)
		part[threadIdx.x / 32] = v;
	__syncthreads();
	for (int i = 0; i < blockDim.x / 32; i++)
		total += part[i];
	__syncthreads();
	return total;
}

static __device__ double max_block(double v)
{
	__shared__ double part[32];
	double top;
	for (int k = 16; k > 0; k >>= 1)
		v = fmax(v, __shfl_xor_sync(0xffffffffu, v, k));
	if (threadIdx.x % 32 == 0)
		part[threadIdx.x / 32] = v;
	__syncthreads();
	top = part[0];
	for (int i = 1; i < blockDim.x / 32; i++)
		top = fmax(top, part[i]);
	__syncthreads();
	return top;
}

__global__ void activate(float *y, int n, int act)
{
	int i = ELEMENT;
	if (i >= n)
		return;
	float v = y[i];
	if (act == RELU)
		v = v < 0 ? 0 : v;
	else if (act == ELU)
		v = v < 0 ? expm1f(v) : v;
	else if (act == TANH)
		v = tanhf(v);
	y[i] = v;
}

__global__ void activate_grad(float *dst, const float *y, const float *dy, int n, int act)
{
	int i = ELEMENT;
	if (i >= n)
		return;
	float v = dy[i], r = y[i];
	if (act == RELU)
		v = r == 0 ? 0 : v;
	else if (act == ELU)
		v *= r < 0 ? r + 1 : 1;
	else if (act == TANH)
		v *= 1 - r * r;
	dst[i] = v;
}

__global__ void log_softmax(float *p, const float *z, int cols, int n)
{
	p += (long long)blockIdx.x * cols;
	z += (long long)blockIdx.x * cols;
	double top = z[0];
	for (int j = threadIdx.x; j < n; j += blockDim.x)
		top = fmax(top, (double)z[j]);
	float shift = (float)max_block(top);
	double sum = 0;
	for (int j = threadIdx.x; j < n; j += blockDim.x)
		sum += expf(z[j] - shift);
	float lse = shift + (float)log(sum_block(sum));
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		p[j] = j < n ? z[j] - lse : z[j];
}

__global__ void log_softmax_grad(float *dz, const float *p, const float *dp, int cols, int n)
{
	dz += (long long)blockIdx.x * cols;
	p += (long long)blockIdx.x * cols;
	dp += (long long)blockIdx.x * cols;
	double part = 0;
	for (int j = threadIdx.x; j < n; j += blockDim.x)
		part += dp[j];
	float sum = (float)sum_block(part);
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		dz[j] = j < n ? dp[j] - sum * expf(p[j]) : dp[j];
}

/* scale may be 0, which means 1. */
__global__ void add_scaled(float *dst, const float *a, const float *base, const float *scale, int n, int cols)
{
	int i = ELEMENT;
	if (i < n)
		dst[i] = (scale ? a[i] * scale[i % cols] : a[i]) + base[i];
}

__global__ void mul_columns(float *dst, const float *a, const float *scale, int n, int cols)
{
	int i = ELEMENT;
	if (i < n)
		dst[i] = a[i] * scale[i % cols];
}

/* row_mean and row_inverse are a row's mean and the inverse of its standard deviation. */
static __device__ double row_mean(const float *x, int cols)
{
	double sum = 0;
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		sum += x[j];
	return sum_block(sum) / cols;
}

static __device__ double row_inverse(const float *x, int cols, double mean)
{
	double sum = 0;
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		sum += (x[j] - mean) * (x[j] - mean);
	return 1 / sqrt(sum_block(sum) / cols + 1e-5);
}

__global__ void norm_rows(float *y, const float *x, const float *g, const float *b, int cols)
{
	y += (long long)blockIdx.x * cols;
	x += (long long)blockIdx.x * cols;
	double mean = row_mean(x, cols), inverse = row_inverse(x, cols, mean);
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		y[j] = (float)((x[j] - mean) * inverse) * g[j] + b[j];
}

__global__ void norm_rows_grad(float *dx, const float *x, const float *g, const float *dy, int cols)
{
	dx += (long long)blockIdx.x * cols;
	x += (long long)blockIdx.x * cols;
	dy += (long long)blockIdx.x * cols;
	double mean = row_mean(x, cols), inverse = row_inverse(x, cols, mean);
	double sum = 0, along = 0;
	for (int j = threadIdx.x; j < cols; j += blockDim.x) {
		double d = (double)g[j] * dy[j];
		sum += d;
		along += d * (x[j] - mean) * inverse;
	}
	sum = sum_block(sum) / cols;
	along = sum_block(along) / cols;
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		dx[j] = (float)(inverse * ((double)g[j] * dy[j] - sum - along * (x[j] - mean) * inverse));
}

/* stats [rows,2] are the mean and the inverse deviation of each row. */
__global__ void row_stats(float *stats, const float *x, int cols)
{
	x += (long long)blockIdx.x * cols;
	double mean = row_mean(x, cols), inverse = row_inverse(x, cols, mean);
	if (threadIdx.x == 0) {
		stats[2 * blockIdx.x] = (float)mean;
		stats[2 * blockIdx.x + 1] = (float)inverse;
	}
}

/* The sums over the rows are made by blocks of 32 columns by blockDim.x / 32 rows at a time. */
static __device__ void put_column(float *dst, int cols, float sum)
{
	__shared__ float part[1024];
	int j = blockIdx.x * 32 + threadIdx.x % 32;
	part[threadIdx.x] = sum;
	__syncthreads();
	if (threadIdx.x < 32 && j < cols) {
		float total = 0;
		for (int i = threadIdx.x; i < blockDim.x; i += 32)
			total += part[i];
		dst[j] = total;
	}
}

__global__ void column_sums(float *dst, const float *a, int rows, int cols)
{
	int j = blockIdx.x * 32 + threadIdx.x % 32;
	float sum = 0;
	if (j < cols)
		for (int i = threadIdx.x / 32; i < rows; i += blockDim.x / 32)
			sum += a[(long long)i * cols + j];
	put_column(dst, cols, sum);
}

__global__ void norm_gain(float *dg, const float *x, const float *dy, const float *stats, int rows, int cols)
{
	int j = blockIdx.x * 32 + threadIdx.x % 32;
	float sum = 0;
	if (j < cols)
		for (int i = threadIdx.x / 32; i < rows; i += blockDim.x / 32)
			sum += dy[(long long)i * cols + j] * ((x[(long long)i * cols + j] - stats[2 * i]) * stats[2 * i + 1]);
	put_column(dg, cols, sum);
}

/* za [n] is Z/A of the first n columns, range its least and greatest. As op.TiltRows. */
__global__ void tilt_rows(float *p, const float *z, const double *za, const double *range, int cols, int n)
{
	p += (long long)blockIdx.x * cols;
	z += (long long)blockIdx.x * cols;
	const double inf = 1 / 0.0;
	double margin = 1e-3 * (range[1] - range[0]), ye = z[n], b = 0, low = -inf, high = inf;
	if (ye == ye)
		ye = fmin(fmax(ye, range[0] + margin), range[1] - margin);
	for (int round = 0; round < 200; round++) {
		double top = -inf, sum = 0, first = 0, second = 0;
		for (int j = threadIdx.x; j < n; j += blockDim.x)
			top = fmax(top, z[j] + b * za[j]);
		top = max_block(top);
		for (int j = threadIdx.x; j < n; j += blockDim.x) {
			double w = exp(z[j] + b * za[j] - top);
			sum += w;
			first += w * za[j];
			second += w * za[j] * za[j];
		}
		sum = sum_block(sum);
		double mean = sum_block(first) / sum, variance = fmax(sum_block(second) / sum - mean * mean, 0.0);
		double off = mean - ye, next;
		if (off != off) {
			b = off;
			break;
		}
		if (off == 0)
			break;
		if (off > 0)
			high = b;
		else
			low = b;
		next = b - off / variance;
		if (fabs(next - b) <= 4e-16 * fabs(b)) {
			b = next;
			break;
		}
		next = fmin(fmax(next, b - 200), b + 200);
		if (!(next > low && next < high))
			next = (low + high) / 2;
		b = next;
	}
	double top = -inf, sum = 0;
	for (int j = threadIdx.x; j < n; j += blockDim.x)
		top = fmax(top, z[j] + b * za[j]);
	top = max_block(top);
	for (int j = threadIdx.x; j < n; j += blockDim.x)
		sum += exp(z[j] + b * za[j] - top);
	double shift = top + log(sum_block(sum));
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		p[j] = j < n ? (float)(z[j] + b * za[j] - shift) : z[j];
}

__global__ void tilt_rows_grad(float *dz, const float *p, const float *dp, const double *za, int cols, int n)
{
	dz += (long long)blockIdx.x * cols;
	p += (long long)blockIdx.x * cols;
	dp += (long long)blockIdx.x * cols;
	double ye = 0, sum = 0, along = 0, variance = 0;
	for (int j = threadIdx.x; j < n; j += blockDim.x)
		ye += exp((double)p[j]) * za[j];
	ye = sum_block(ye);
	for (int j = threadIdx.x; j < n; j += blockDim.x) {
		double d = za[j] - ye;
		sum += dp[j];
		along += dp[j] * d;
		variance += exp((double)p[j]) * d * d;
	}
	sum = sum_block(sum);
	along = sum_block(along);
	double s = along / fmax(sum_block(variance), 4.9406564584124654e-324);
	for (int j = threadIdx.x; j < cols; j += blockDim.x) {
		if (j < n)
			dz[j] = (float)(dp[j] - exp((double)p[j]) * (sum + s * (za[j] - ye)));
		else
			dz[j] = j == n ? dp[j] + (float)s : dp[j];
	}
}

/* weight [cols] is what |p - t| counts in each column; a column without weight is not looked at. */
__global__ void abs_rows(double *partial, const float *p, const float *t, const double *weight, int cols)
{
	p += (long long)blockIdx.x * cols;
	t += (long long)blockIdx.x * cols;
	double sum = 0;
	for (int j = threadIdx.x; j < cols; j += blockDim.x)
		if (weight[j] != 0)
			sum += weight[j] * fabsf(p[j] - t[j]);
	sum = sum_block(sum);
	if (threadIdx.x == 0)
		partial[blockIdx.x] = sum;
}

__global__ void abs_grad(float *dp, const float *p, const float *t, const double *weight, const float *up, int n, int cols)
{
	int i = ELEMENT;
	if (i >= n)
		return;
	float g = up[0] * (float)weight[i % cols], d = p[i] - t[i], r = 0;
	if (g != 0)
		r = d > 0 ? g : d < 0 ? -g : d; /* 0 or NaN */
	dp[i] = r;
}

static __device__ float logistic(float z) { return 1 / (1 + expf(-z)); }

static __device__ double sign_of(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

/* Changes are kept finite, as in package op. */
#define MAX_SINH 40

/* As op.BlendRows; unit points to the unit. */
__global__ void blend_rows(float *out, const float *h, const float *base, const double *unit, int n, int at, int cols)
{
	int k = cols - 2 * n;
	out += (long long)blockIdx.x * (n + k + 1);
	h += (long long)blockIdx.x * cols;
	base += (long long)blockIdx.x * (2 * n + 1);
	for (int j = threadIdx.x; j < n + k; j += blockDim.x) {
		if (j >= n) {
			out[j] = h[n + j];
			continue;
		}
		float v = base[j] + logistic(h[j]) * (base[n + j] - base[j] + h[n + j]);
		if (j == at) {
			out[n + k] = v;
			v = base[2 * n] + (float)(unit[0] * sinh(fmin(fmax((double)v, -MAX_SINH), MAX_SINH)));
		}
		out[j] = v;
	}
}

/* As op.BlendRowsGrad. */
__global__ void blend_rows_grad(float *dh, const float *h, const float *base, const float *dout, const double *unit, int n, int at, int cols)
{
	int k = cols - 2 * n;
	dh += (long long)blockIdx.x * cols;
	h += (long long)blockIdx.x * cols;
	base += (long long)blockIdx.x * (2 * n + 1);
	dout += (long long)blockIdx.x * (n + k + 1);
	for (int j = threadIdx.x; j < n + k; j += blockDim.x) {
		if (j >= n) {
			dh[n + j] = dout[j];
			continue;
		}
		float s = logistic(h[j]), d = dout[j], way = base[n + j] - base[j] + h[n + j];
		if (j == at) {
			double z = base[j] + s * way, slope = fabs(z) <= MAX_SINH ? unit[0] * cosh(z) : 0;
			d = d * (float)slope + dout[n + k];
		}
		dh[j] = d * s * (1 - s) * way;
		dh[n + j] = d * s;
	}
}

/* The weights of a burn's loss, in the order of op.BurnWeights. */
enum { W_LNX, W_X, W_YE, W_CHANGE, W_Q, W_NEUTRINO, W_ERROR };

/* burn_sums compares the nuclides of a row with the truth. */
static __device__ void burn_sums(const float *p, const float *t, const double *per_x, int n, double *ln_x, double *x, double *q)
{
	double sum[3] = {0, 0, 0};
	for (int j = threadIdx.x; j < n; j += blockDim.x) {
		double off = (double)expf(p[j]) - (double)expf(t[j]);
		sum[0] += fabsf(p[j] - t[j]);
		sum[1] += fabs(off);
		sum[2] += per_x[j] * off;
	}
	*ln_x = sum_block(sum[0]) / n;
	*x = sum_block(sum[1]);
	*q = sum_block(sum[2]);
}

/* As a row of op.BurnSum, over the number of rows. */
__global__ void burn_rows(double *partial, const float *p, const float *t, const double *per_x, const double *w, int n)
{
	double ln_x, x, q;
	p += (long long)blockIdx.x * (n + 5);
	t += (long long)blockIdx.x * (n + 8);
	burn_sums(p, t, per_x, n, &ln_x, &x, &q);
	if (threadIdx.x == 0)
		partial[blockIdx.x] = (w[W_LNX] * t[n + 4] * ln_x + w[W_X] * t[n + 5] * x + w[W_YE] * t[n + 6] * fabs((double)p[n] - t[n]) +
			w[W_CHANGE] * fabs((double)p[n + 4] - t[n + 3]) + w[W_Q] * t[n + 7] * fabs(q) +
			w[W_NEUTRINO] * (fabs((double)p[n + 1] - t[n + 1]) + fabs((double)p[n + 2] - t[n + 2])) +
			w[W_ERROR] * fabs(p[n + 3] - log(x / n + 1e-9))) / gridDim.x;
}

/* As op.BurnSumGrad. */
__global__ void burn_grad(float *dp, const float *p, const float *t, const double *per_x, const double *w, const float *up, int n)
{
	double ln_x, x, q, f = (double)up[0] / gridDim.x;
	dp += (long long)blockIdx.x * (n + 5);
	p += (long long)blockIdx.x * (n + 5);
	t += (long long)blockIdx.x * (n + 8);
	burn_sums(p, t, per_x, n, &ln_x, &x, &q);
	double slope = f * w[W_LNX] * t[n + 4] / n, energy = w[W_Q] * t[n + 7] * sign_of(q);
	for (int j = threadIdx.x; j < n; j += blockDim.x) {
		double e = expf(p[j]), off = e - (double)expf(t[j]);
		dp[j] = (float)(slope * sign_of(p[j] - t[j]) + f * e * (w[W_X] * t[n + 5] * sign_of(off) + energy * per_x[j]));
	}
	if (threadIdx.x == 0) {
		dp[n] = (float)(f * w[W_YE] * t[n + 6] * sign_of((double)p[n] - t[n]));
		dp[n + 1] = (float)(f * w[W_NEUTRINO] * sign_of((double)p[n + 1] - t[n + 1]));
		dp[n + 2] = (float)(f * w[W_NEUTRINO] * sign_of((double)p[n + 2] - t[n + 2]));
		dp[n + 3] = (float)(f * w[W_ERROR] * sign_of(p[n + 3] - log(x / n + 1e-9)));
		dp[n + 4] = (float)(f * w[W_CHANGE] * sign_of((double)p[n + 4] - t[n + 3]));
	}
}

/* sum is launched with one block. */
__global__ void sum(float *out, const double *partial, int n)
{
	double s = 0;
	for (int i = threadIdx.x; i < n; i += blockDim.x)
		s += partial[i];
	s = sum_block(s);
	if (threadIdx.x == 0)
		out[0] = (float)s;
}

/* narrow rounds to bfloat16, to nearest, ties to even. */
__global__ void narrow(unsigned short *dst, const unsigned int *src, int n)
{
	int i = ELEMENT;
	if (i >= n)
		return;
	unsigned int u = src[i];
	if ((u & 0x7fffffffu) > 0x7f800000u)
		u |= 0x00400000u; /* NaN stays NaN */
	else
		u += 0x7fffu + (u >> 16 & 1);
	dst[i] = (unsigned short)(u >> 16);
}

/* gather copies the chosen rows of a data set. */
__global__ void gather(float *dst, const float *src, const int *rows, int n, int cols)
{
	int i = ELEMENT;
	if (i < n)
		dst[i] = src[(long long)rows[i / cols] * cols + i % cols];
}

/* A piece of a parameter with its gradient, moments and average; a may be 0. */
struct piece {
	float *w, *g, *m, *v, *a;
	long long n;
};

/* squares sums the squares of each piece's gradient. */
__global__ void squares(double *partial, const struct piece *pieces)
{
	struct piece q = pieces[blockIdx.x];
	double s = 0;
	for (int i = threadIdx.x; i < q.n; i += blockDim.x)
		s += (double)q.g[i] * q.g[i];
	s = sum_block(s);
	if (threadIdx.x == 0)
		partial[blockIdx.x] = s;
}

/* judge finds what the gradients are multiplied with, verdict[0], from the sums
 * of their squares (n of them, 0 if they are not limited), and whether the loss,
 * if it is given, has ever not been a number, verdict[1]. One block. */
__global__ void judge(float *verdict, const double *partial, const float *c, const float *loss, int n)
{
	double s = 0;
	for (int i = threadIdx.x; i < n; i += blockDim.x)
		s += partial[i];
	s = sum_block(s);
	if (threadIdx.x == 0) {
		double norm = sqrt(s) * c[UNSCALE];
		verdict[0] = n > 0 && norm > c[CLIP] ? (float)(c[UNSCALE] * (c[CLIP] / norm)) : c[UNSCALE];
		if (loss && !(loss[0] - loss[0] == 0))
			verdict[1] = 1;
	}
}

/* adam moves each piece; nothing moves any more once a loss was not a number. */
__global__ void adam(const struct piece *pieces, const float *c, const float *verdict)
{
	struct piece q = pieces[blockIdx.x];
	float scale = verdict[0], beta1 = c[BETA1], beta2 = c[BETA2], step = c[STEP], root = c[ROOT];
	float epsilon = c[EPSILON], keep = c[KEEP], past = c[PAST];
	if (verdict[1] != 0)
		return;
	for (int i = threadIdx.x; i < q.n; i += blockDim.x) {
		float g = q.g[i] * scale;
		float m = beta1 * q.m[i] + (1 - beta1) * g;
		float v = beta2 * q.v[i] + (1 - beta2) * g * g;
		float w = q.w[i] * keep - step * m / (sqrtf(v) * root + epsilon);
		q.m[i] = m;
		q.v[i] = v;
		q.w[i] = w;
		if (q.a)
			q.a[i] = w + past * (q.a[i] - w);
	}
}

/* record keeps a step's value in the place that the control block names. */
__global__ void record(float *ring, const float *value, const float *c)
{
	if (threadIdx.x == 0)
		ring[(int)c[SLOT]] = value[0];
}

#ifdef __cplusplus
}
#endif
